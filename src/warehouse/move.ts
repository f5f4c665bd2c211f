import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { MillraceError } from '../domain/errors.ts'
import { differencesOf, quotedName, sumOf, tablesOf } from './table-sums.ts'
import type { TableName, TableSum } from './table-sums.ts'

export interface MoveTable {
  readonly table: TableName
  /** As the session's snapshot of the old place has it. */
  readonly sum: TableSum
  /** `there`: the new place has the very same rows already. */
  readonly state: 'copy' | 'there'
}

export interface MovePlan {
  readonly schema: string
  /** Says that the new place is being filled from this very warehouse; gone when the move is whole. */
  readonly mark: string
  /** In an order in which every row finds those that it points at. */
  readonly tables: readonly MoveTable[]
}

/** Schemas of the warehouse itself are made by its migrations; all others are a dbt project's or a person's and are made from the catalogue. */
export interface MoveSides {
  /** In a transaction of one snapshot. */
  readonly old: pg.Client
  readonly new: pg.Client
  readonly schema: string
  readonly place: string
}

const query = async <Row extends Readonly<Record<string, unknown>>>(
  client: pg.Client,
  sql: string,
  values: unknown[] = [],
) => (await client.query<Row>(sql, values)).rows

/** Programs other than this one that use an embedded server. Throws WAREHOUSE_MOVE_BUSY when there are any. */
export async function refuseBusy(old: pg.Client): Promise<void> {
  const [row] = await query<{ programs: number }>(
    old,
    `select count(*)::int as programs from pg_stat_activity where application_name = 'millrace keeper'`,
  )
  const programs = (row?.programs ?? 1) - 1
  if (programs > 0) throw new MillraceError('WAREHOUSE_MOVE_BUSY', { programs })
}

/**
 * What a move would copy: each table with its rows at the old place, and whether they are at the new one already. Changes nothing.
 * Throws WAREHOUSE_MOVE_TAKEN when the new place has rows that are not from a move of this warehouse.
 */
export async function planMove({ old, new: target, schema, place }: MoveSides): Promise<MovePlan> {
  const [identity] = await query<{ mark: string }>(
    old,
    `select 'millrace move from ' || system_identifier || '/' || current_database() as mark from pg_control_system()`,
  )
  const mark = identity?.mark ?? ''
  const there = new Map((await tablesOf(target)).map((one) => [quotedName(one), one]))
  const own = await query<{ mark: string | null }>(
    target,
    `select obj_description(to_regnamespace($1)::oid, 'pg_namespace') as mark`,
    [schema],
  )
  const isOurs = own[0]?.mark === mark
  const tables: MoveTable[] = []
  for (const table of ordered(await movable(old), await references(old))) {
    const sum = await sumOf(old, table)
    const known = there.has(quotedName(table)) ? await sumOf(target, table) : undefined
    const isEqual = known !== undefined && differencesOf([sum], [known]).length === 0
    if (known && !isOurs && !isEqual && known.rows !== '0')
      throw new MillraceError('WAREHOUSE_MOVE_TAKEN', { place, table: sum.table })
    tables.push({ table, sum, state: isEqual ? 'there' : 'copy' })
  }
  return { schema, mark, tables }
}

/** What was applied to the new place is the new place's own to know. */
async function movable(old: pg.Client): Promise<readonly TableName[]> {
  return (await tablesOf(old)).filter(({ kind, name }) => kind === 'r' && name !== 'migration')
}

interface Reference {
  readonly child: string
  readonly parent: string
}

async function references(old: pg.Client): Promise<readonly Reference[]> {
  const name = (oid: string) =>
    `(select format('%I.%I', n.nspname, c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = ${oid})`
  return query<Reference & Record<string, unknown>>(
    old,
    `select ${name('k.conrelid')} as child, ${name('k.confrelid')} as parent from pg_constraint k where k.contype = 'f'`,
  )
}

/** Tables after those that they point at; a ring of them keeps its order by name. Pure. */
function ordered(tables: readonly TableName[], all: readonly Reference[]): readonly TableName[] {
  const plain = ({ schema, name }: TableName) => `${schema}.${name}`
  const left = new Map(tables.map((one) => [plain(one), one]))
  const sorted: TableName[] = []
  while (left.size > 0) {
    const free = [...left].filter(
      ([name]) => !all.some(({ child, parent }) => child === name && parent !== name && left.has(parent)),
    )
    const next = free.length > 0 ? free : [...left].slice(0, 1)
    for (const [name, table] of next) {
      left.delete(name)
      sorted.push(table)
    }
  }
  return sorted
}

/** Marks the new place as being filled, before anything is there, so that a move that is killed can go on. */
export async function markTarget(target: pg.Client, { schema, mark }: MovePlan): Promise<void> {
  await target.query(`create schema if not exists ${pg.escapeIdentifier(schema)}`)
  await target.query(`comment on schema ${pg.escapeIdentifier(schema)} is ${pg.escapeLiteral(mark)}`)
}

/**
 * Copies what the plan says, each table in a transaction of its own: killed and started again, it goes on with the next. Returns the sums
 * at the new place. Throws WAREHOUSE_MOVE_DIFFERS when a table is not equal afterwards.
 */
export async function moveTables(
  { old, new: target }: MoveSides,
  plan: MovePlan,
  { signal, onTable }: { readonly signal: AbortSignal; readonly onTable: (table: MoveTable, index: number) => void },
): Promise<readonly TableSum[]> {
  const moved: TableSum[] = []
  for (const [index, one] of plan.tables.entries()) {
    signal.throwIfAborted()
    onTable(one, index)
    if (one.state === 'copy') await copyTable(old, target, one.table)
    moved.push(await sumOf(target, one.table))
  }
  const wrong = differencesOf(
    plan.tables.map(({ sum }) => sum),
    moved,
  )
  const [first] = wrong
  if (first) throw new MillraceError('WAREHOUSE_MOVE_DIFFERS', { tables: wrong.length, example: first.table })
  await moveSequences(old, target)
  await target.query(`comment on schema ${pg.escapeIdentifier(plan.schema)} is null`)
  return moved
}

async function copyTable(old: pg.Client, target: pg.Client, table: TableName): Promise<void> {
  const name = quotedName(table)
  const columns = await query<{ name: string }>(
    old,
    `select quote_ident(attname) as name from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [name],
  )
  const list = columns.map((one) => one.name).join(', ')
  await target.query('begin')
  try {
    // Rows come as they are: what a trigger would write of them is among the rows of another table.
    await target.query(`alter table ${name} disable trigger user`)
    await target.query(`delete from ${name}`)
    const source = old.query(copyTo(`copy (select ${list} from ${name}) to stdout`))
    await pipeline(source, target.query(copyFrom(`copy ${name} (${list}) from stdin`)))
    await target.query(`alter table ${name} enable trigger user`)
    await target.query('commit')
  } catch (error) {
    await target.query('rollback').catch(() => undefined)
    throw error
  }
}

async function moveSequences(old: pg.Client, target: pg.Client): Promise<void> {
  const sequences = await query<{ name: string }>(
    old,
    `select format('%I.%I', schemaname, sequencename) as name from pg_sequences where last_value is not null`,
  )
  for (const { name } of sequences) {
    const [at] = await query<{ last: string; called: boolean }>(
      old,
      `select last_value::text as last, is_called as called from ${name}`,
    )
    await target.query(`select setval(to_regclass($1), $2::bigint, $3) where to_regclass($1) is not null`, [
      name,
      at?.last,
      at?.called,
    ])
  }
}
