import type { Statement } from '../jinja/ast.ts'
import { COLUMNS_PER_LINE } from '../jinja/failure.ts'
import { isAdapterMethod } from '../adapter/parse-adapter.ts'
import { MillraceError } from '../../../domain/errors.ts'
import type { FeatureKind } from '../feature-registry.ts'
import { unsupportedFeature } from '../features.ts'

interface Visited {
  readonly kind?: unknown
  readonly name?: unknown
  readonly object?: unknown
  readonly at?: unknown
  readonly tag?: unknown
  readonly target?: unknown
  readonly targets?: unknown
  readonly parameters?: unknown
}

/** A construct of a template that the native runner does not do. */
export interface Unsupported {
  readonly place: { readonly file: string; readonly line: number; readonly column: number }
  readonly feature: string
  readonly construct: string
}

/** Looks through a template for constructs that the native runner does not do and refuses the first, before anything runs. */
export function scan(statements: readonly Statement[], file: string, isMacro: (name: string) => boolean): void {
  const [first] = unsupportedIn(statements, file, isMacro)
  if (first === undefined) return
  const { place, feature, construct } = first
  throw new MillraceError('TRANSFORM_FEATURE_UNSUPPORTED', { ...place, feature, construct })
}

/**
 * Every construct of a template that the native runner does not do. A name that the template itself sets, or takes as a parameter, or that
 * a macro of the project has, is not dbt's.
 */
export function unsupportedIn(
  statements: readonly Statement[],
  file: string,
  isMacro: (name: string) => boolean,
): Unsupported[] {
  const own = new Set<string>()
  walk(statements, (node) => collectNames(node, own))
  const found: Unsupported[] = []
  walk(statements, (node) => {
    const named = constructOf(node, (name) => own.has(name) || isMacro(name))
    if (named !== undefined) found.push({ place: { file, ...placeOf(node.at) }, ...named })
  })
  return found
}

function constructOf(
  { kind, tag, name, object }: Visited,
  isOwn: (name: string) => boolean,
): Pick<Unsupported, 'feature' | 'construct'> | undefined {
  if (kind === 'macro' && typeof tag === 'string') return refusedBy('block', tag)
  if (typeof name !== 'string') return undefined
  if (kind === 'name') return isOwn(name) ? undefined : refusedBy('name', name)
  if (kind !== 'attribute') return undefined
  if (isNameOf(object, 'modules')) return refusedBy('module', name)
  if (!isNameOf(object, 'adapter') || isAdapterMethod(name)) return undefined
  return {
    feature: unsupportedFeature('adapter method', name) ?? `adapter.${name}`,
    construct: `adapter method ${name}`,
  }
}

function refusedBy(kind: FeatureKind, name: string): Pick<Unsupported, 'feature' | 'construct'> | undefined {
  const feature = unsupportedFeature(kind, name)
  return feature === undefined ? undefined : { feature, construct: `${kind} ${name}` }
}

function isNameOf(node: unknown, name: string): boolean {
  return (
    typeof node === 'object' && node !== null && (node as Visited).kind === 'name' && (node as Visited).name === name
  )
}

function placeOf(at: unknown): { line: number; column: number } {
  const packed = typeof at === 'number' ? at : COLUMNS_PER_LINE
  return { line: Math.floor(packed / COLUMNS_PER_LINE), column: packed % COLUMNS_PER_LINE }
}

function collectNames(node: Visited, own: Set<string>): void {
  const isBinding = node.kind === 'set' || node.kind === 'set_block' || node.kind === 'for' || node.kind === 'with'
  if (isBinding)
    walk(
      [node.target, node.targets],
      (inner) => inner.kind === 'name' && typeof inner.name === 'string' && own.add(inner.name),
    )
  if (!Array.isArray(node.parameters)) return
  for (const parameter of node.parameters as readonly Visited[])
    if (typeof parameter.name === 'string') own.add(parameter.name)
}

function walk(value: unknown, visit: (node: Visited) => unknown): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit)
  else if (typeof value === 'object' && value !== null) {
    visit(value)
    for (const item of Object.values(value)) if (typeof item === 'object') walk(item, visit)
  }
}
