import { MillraceError } from '../../../domain/errors.ts'

/** When a test that was not named itself comes along with what it looks at. */
export const indirectSelections = ['eager', 'cautious', 'buildable', 'empty'] as const
export type IndirectSelection = (typeof indirectSelections)[number]

/** dbt's methods of selection; `selector` names a selection of selectors.yml. */
export const selectorMethods = [
  'fqn',
  'tag',
  'group',
  'access',
  'source',
  'path',
  'file',
  'package',
  'config',
  'test_name',
  'test_type',
  'resource_type',
  'state',
  'exposure',
  'metric',
  'result',
  'source_status',
  'version',
  'semantic_model',
  'saved_query',
  'unit_test',
  'selector',
] as const
export type SelectorMethod = (typeof selectorMethods)[number]

/** One thing asked for: a method, its value, and how far along the graph it reaches. */
export interface Criterion {
  readonly kind: 'criterion'
  readonly raw: string
  readonly method: SelectorMethod
  /** What stands behind the method's name: `config.materialized` has `materialized`. */
  readonly keys: readonly string[]
  /** Text, except where YAML gives a number or a truth value. */
  readonly value: unknown
  /** `@`: with all descendants and everything that those need. */
  readonly childrensParents: boolean
  /** Steps upwards; undefined for none, Infinity for all. */
  readonly parents: number | undefined
  readonly children: number | undefined
  readonly indirect: IndirectSelection
}

/** Selections put together. A difference takes its second part away from its first. */
export interface Combination {
  readonly kind: 'union' | 'intersection' | 'difference'
  readonly parts: readonly Selection[]
  readonly indirect: IndirectSelection
  /** What was written, where choosing nothing deserves a warning. */
  readonly expected?: string
}

export type Selection = Criterion | Combination

const EXPRESSION =
  /^(?<both>@)?(?<parents>(?<parentsDepth>\d*)\+)?(?:(?<method>[\w.]+):)?(?<value>.*?)(?<children>\+(?<childrenDepth>\d*))?$/s
const EVERYTHING = ['fqn:*', 'source:*', 'exposure:*', 'metric:*', 'semantic_model:*']

/** `--select` and `--exclude` as dbt reads them: spaces unite, commas intersect, nothing selected is everything. */
export function selectionOf(
  select: readonly string[],
  exclude: readonly string[],
  indirect: IndirectSelection,
): Selection {
  const included = select.length === 0 ? united(EVERYTHING, indirect, false) : united(select, indirect, true)
  const excluded = united(exclude, indirect, true)
  return { kind: 'difference', parts: [included, excluded], indirect: 'eager' }
}

function united(expressions: readonly string[], indirect: IndirectSelection, isExpected: boolean): Combination {
  const words = expressions.flatMap((expression) => expression.split(/\s+/)).filter((word) => word !== '')
  const parts = words.map((word): Combination => ({
    kind: 'intersection',
    parts: word.split(',').map((part) => criterionOf(part, indirect)),
    indirect,
    ...(isExpected ? { expected: word } : {}),
  }))
  return { kind: 'union', parts, indirect }
}

/** One word such as `2+tag:nightly` or `@orders`. Throws TRANSFORM_SELECTOR_UNKNOWN and TRANSFORM_SELECTOR_VALUE. */
export function criterionOf(raw: string, indirect: IndirectSelection): Criterion {
  const groups: Readonly<Record<string, string | undefined>> = EXPRESSION.exec(raw)?.groups ?? {}
  const value = groups['value'] ?? ''
  const depth = (text: string | undefined): number => (text === undefined || text === '' ? Infinity : Number(text))
  return checked({
    kind: 'criterion',
    raw,
    ...methodOf(groups['method'] ?? implicitMethod(value), raw),
    value,
    childrensParents: groups['both'] !== undefined,
    parents: groups['parents'] === undefined ? undefined : depth(groups['parentsDepth']),
    children: groups['children'] === undefined ? undefined : depth(groups['childrenDepth']),
    indirect,
  })
}

/** `@` already takes the children: with a `+` behind, dbt does not know what is meant. */
export function checked(criterion: Criterion): Criterion {
  if (criterion.childrensParents && criterion.children !== undefined)
    throw new MillraceError('TRANSFORM_SELECTOR_VALUE', {
      method: criterion.method,
      value: criterion.raw,
      expected: 'either @ before it or + behind it',
    })
  return criterion
}

export function methodOf(
  text: string,
  expression: string,
): { readonly method: SelectorMethod; readonly keys: readonly string[] } {
  const [name = '', ...keys] = text.split('.')
  const method = selectorMethods.find((known) => known === name)
  if (method === undefined)
    throw new MillraceError('TRANSFORM_SELECTOR_UNKNOWN', {
      method: name,
      expression,
      known: selectorMethods.join(', '),
    })
  return { method, keys }
}

/** Without a method dbt looks at the shape: a slash means a path, an ending a file, anything else a name. */
function implicitMethod(value: string): SelectorMethod {
  if (value.includes('/')) return 'path'
  return /\.(sql|py|csv)$/i.test(value) ? 'file' : 'fqn'
}
