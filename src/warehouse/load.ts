import { isoInstant } from '../domain/clock.ts'
import { dayEndMs } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { partitionText } from '../domain/metric.ts'
import type { ExtractRecord } from '../domain/metric.ts'
import { completenessOf } from './completeness.ts'
import { ensureAccount } from './entities.ts'
import { openFingerprint } from './fingerprint.ts'
import type { Fingerprint } from './fingerprint.ts'
import { lockPartitions, openPartitions } from './partition-state.ts'
import type { PartitionRow } from './partition-state.ts'
import type { PostgresSession } from './postgres-pool.ts'
import { inexact, nothing, publish } from './publish.ts'
import type { Change, DayPlan } from './publish.ts'
import { stageRows, stageTable } from './stage.ts'
import { statement } from './statements.ts'
import type { LoadRequest, PartitionReport, Session, Verdict } from './warehouse.ts'

/** What has been staged of one day. */
type StagedDay = Pick<Fingerprint, 'rows' | 'text'>

/**
 * Decides what is done with each day, before anything is. An extract that was asked for earlier than the published one changes
 * nothing, whatever its audit says; a day without a verdict is refused, because silence is not consent. A day whose rows are those of
 * the last load is not even compared, unless the extract is a repair, which trusts nothing that it has not read.
 */
export function planDays(
  extract: Pick<ExtractRecord, 'requestedAtMs' | 'kind'>,
  partitions: readonly PartitionRow[],
  verdicts: readonly Verdict[],
  staged: ReadonlyMap<Day, StagedDay>,
): readonly DayPlan[] {
  const judged = new Map(verdicts.map((one) => [one.date, one]))
  return partitions.map((known) => {
    const { refusedBy, quarantined = 0 } = judged.get(known.date) ?? { refusedBy: ['audit.missing'] }
    const { rows, text } = staged.get(known.date) ?? openFingerprint()
    const plan = {
      date: known.date,
      partitionId: known.partitionId,
      rowsBefore: known.rows,
      rowsStaged: rows - quarantined,
      // The same rows with other ones kept aside are other rows to publish.
      fingerprint: quarantined > 0 ? `${text()} without ${quarantined}` : text(),
      refusedBy,
    }
    if (known.requestedAtMs !== null && known.requestedAtMs > extract.requestedAtMs)
      return { ...plan, way: 'superseded' }
    if (refusedBy.length > 0) return { ...plan, way: 'refused' }
    if (!known.published) return { ...plan, way: 'first' }
    return { ...plan, way: known.fingerprint === plan.fingerprint && extract.kind !== 'repair' ? 'same' : 'compare' }
  })
}

/** The load of the port `Warehouse`, inside the transaction of `session`. */
export async function loadPartitions(
  session: PostgresSession,
  request: LoadRequest,
): Promise<readonly PartitionReport[]> {
  const { extract, account } = request
  const days = [...new Set(request.days)].sort()
  // Rows of a slow source come in before any lock is taken: another writer of the same days never waits for a network.
  const staged = await stageRows(session, request.rows)
  await lockPartitions(
    session,
    days.map((date) => partitionText({ ...extract, date })),
  )
  await ensureAccount(session, account, extract.requestedAtMs)
  const partitions = await openPartitions(session, extract, days)
  const verdicts = await request.audit(session, { table: stageTable, extract, account, days })
  const plan = planDays(extract, partitions, verdicts, staged)
  refuseStrays(request, plan, staged)
  const hasActions = request.conversions !== undefined
  const changes = await publish(session, extract, plan, { at: atOf(request), hasActions })
  checkRows(extract, plan, changes)
  await recordExtract(session, request)
  const reports = plan.map((one) => reportOf(one, changes.get(one.date) ?? nothing))
  await recordOutcomes(session, request, plan, reports)
  return reports
}

function atOf({ extract, atMs }: LoadRequest): string {
  return isoInstant(atMs ?? extract.finishedAtMs)
}

/** Rows of days that nobody asked for are an error as soon as anything would be published beside them. */
function refuseStrays(
  { extract, days }: LoadRequest,
  plan: readonly DayPlan[],
  staged: ReadonlyMap<Day, StagedDay>,
): void {
  const asked = new Set(days)
  const strays = [...staged].filter(([date]) => !asked.has(date))
  const [first] = strays
  if (!first || plan.every(({ way }) => way === 'refused' || way === 'superseded')) return
  const { platform, accountId, since, until } = extract
  const rows = strays.reduce((sum, [, one]) => sum + one.rows, 0)
  throw new MillraceError('WAREHOUSE_ROW_OUTSIDE', { platform, accountId, since, until, rows, example: first[0] })
}

/** Rows before, plus and minus what changed, must be the rows staged: a doubled entity or a fact edited by others shows here. */
function checkRows(extract: ExtractRecord, plan: readonly DayPlan[], changes: ReadonlyMap<Day, Change>): void {
  for (const one of plan.filter(({ way }) => way === 'first' || way === 'compare')) {
    const { inserted, deleted } = changes.get(one.date) ?? nothing
    const published = one.rowsBefore + inserted - deleted
    if (published !== one.rowsStaged) throw inexact(extract, one, published)
  }
}

function reportOf(one: DayPlan, { inserted, updated, deleted }: Change): PartitionReport {
  const { date, way, refusedBy, rowsBefore, rowsStaged } = one
  const kept = { date, rows: rowsBefore, inserted: 0, updated: 0, deleted: 0, refusedBy: [] }
  if (way === 'superseded') return { ...kept, outcome: 'superseded' }
  if (way === 'refused') return { ...kept, outcome: 'refused', refusedBy }
  const outcome = way === 'first' || inserted + updated + deleted > 0 ? 'published' : 'unchanged'
  return { date, outcome, rows: rowsStaged, inserted, updated, deleted, refusedBy: [] }
}

async function recordExtract(session: Session, request: LoadRequest): Promise<void> {
  const { extract } = request
  await session.query(statement('extract-record'), [
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
    atOf(request),
    extract.operations ?? null,
  ])
}

async function recordOutcomes(
  session: Session,
  request: LoadRequest,
  plan: readonly DayPlan[],
  reports: readonly PartitionReport[],
): Promise<void> {
  const { extract, account } = request
  const outcomes = reports
    .map((report, index) => ({
      ...report,
      partitionId: plan[index]?.partitionId,
      fingerprint: plan[index]?.fingerprint,
      completeness: completenessOf(extract.platform, report.date, account.zone, extract.requestedAtMs),
      dayEnd: isoInstant(dayEndMs(report.date, account.zone)),
    }))
    .filter((report) => report.outcome !== 'superseded')
  const { conversions } = request
  const values = [
    JSON.stringify(outcomes),
    extract.extractId,
    isoInstant(extract.requestedAtMs),
    atOf(request),
    conversions === undefined ? null : String(conversions.version),
    conversions !== undefined,
  ]
  await session.query(statement('load-outcome'), values)
}
