import { bind } from '../jinja/arguments.ts'
import { str } from '../jinja/text.ts'
import type { Macro } from '../jinja/macro.ts'
import type { CallArguments, Value } from '../jinja/value.ts'
import { PyDict } from '../jinja/value.ts'
import { Column } from './column.ts'
import type { Table } from './table.ts'

/** What dbt-postgres can do with an incremental model, in the order in which it names them. */
export const incrementalStrategies = ['append', 'delete+insert', 'merge', 'microbatch'] as const
const BUILT_IN: ReadonlySet<string> = new Set([...incrementalStrategies, 'insert_overwrite'])

export interface ColumnReader {
  /** The columns of a relation; what a template passes, unchecked. */
  readonly columns: (relation: Value) => Promise<readonly Value[]>
  readonly macro: (name: string) => Macro
}

/** The macro that writes the statements of a strategy. A project may add its own by dbt's naming. */
export function strategyMacro(call: CallArguments, lookup: (name: string) => Value | undefined): Value {
  const { strategy = 'default' } = bind(call, ['model_context', 'strategy'], 'get_incremental_strategy_macro')
  const wanted = str(strategy)
  if (BUILT_IN.has(wanted) && !incrementalStrategies.some((known) => known === wanted))
    throw new Error(`The incremental strategy '${wanted}' is not valid for this adapter`)
  const name = `get_incremental_${wanted.replaceAll('+', '_')}_sql`
  const macro = lookup(name)
  if (macro === undefined)
    throw new Error(
      `dbt could not find an incremental strategy macro with the name "${name}" in ${str(lookup('project_name') ?? '')}`,
    )
  return macro
}

function byName(columns: readonly Value[]): Map<string, Column> {
  return new Map(columns.flatMap((column) => (column instanceof Column ? [[column.name, column]] : [])))
}

/** Widens text columns of the target that are shorter than what is to go in. */
export async function expandTypes(reader: ColumnReader, call: CallArguments): Promise<Value> {
  const { from_relation: from = null, to_relation: to = null } = bind(
    call,
    ['from_relation', 'to_relation'],
    'expand_target_column_types',
  )
  const targets = byName(await reader.columns(to))
  for (const [name, column] of byName(await reader.columns(from))) {
    const target = targets.get(name)
    if (target?.canExpandTo(column) !== true) continue
    await reader.macro('alter_column_type').call({ positional: [to, name, column.stringType], keyword: new Map() })
  }
  return ''
}

/** The columns of the first relation that the second has not. */
export async function missingColumns(reader: ColumnReader, call: CallArguments): Promise<Value> {
  const { from_relation: from = null, to_relation: to = null } = bind(
    call,
    ['from_relation', 'to_relation'],
    'get_missing_columns',
  )
  const held = byName(await reader.columns(to))
  return [...byName(await reader.columns(from))].flatMap(([name, column]) => (held.has(name) ? [] : [column]))
}

/** Grants as rows of (grantee, privilege_type) become privileges with their grantees. */
export function grantsOf(table: Table): Value {
  const [grantee, privilege] = ['grantee', 'privilege_type'].map((name) => table.columnNames.indexOf(name))
  const grants = new Map<string, Value[]>()
  for (const row of table.rows) {
    const key = str(row[privilege ?? 1] ?? '')
    grants.set(key, [...(grants.get(key) ?? []), row[grantee ?? 0] ?? ''])
  }
  return new PyDict([...grants])
}
