import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ExtractRecord } from '../domain/metric.ts'
import { statement } from './statements.ts'
import type { Session } from './warehouse.ts'

/** What will be done with one day of the load. */
export interface DayPlan {
  readonly date: Day
  readonly partitionId: number
  /** `first`: never published, rows go in as they are; `compare`: only what differs is written; `same`: nothing differs. */
  readonly way: 'superseded' | 'refused' | 'first' | 'compare' | 'same'
  readonly rowsBefore: number
  readonly rowsStaged: number
  readonly fingerprint: string
  readonly refusedBy: readonly string[]
}

/** What one day's load changed. */
export interface Change {
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
}

export const nothing: Change = { inserted: 0, updated: 0, deleted: 0 }

/** Writes the days that may be published, and says what changed in each; the partitions' locks are held. */
export async function publish(
  session: Session,
  extract: ExtractRecord,
  plan: readonly DayPlan[],
  { at, hasActions }: { readonly at: string; readonly hasActions: boolean },
): Promise<ReadonlyMap<Day, Change>> {
  const first = plan.filter((one) => one.way === 'first')
  const compared = plan.filter((one) => one.way === 'compare')
  const changes = new Map<Day, Change>()
  if (first.length + compared.length === 0) return changes
  // The statistics know nothing of new days: the planner expects one row and would loop over the whole table for each (10 k rows
  // 10 s). Hashes of a few hundred thousand rows stay in memory. The version of each day marks its month.
  await session.query(
    `set local enable_nestloop = off; set local work_mem = '64MB'; set local millrace.marks_months = 'on'`,
  )
  if (first.length > 0) await publishFirst(session, extract, first, changes)
  if (hasActions) await publishActions(session, plan)
  if (compared.length > 0) await publishChanges(session, extract, { plan: compared, at }, changes)
  await describeNewcomers(session, extract, changes)
  return changes
}

/** Actions go and come with the facts that they are part of, whether or not a fact's own numbers changed. */
async function publishActions(session: Session, plan: readonly DayPlan[]): Promise<void> {
  const written = plan.filter(({ way }) => way === 'first' || way === 'compare')
  const values = [idsOf(written), datesOf(written)]
  if (written.some(({ way }) => way === 'compare')) await session.query(statement('actions-gone'), values)
  await session.query(statement('actions-first'), values)
}

async function describeNewcomers(
  session: Session,
  { platform, accountId, level, requestedAtMs }: ExtractRecord,
  changes: ReadonlyMap<Day, Change>,
): Promise<void> {
  const grown = [...changes].filter(([, { inserted }]) => inserted > 0).map(([date]) => date)
  if (grown.length === 0) return
  await session.query(statement('load-stubs'), [platform, accountId, level, grown, isoInstant(requestedAtMs)])
}

async function publishFirst(
  session: Session,
  extract: ExtractRecord,
  plan: readonly DayPlan[],
  changes: Map<Day, Change>,
): Promise<void> {
  await insertRows(session, extract, plan, statement('load-first'), [idsOf(plan), datesOf(plan)])
  for (const one of plan) changes.set(one.date, { ...nothing, inserted: one.rowsStaged })
}

interface ChangeRow extends Change {
  readonly date: Day
  readonly [column: string]: unknown
}

async function publishChanges(
  session: Session,
  extract: ExtractRecord,
  { plan, at }: { readonly plan: readonly DayPlan[]; readonly at: string },
  changes: Map<Day, Change>,
): Promise<void> {
  const counts = await session.query<ChangeRow>(statement('load-compare'), [idsOf(plan), datesOf(plan)])
  for (const { date, inserted, updated, deleted } of counts) changes.set(date, { inserted, updated, deleted })
  if (counts.length === 0) return
  await changeInPlace(session, extract, plan, counts)
  if (counts.some((one) => one.inserted > 0)) await insertRows(session, extract, plan, statement('load-insert'), [])
  await session.query(statement('load-history'), [...partitionOf(extract), at])
}

/** Deletes and updates by the rows' own places: each is fetched once, where a join by key would read whole partitions again. */
async function changeInPlace(
  session: Session,
  extract: ExtractRecord,
  plan: readonly DayPlan[],
  counts: readonly ChangeRow[],
): Promise<void> {
  const deletes = counts.reduce((sum, one) => sum + one.deleted, 0)
  const updates = counts.reduce((sum, one) => sum + one.updated, 0)
  if (deletes + updates === 0) return
  await session.query(
    'set local enable_nestloop = on; set local enable_hashjoin = off; set local enable_mergejoin = off',
  )
  const deleted = deletes && (await affected(session, statement('load-delete'), []))
  const updated = updates && (await affected(session, statement('load-update'), [extract.extractId]))
  await session.query(
    'set local enable_nestloop = off; set local enable_hashjoin = on; set local enable_mergejoin = on',
  )
  // Rows only move when a program that does not take the partitions' locks writes them at the same time.
  if (deleted !== deletes || updated !== updates) throw inexact(extract, plan[0], deleted + updated)
}

async function affected(session: Session, sql: string, values: readonly string[]): Promise<number> {
  const [row] = await session.query<{ count: number }>(sql, values)
  return row?.count ?? 0
}

async function insertRows(
  session: Session,
  extract: ExtractRecord,
  plan: readonly DayPlan[],
  sql: string,
  values: readonly (readonly string[])[],
): Promise<void> {
  try {
    await session.query(sql, [...values, ...partitionOf(extract)])
  } catch (cause) {
    const { code, constraint } = cause as { readonly code?: string; readonly constraint?: string }
    if (code !== '23505' || constraint !== 'fact_ad_daily_pkey') throw cause
    throw inexact(extract, plan[0], undefined, cause)
  }
}

function partitionOf({ platform, accountId, level, breakdownKey, extractId }: ExtractRecord): readonly string[] {
  return [platform, accountId, level, breakdownKey, extractId]
}

// Numbers go to Postgres as text in an array; the statement's cast gives them their type back.
function idsOf(plan: readonly DayPlan[]): readonly string[] {
  return plan.map((one) => String(one.partitionId))
}

function datesOf(plan: readonly DayPlan[]): readonly Day[] {
  return plan.map((one) => one.date)
}

/** The load would leave other rows than were staged; it must not be committed. */
export function inexact(
  { platform, accountId }: ExtractRecord,
  one: DayPlan | undefined,
  published: number | undefined,
  cause?: unknown,
): MillraceError {
  const facts = { platform, accountId, date: one?.date, staged: one?.rowsStaged, published }
  return new MillraceError('WAREHOUSE_PARTITION_INEXACT', facts, { cause })
}
