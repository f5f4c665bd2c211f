import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { partitionText } from '../domain/metric.ts'
import type { ExtractRecord } from '../domain/metric.ts'
import { completenessOf } from './completeness.ts'
import { ensureAccount } from './entities.ts'
import { lockPartitions, openPartitions } from './partition-state.ts'
import type { PartitionRow } from './partition-state.ts'
import type { PostgresSession } from './postgres-pool.ts'
import { stageRows, stageTable } from './stage.ts'
import { statement } from './statements.ts'
import type { LoadRequest, PartitionReport, Session, Verdict } from './warehouse.ts'

/** What will be done with one day of the load. */
export interface DayPlan {
  readonly date: Day
  readonly partitionId: number
  /** `first`: never published, rows go in as they are; `compare`: only what differs is written. */
  readonly way: 'superseded' | 'refused' | 'first' | 'compare'
  readonly rowsBefore: number
  readonly rowsStaged: number
  readonly refusedBy: readonly string[]
}

/** What one day's load changed. */
interface Change {
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
  readonly costChange: string
}

const nothing: Change = { inserted: 0, updated: 0, deleted: 0, costChange: '0' }

/**
 * Decides what is done with each day, before anything is. An extract that was asked for earlier than the published one changes
 * nothing, whatever its audit says; a day without a verdict is refused, because silence is not consent.
 */
export function planDays(
  extract: Pick<ExtractRecord, 'requestedAtMs'>,
  partitions: readonly PartitionRow[],
  verdicts: readonly Verdict[],
  staged: ReadonlyMap<Day, number>,
): readonly DayPlan[] {
  const refusals = new Map(verdicts.map((one) => [one.date, one.refusedBy]))
  return partitions.map((one) => {
    const refusedBy = refusals.get(one.date) ?? ['audit.missing']
    const superseded = one.requestedAtMs !== null && one.requestedAtMs > extract.requestedAtMs
    const way = superseded ? 'superseded' : refusedBy.length > 0 ? 'refused' : one.published ? 'compare' : 'first'
    const { date, partitionId, rows } = one
    return {
      date,
      partitionId,
      way,
      rowsBefore: rows,
      rowsStaged: staged.get(date) ?? 0,
      refusedBy: way === 'refused' ? refusedBy : [],
    }
  })
}

/** The load of the port `Warehouse`, inside the transaction of `session`. */
export async function loadPartitions(
  session: PostgresSession,
  request: LoadRequest,
): Promise<readonly PartitionReport[]> {
  const { extract, account, days } = request
  // Rows of a slow source come in before any lock is taken: another writer of the same days never waits for a network.
  await stageRows(session, request.rows)
  // A small sample is enough to choose joins, and costs a tenth of the usual one.
  await session.query('set local default_statistics_target = 10')
  await session.query(`analyze ${stageTable}`)
  await lockPartitions(
    session,
    days.map((date) => partitionText({ ...extract, date })),
  )
  await ensureAccount(session, account, extract.requestedAtMs)
  const partitions = await openPartitions(session, extract, days)
  const verdicts = await request.audit(session, { table: stageTable, extract, account, days })
  const staged = await countStaged(session)
  const plan = planDays(extract, partitions, verdicts, staged)
  refuseStrays(request, plan, staged)
  await recordExtract(session, request)
  const changes = await publish(session, request, plan)
  checkRows(request, plan, changes)
  await recordOutcomes(session, request, plan, changes)
  return plan.map((one) => reportOf(one, changes.get(one.date) ?? nothing))
}

async function countStaged(session: Session): Promise<ReadonlyMap<Day, number>> {
  const rows = await session.query<{ date: Day; rows: number }>(
    `select date, count(*)::int as rows from ${stageTable} group by date`,
  )
  return new Map(rows.map((row) => [row.date, row.rows]))
}

/** Rows of days that nobody asked for are an error as soon as anything would be published beside them. */
function refuseStrays(
  { extract, days }: LoadRequest,
  plan: readonly DayPlan[],
  staged: ReadonlyMap<Day, number>,
): void {
  const asked = new Set(days)
  const strays = [...staged].filter(([date]) => !asked.has(date))
  const [first] = strays
  if (!first || !plan.some((one) => one.way === 'first' || one.way === 'compare')) return
  const { platform, accountId, since, until } = extract
  const rows = strays.reduce((sum, [, count]) => sum + count, 0)
  throw new MillraceError('WAREHOUSE_ROW_OUTSIDE', { platform, accountId, since, until, rows, example: first[0] })
}

async function recordExtract(session: Session, { extract, atMs }: LoadRequest): Promise<void> {
  await session.query(
    `insert into extract (extract_id, platform, account_id, level, breakdown_key, kind, since, until, requested_at, finished_at,
                          rows, api_version, request_ids, control_totals, map_version, raw_keys, loaded_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
     on conflict (extract_id) do update set map_version = excluded.map_version, loaded_at = excluded.loaded_at`,
    [
      extract.extractId,
      extract.platform,
      extract.accountId,
      extract.level,
      extract.breakdownKey,
      extract.kind,
      extract.since,
      extract.until,
      isoInstant(extract.requestedAtMs),
      isoInstant(extract.finishedAtMs),
      extract.rows,
      extract.apiVersion,
      extract.requestIds,
      extract.controlTotals && JSON.stringify(extract.controlTotals),
      extract.mapVersion,
      JSON.stringify(extract.rawKeys),
      isoInstant(atMs ?? extract.finishedAtMs),
    ],
  )
}

/** Writes the days that may be published, and says what changed in each. */
async function publish(
  session: Session,
  request: LoadRequest,
  plan: readonly DayPlan[],
): Promise<ReadonlyMap<Day, Change>> {
  const first = plan.filter((one) => one.way === 'first')
  const compared = plan.filter((one) => one.way === 'compare')
  // The statistics know nothing of new days: the planner expects one row and would loop over the whole table for each (10 k rows 10 s).
  await session.query('set local enable_nestloop = off')
  await session.query(`set local work_mem = '64MB'`)
  const changes = new Map<Day, Change>()
  if (first.length > 0) await publishFirst(session, request, first, changes)
  if (compared.length > 0) await publishChanges(session, request, compared, changes)
  const grown = [...changes].filter(([, change]) => change.inserted > 0).map(([date]) => date)
  if (grown.length > 0) {
    const { platform, accountId, level, requestedAtMs } = request.extract
    await session.query(statement('load-stubs'), [platform, accountId, level, grown, isoInstant(requestedAtMs)])
  }
  return changes
}

async function publishFirst(
  session: Session,
  { extract }: LoadRequest,
  plan: readonly DayPlan[],
  changes: Map<Day, Change>,
): Promise<void> {
  const { platform, accountId, level, breakdownKey, extractId } = extract
  const dates = plan.map((one) => one.date)
  await session.query(statement('load-first'), [
    idsOf(plan),
    dates,
    platform,
    accountId,
    level,
    breakdownKey,
    extractId,
  ])
  const costs = await session.query<{ date: Day; cost: string }>(
    `select date, sum(cost) as cost from ${stageTable} where date = any ($1::date[]) group by date`,
    [dates],
  )
  const costOf = new Map(costs.map((row) => [row.date, row.cost]))
  for (const one of plan) {
    changes.set(one.date, { ...nothing, inserted: one.rowsStaged, costChange: costOf.get(one.date) ?? '0' })
  }
}

const changeCounts = `
select date, count(*) filter (where action = 'insert')::int as inserted, count(*) filter (where action = 'update')::int as updated,
       count(*) filter (where action = 'delete')::int as deleted, sum(coalesce(new_cost, 0) - coalesce(old_cost, 0)) as cost_change
from pg_temp.stage_change group by date`

interface ChangeRow extends Omit<Change, 'costChange'> {
  readonly date: Day
  readonly cost_change: string
  readonly [column: string]: unknown
}

async function publishChanges(
  session: Session,
  { extract, atMs }: LoadRequest,
  plan: readonly DayPlan[],
  changes: Map<Day, Change>,
): Promise<void> {
  const { platform, accountId, level, breakdownKey, extractId } = extract
  const partition = [platform, accountId, level, breakdownKey, extractId]
  await session.query(statement('load-compare'), [idsOf(plan), plan.map((one) => one.date)])
  const counts = await session.query<ChangeRow>(changeCounts)
  for (const { date, inserted, updated, deleted, cost_change: costChange } of counts) {
    changes.set(date, { inserted, updated, deleted, costChange })
  }
  const total = {
    inserted: sumOf(counts, 'inserted'),
    updated: sumOf(counts, 'updated'),
    deleted: sumOf(counts, 'deleted'),
  }
  // By the rows' own places: each changed row is fetched once, where a join by key would read the whole partition again.
  await session.query(
    'set local enable_nestloop = on; set local enable_hashjoin = off; set local enable_mergejoin = off',
  )
  const deleted = total.deleted && (await affected(session, deleteStatement))
  const updated = total.updated && (await affected(session, counted(statement('load-update')), [extractId]))
  await session.query(
    'set local enable_nestloop = off; set local enable_hashjoin = on; set local enable_mergejoin = on',
  )
  if (deleted !== total.deleted || updated !== total.updated) throw inexact(extract, plan[0], deleted + updated)
  if (total.inserted > 0) await session.query(statement('load-insert'), partition)
  if (counts.length > 0)
    await session.query(statement('load-history'), [...partition, isoInstant(atMs ?? extract.finishedAtMs)])
}

const deleteStatement = `with gone as (delete from fact_ad_daily f using pg_temp.stage_change c
  where c.action = 'delete' and f.ctid = c.row_at and f.partition_id = c.partition_id and f.entity_id = c.entity_id
  returning 1) select count(*)::int as count from gone`

function counted(update: string): string {
  return `with changed as (${update} returning 1) select count(*)::int as count from changed`
}

async function affected(session: Session, sql: string, values: readonly string[] = []): Promise<number> {
  const [row] = await session.query<{ count: number }>(sql, values)
  return row?.count ?? 0
}

function sumOf(rows: readonly ChangeRow[], column: 'inserted' | 'updated' | 'deleted'): number {
  return rows.reduce((sum, row) => sum + row[column], 0)
}

// Numbers go to Postgres as text in an array parameter; the statement's cast gives them their type back.
function idsOf(plan: readonly DayPlan[]): readonly string[] {
  return plan.map((one) => String(one.partitionId))
}

function inexact(extract: ExtractRecord, one: DayPlan | undefined, published: number): MillraceError {
  const { platform, accountId } = extract
  return new MillraceError('WAREHOUSE_PARTITION_INEXACT', {
    platform,
    accountId,
    date: one?.date,
    staged: one?.rowsStaged,
    published,
  })
}

/** Rows before, plus and minus what changed, must be the rows staged: a doubled entity or a fact edited by others shows here. */
function checkRows({ extract }: LoadRequest, plan: readonly DayPlan[], changes: ReadonlyMap<Day, Change>): void {
  for (const one of plan.filter(({ way }) => way === 'first' || way === 'compare')) {
    const { inserted, deleted } = changes.get(one.date) ?? nothing
    const published = one.rowsBefore + inserted - deleted
    if (published !== one.rowsStaged) throw inexact(extract, one, published)
  }
}

async function recordOutcomes(
  session: Session,
  { extract, account, atMs }: LoadRequest,
  plan: readonly DayPlan[],
  changes: ReadonlyMap<Day, Change>,
): Promise<void> {
  const at = isoInstant(atMs ?? extract.finishedAtMs)
  const touched = plan.filter((one) => one.way !== 'superseded')
  const outcomes = touched.map((one) => reportOf(one, changes.get(one.date) ?? nothing))
  await session.query(statement('load-outcome'), [
    idsOf(touched),
    outcomes.map((one) => one.outcome),
    outcomes.map((one) => String(one.rows)),
    touched.map((one) => completenessOf(extract.platform, one.date, account.zone, extract.requestedAtMs)),
    outcomes.map((one) => one.refusedBy.join(',')),
    extract.extractId,
    isoInstant(extract.requestedAtMs),
    at,
  ])
  const versions = touched.flatMap((one) => {
    const { outcome, rows, inserted, updated, deleted } = reportOf(one, changes.get(one.date) ?? nothing)
    const costChange = changes.get(one.date)?.costChange ?? '0'
    return outcome === 'published' ? [[one.partitionId, rows, inserted, updated, deleted, costChange].map(String)] : []
  })
  if (versions.length === 0) return
  const column = (index: number) => versions.map((one) => one[index] ?? '')
  await session.query(
    `insert into partition_version (partition_id, extract_id, at, rows, inserted, updated, deleted, cost_change)
     select v.partition_id, $7::uuid, $8::timestamptz, v.rows, v.inserted, v.updated, v.deleted, v.cost_change
     from unnest($1::integer[], $2::integer[], $3::integer[], $4::integer[], $5::integer[], $6::numeric[])
       as v (partition_id, rows, inserted, updated, deleted, cost_change)`,
    [column(0), column(1), column(2), column(3), column(4), column(5), extract.extractId, at],
  )
}

function reportOf(one: DayPlan, { inserted, updated, deleted }: Change): PartitionReport {
  const { date, way, refusedBy, rowsBefore, rowsStaged } = one
  const kept = { date, rows: rowsBefore, inserted: 0, updated: 0, deleted: 0, refusedBy }
  if (way === 'superseded' || way === 'refused') return { ...kept, outcome: way }
  const outcome = way === 'first' || inserted + updated + deleted > 0 ? 'published' : 'unchanged'
  return { date, outcome, rows: rowsStaged, inserted, updated, deleted, refusedBy }
}
