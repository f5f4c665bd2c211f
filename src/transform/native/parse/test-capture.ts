import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import type { Captured } from './captured.ts'
import { namedIn } from './described.ts'
import type { MacroRegistry } from './macro-registry.ts'
import { INTERNAL_PACKAGE } from './macro-registry.ts'
import type { MacroEntry, NodeConfig, NodeVersion } from './nodes.ts'
import { argumentTemplate } from './test-builder.ts'

export interface TestCall {
  readonly macro: MacroEntry
  /** `ref('orders')` or `source('raw', 'orders')`: what the test looks at. */
  readonly subject: string
  /** Of a model with versions the one that is looked at, of the type that its schema file gives it. */
  readonly version: NodeVersion | null
  readonly arguments: Mapping
  readonly config: NodeConfig
}

/** dbt itself does not render these two to learn what they look at. */
const SHORT: ReadonlySet<string> = new Set(['macro.dbt.test_unique', 'macro.dbt.test_not_null'])

/**
 * What one of dbt's own generic tests refers to, without rendering it: their macros refer to nothing but their arguments. Null where a
 * test, or what it calls, belongs to the project, or where an argument is more than `ref` or `source`.
 */
export function testCapture(test: TestCall, macros: MacroRegistry, packageName: string): Captured | null {
  const { macro, config } = test
  const isShort = SHORT.has(macro.uniqueId)
  if (!isShort && !isOwn(macro, macros, packageName)) return null
  const given = isShort ? [] : Object.entries(test.arguments).map(([key, value]) => namedBy(key, value))
  if (given.includes(null)) return null
  const named = [...given, namedIn(test.subject)].filter((one) => one !== null)
  return {
    // On the short way dbt takes the version as the schema file writes it; a rendered test names it as text.
    refs: named.flatMap(({ ref }) => (ref === undefined ? [] : isShort ? { ...ref, version: test.version } : ref)),
    sources: named.flatMap(({ source }) => (source ? [source] : [])),
    config,
    written: config,
    metrics: [],
    macros: isShort ? [macro.uniqueId] : [macro.uniqueId, `macro.${INTERNAL_PACKAGE}.get_where_subquery`],
  }
}

function isOwn(macro: MacroEntry, macros: MacroRegistry, packageName: string): boolean {
  if (macro.packageName !== INTERNAL_PACKAGE) return false
  const dispatched = [macro.name, 'get_where_subquery'].map((one) =>
    macros.dispatch(one, INTERNAL_PACKAGE, packageName),
  )
  const called = macros.find('get_where_subquery', packageName)
  const overridden = ['ref', 'source', 'config'].some((one) => macros.find(one, packageName) !== undefined)
  return !overridden && [called, ...dispatched].every((one) => one?.packageName === INTERNAL_PACKAGE)
}

/** What an argument names: nothing when it is no template; null when only rendering it can tell. */
function namedBy(key: string, value: unknown): ReturnType<typeof namedIn> | null {
  if (typeof value !== 'string') return isMapping(value) || hasTemplate(value) ? null : {}
  if (argumentTemplate(key, value) === null) return {}
  const named = namedIn(value)
  return named.ref === undefined && named.source === undefined ? null : named
}

function hasTemplate(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.some((item) => typeof item !== 'number' && argumentTemplate('', String(item)) !== null)
  )
}
