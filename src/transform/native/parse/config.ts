import type { Mapping } from '../project/shape.ts'
import { isMapping } from '../project/shape.ts'
import type { NodeConfig } from './nodes.ts'

/** dbt's defaults, in dbt's order, so that the manifest reads the same. */
export function modelDefaults(): NodeConfig {
  return {
    enabled: true,
    alias: null,
    schema: null,
    database: null,
    tags: [],
    meta: {},
    group: null,
    static_analysis: null,
    materialized: 'view',
    incremental_strategy: null,
    batch_size: null,
    lookback: 1,
    begin: null,
    persist_docs: {},
    'post-hook': [],
    'pre-hook': [],
    quoting: {},
    column_types: {},
    full_refresh: null,
    unique_key: null,
    on_schema_change: 'ignore',
    on_configuration_change: 'apply',
    grants: {},
    packages: [],
    docs: { show: true, node_color: null },
    contract: { enforced: false, alias_types: true },
    event_time: null,
    concurrent_batches: null,
    access: 'protected',
    freshness: null,
  }
}

/** Of what is compiled and is no model: analyses and hooks of the project. */
export function codeDefaults(): NodeConfig {
  const { access: _access, freshness: _freshness, ...rest } = modelDefaults()
  return rest
}

export function testDefaults(): NodeConfig {
  return {
    enabled: true,
    alias: null,
    schema: 'dbt_test__audit',
    database: null,
    tags: [],
    meta: {},
    group: null,
    static_analysis: null,
    materialized: 'test',
    severity: 'ERROR',
    store_failures: null,
    store_failures_as: null,
    where: null,
    limit: null,
    fail_calc: 'count(*)',
    warn_if: '!= 0',
    error_if: '!= 0',
  }
}

export function seedDefaults(): NodeConfig {
  const { materialized: _view, ...rest } = codeDefaults()
  return { ...rest, materialized: 'seed', delimiter: ',', quote_columns: null }
}

export function snapshotDefaults(): NodeConfig {
  const { materialized: _view, unique_key: _key, ...rest } = codeDefaults()
  return {
    ...rest,
    materialized: 'snapshot',
    unique_key: null,
    strategy: null,
    target_schema: null,
    target_database: null,
    updated_at: null,
    check_cols: null,
    snapshot_meta_column_names: {
      dbt_valid_to: null,
      dbt_valid_from: null,
      dbt_scd_id: null,
      dbt_updated_at: null,
      dbt_is_deleted: null,
    },
    dbt_valid_to_current: null,
  }
}

/** Keys whose values add up over the levels instead of replacing each other. */
const ADDITIVE = new Set(['tags', 'pre-hook', 'post-hook', 'packages'])
const MERGED = new Set([
  'meta',
  'docs',
  'quoting',
  'column_types',
  'persist_docs',
  'contract',
  'snapshot_meta_column_names',
])
const RENAMED: Readonly<Record<string, string>> = { pre_hook: 'pre-hook', post_hook: 'post-hook' }

/** One level of configuration over another: tags and hooks add up, meta and its kind merge, the rest replaces. */
export function mergeConfig(base: NodeConfig, level: Mapping): NodeConfig {
  const merged: NodeConfig = { ...base }
  for (const [given, value] of Object.entries(level)) {
    const key = RENAMED[given] ?? given
    if (ADDITIVE.has(key)) merged[key] = added(key, merged[key], value)
    else if (key.replace(/^\+/, '') === 'grants')
      merged['grants'] = mergedGrants(asMapping(merged['grants']), asMapping(value))
    else if (MERGED.has(key)) merged[key] = { ...asMapping(merged[key]), ...asMapping(value) }
    else merged[key] = value
  }
  return merged
}

/** One level of configuration as it is written over another: what stands there is replaced whole. */
export function overlaid(base: NodeConfig, level: Mapping): NodeConfig {
  const renamed = Object.entries(level).map(([given, value]) => [RENAMED[given] ?? given, value] as const)
  return { ...base, ...Object.fromEntries(renamed) }
}

/** A grant replaces the one above it; `+select` adds to it. */
function mergedGrants(held: Mapping, level: Mapping): Mapping {
  const merged: Record<string, unknown> = { ...held }
  for (const [given, value] of Object.entries(level)) {
    const key = given.replace(/^\+/, '')
    merged[key] = given.startsWith('+') ? [...asList(merged[key]), ...asList(value)] : asList(value)
  }
  return merged
}

function added(key: string, held: unknown, more: unknown): unknown[] {
  const before = asList(held)
  const after = key.endsWith('hook') ? asList(more).map(hook) : asList(more)
  return key === 'tags' ? [...new Set([...before, ...after])] : [...before, ...after]
}

export interface Hook {
  readonly sql: string
  readonly transaction: boolean
  readonly index: number | null
}

function hook(value: unknown): Hook {
  const given = typeof value === 'string' && /^\s*\{\s*"/.test(value) ? jsonHook(value) : value
  if (isMapping(given)) return { sql: hookText(given['sql']), transaction: given['transaction'] !== false, index: null }
  return { sql: hookText(given), transaction: true, index: null }
}

/** `before_begin` and `after_commit` write their hook as JSON; SQL that merely looks so stays SQL. */
function jsonHook(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

/** What is not text is no SQL; it becomes nothing to run. */
function hookText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function asList(value: unknown): unknown[] {
  if (value === undefined || value === null) return []
  return Array.isArray(value) ? value : [value]
}

function asMapping(value: unknown): Mapping {
  return isMapping(value) ? value : {}
}

/**
 * The levels of dbt_project.yml that apply to a node, the most general first. A key with `+` is configuration; without it, it is a folder
 * when the node's path goes through it, and configuration otherwise.
 */
export function projectLevels(tree: Mapping, fqn: readonly string[]): readonly Mapping[] {
  const levels: Mapping[] = []
  let level: unknown = tree
  for (const name of [null, ...fqn]) {
    if (name !== null) level = isMapping(level) ? level[name] : undefined
    if (!isMapping(level)) break
    levels.push(ownKeys(level))
  }
  return levels
}

function ownKeys(level: Mapping): Mapping {
  const own = Object.entries(level).filter(([key, value]) => key.startsWith('+') || !isMapping(value))
  return Object.fromEntries(own.map(([key, value]) => [key.replace(/^\+/, ''), value]))
}

const KEPT: Readonly<Record<string, boolean>> = { ephemeral: false, table: true, view: true }

/** Of a test, how and whether its rows are kept say the same: `store_failures_as` decides where it is set. */
export function withStoredAs(config: NodeConfig): NodeConfig {
  const { store_failures: kept, store_failures_as: as } = config
  if (typeof as === 'string') return { ...config, store_failures: KEPT[as] ?? true }
  return { ...config, store_failures_as: kept === true ? 'table' : kept === false ? 'ephemeral' : null }
}
