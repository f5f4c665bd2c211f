import type { Statement } from '../jinja/ast.ts'
import { COLUMNS_PER_LINE } from '../jinja/failure.ts'
import { isAdapterMethod } from '../adapter/parse-adapter.ts'
import { MillraceError } from '../../../domain/errors.ts'
import { refuse, unsupportedFeature } from '../features.ts'

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

/**
 * Looks through a template for constructs that the native runner does not do and refuses the first, before anything runs.
 * A name that the template itself sets, or takes as a parameter, or that a macro of the project has, is not dbt's.
 */
export function scan(statements: readonly Statement[], file: string, isMacro: (name: string) => boolean): void {
  const own = new Set<string>()
  walk(statements, (node) => collectNames(node, own))
  walk(statements, (node) => {
    const place = { file, ...placeOf(node.at) }
    if (node.kind === 'macro' && typeof node.tag === 'string') refuse('block', node.tag, place)
    if (node.kind === 'name' && typeof node.name === 'string' && !own.has(node.name) && !isMacro(node.name))
      refuse('name', node.name, place)
    if (node.kind === 'attribute' && typeof node.name === 'string' && isNameOf(node.object, 'adapter'))
      checkMethod(node.name, place)
    if (node.kind === 'attribute' && typeof node.name === 'string' && isNameOf(node.object, 'modules'))
      refuse('module', node.name, place)
  })
}

function checkMethod(name: string, place: { file: string; line: number; column: number }): void {
  if (isAdapterMethod(name)) return
  throw new MillraceError('TRANSFORM_FEATURE_UNSUPPORTED', {
    ...place,
    feature: unsupportedFeature('adapter method', name) ?? `adapter.${name}`,
    construct: `adapter method ${name}`,
  })
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
