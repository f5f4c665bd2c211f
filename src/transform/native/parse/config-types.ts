import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import { YamlFile } from '../project/yaml-file.ts'
import { docs } from './entry-shapes.ts'
import type { NodeKind, NodeParts } from './node-maker.ts'
import {
  either,
  keyed,
  leaf,
  listOf,
  mapping,
  oneOf,
  orNull,
  text,
  valuesOf,
  whole,
  yesNo,
} from '../project/value-shape.ts'
import type { Shape } from '../project/value-shape.ts'

const isText = (value: unknown): value is string => typeof value === 'string'
const texts = leaf('text or a list of texts', (value) => isText(value) || (Array.isArray(value) && value.every(isText)))
const severity = leaf('one of warn, error', (value) => isText(value) && /^(?:warn|error)$/i.test(value))
const statement = either(text, keyed({ needs: { sql: text } }))
const hooks = leaf(
  'SQL, a mapping with sql, or a list of these',
  (value) => value === null || statement(value) === undefined || listOf(statement)(value) === undefined,
)

/** What dbt's own schema of a node's configuration says of each key; keys of one's own may be anything. */
const types: ReadonlyMap<string, Shape> = new Map<string, Shape>([
  ['enabled', yesNo],
  ...['full_refresh', 'quote_columns', 'store_failures'].map((key) => [key, orNull(yesNo)] as const),
  ...['materialized', 'delimiter', 'fail_calc', 'warn_if', 'error_if'].map((key) => [key, text] as const),
  ...['alias', 'schema', 'database', 'group', 'incremental_strategy', 'on_schema_change', 'store_failures_as', 'where']
    .concat('strategy', 'target_schema', 'target_database', 'updated_at', 'dbt_valid_to_current', 'static_analysis')
    .map((key) => [key, orNull(text)] as const),
  ['limit', orNull(whole)],
  ['unique_key', orNull(texts)],
  ['check_cols', orNull(texts)],
  ['tags', texts],
  ['packages', texts],
  ...['meta', 'persist_docs', 'column_types', 'quoting', 'grants'].map((key) => [key, mapping] as const),
  ['docs', docs],
  ['contract', keyed({ takes: { enforced: yesNo, alias_types: yesNo }, isClosed: true })],
  ['snapshot_meta_column_names', valuesOf(orNull(text))],
  ...['pre-hook', 'post-hook', 'pre_hook', 'post_hook'].map((key) => [key, hooks] as const),
  ['severity', severity],
  ['on_configuration_change', oneOf('apply', 'continue', 'fail')],
])

/** The levels of a node's configuration: what stands above all of them is the root project's, where the node is of a package. */
export interface WrittenLevels {
  readonly own: readonly Mapping[]
  readonly patch: Mapping
  readonly call: Mapping
  readonly above: readonly Mapping[]
}

/**
 * Holds every level of a node's configuration against dbt's own types. Throws TRANSFORM_CONFIG_TYPE, with its place, for the first key
 * whose value is of another one, and TRANSFORM_RAISED for a snapshot that says too little.
 */
export function checkConfig(
  { resourceType }: Pick<NodeKind, 'resourceType'>,
  { name, file, patch }: Pick<NodeParts, 'name' | 'file' | 'patch'>,
  config: Mapping,
  levels: WrittenLevels,
  folders: { readonly own: string; readonly root: string },
): void {
  for (const level of levels.own) checkLevel(name, level, folders.own, 'dbt_project.yml')
  checkLevel(name, levels.patch, folders.own, patch?.file ?? file)
  checkLevel(name, levels.call, folders.own, file)
  for (const level of levels.above) checkLevel(name, level, folders.root, 'dbt_project.yml')
  if (resourceType === 'snapshot' && config['enabled'] !== false) checkSnapshot(config, file)
}

function checkLevel(node: string, level: Mapping, folder: string, file: string): void {
  for (const [key, value] of Object.entries(level)) {
    const fault = value === undefined ? undefined : types.get(key)?.(value)
    if (fault === undefined) continue
    const place = placeOf(join(folder, file), node, key)
    const expected = fault.expected ?? 'without keys that dbt does not have'
    throw new MillraceError('TRANSFORM_CONFIG_TYPE', {
      file,
      ...place,
      node,
      key: [key, ...fault.path].join('.'),
      expected,
    })
  }
}

/** In dbt's words, for a snapshot that says too little of how it tells rows apart. */
function checkSnapshot(
  { strategy, unique_key: key, check_cols: columns, updated_at: at, materialized }: Mapping,
  file: string,
): void {
  const refuse = (message: string): never => {
    throw new MillraceError('TRANSFORM_RAISED', { message, file })
  }
  if (materialized !== 'snapshot') refuse("A snapshot must have a materialized value of 'snapshot'")
  if (!strategy || !key) refuse("Snapshots must be configured with a 'strategy' and 'unique_key'.")
  if (strategy === 'check' && !columns)
    refuse('A snapshot configured with the check strategy must specify a check_cols configuration.')
  if (strategy === 'check' && isText(columns) && columns !== 'all')
    refuse(`Invalid value for 'check_cols': ${columns}. Expected 'all' or a list of strings.`)
  if (strategy === 'timestamp' && !at)
    refuse('A snapshot configured with the timestamp strategy must specify an updated_at configuration.')
  if (strategy === 'timestamp' && columns) refuse("A 'timestamp' snapshot should not have 'check_cols'")
}

interface Place {
  readonly line?: number
  readonly column?: number
}

/** Of a schema file the key of the entry; of other files the first place where the key is given a value. */
export function placeOf(path: string, node: string, key: string): Place {
  const source = readFileSync(path, 'utf8')
  if (/\.ya?ml$/.test(path) && !path.endsWith('dbt_project.yml')) return inSchemaFile(source, path, node, key)
  const at = source.search(new RegExp(String.raw`(?<=[\s+({,'"])${key.replaceAll('-', '[-_]')}['"]?\s*[:=]`))
  if (at < 0) return {}
  const before = source.slice(0, at).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

function inSchemaFile(source: string, path: string, node: string, key: string): Place {
  const file = YamlFile.parse(source, path)
  for (const [kind, list] of Object.entries(isMapping(file.value) ? file.value : {})) {
    if (!Array.isArray(list)) continue
    const index = list.findIndex((entry) => isMapping(entry) && entry['name'] === node)
    const entry: unknown = list[index]
    if (!isMapping(entry)) continue
    const { config } = entry
    return file.position(isMapping(config) && key in config ? [kind, index, 'config', key] : [kind, index, key])
  }
  return {}
}
