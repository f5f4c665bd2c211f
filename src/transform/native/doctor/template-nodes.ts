import type { Statement } from '../jinja/ast.ts'
import { COLUMNS_PER_LINE } from '../jinja/failure.ts'

/** A filter or test by its name, or one key of a `config(…)` call with its constant value. */
export interface TemplateNode {
  readonly kind: 'filter' | 'test' | 'config'
  readonly name: string
  readonly line: number
  readonly column: number
  /** Of a configuration that is a constant; true when it is something else. */
  readonly value?: unknown
}

interface Visited {
  readonly kind?: unknown
  readonly name?: unknown
  readonly callee?: unknown
  readonly keyword?: unknown
  readonly at?: unknown
  readonly value?: unknown
}

/** Every filter, test and configuration of a template. */
export function templateNodes(value: unknown, found: TemplateNode[] = []): readonly TemplateNode[] {
  if (Array.isArray(value)) for (const item of value as readonly Statement[]) templateNodes(item, found)
  else if (typeof value === 'object' && value !== null) {
    found.push(...nodesOf(value))
    for (const item of Object.values(value) as unknown[]) if (typeof item === 'object') templateNodes(item, found)
  }
  return found
}

function nodesOf({ kind, name, callee, keyword, at }: Visited): TemplateNode[] {
  const packed = typeof at === 'number' ? at : COLUMNS_PER_LINE
  const place = { line: Math.floor(packed / COLUMNS_PER_LINE), column: packed % COLUMNS_PER_LINE }
  if ((kind === 'filter' || kind === 'test') && typeof name === 'string') return [{ kind, name, ...place }]
  if (kind !== 'call' || !isConfig(callee) || !Array.isArray(keyword)) return []
  return (keyword as readonly (readonly [string, Visited])[]).map(([key, given]) => ({
    kind: 'config',
    name: key,
    value: given.kind === 'constant' ? given.value : true,
    ...place,
  }))
}

function isConfig(callee: unknown): boolean {
  const { kind, name } = (callee ?? {}) as Visited
  return kind === 'name' && name === 'config'
}
