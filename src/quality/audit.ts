import { MillraceError } from '../domain/errors.ts'
import type { Day } from '../domain/day.ts'
import type { Audit, Session, Stage, Verdict } from '../warehouse/warehouse.ts'
import { builtinChecks } from './builtin.ts'
import type { Check, CheckInput, Judgement, PartitionFacts, SliceFacts, SliceValues } from './check.ts'
import { onFailOf } from './check.ts'
import type { Drift } from './drift.ts'
import { publishedPast } from './past.ts'
import { writeResults } from './record.ts'
import type { CheckResult } from './result.ts'
import { refuses } from './result.ts'
import { keepSamples } from './sample.ts'
import type { Scan } from './scan.ts'
import { scanStage } from './scan.ts'

/** What an audit must be told besides the stage. */
export interface AuditFacts {
  /** The instant of the audit: decides which days are closed and which are in the future. */
  readonly nowMs: number
  /** How long after its midnight a day of this platform settles. */
  readonly settleMs: number
  /** The columns that the extract saw against the source's contract; without it `ads.schema_drift` is skipped. */
  readonly drift?: Drift | undefined
  /** Other checks than the built-in ones. */
  readonly checks?: readonly Check[] | undefined
  /** Is handed the results as they were stored, again when the load is tried again: the last ones count, once it has ended well. */
  readonly report?: ((results: readonly CheckResult[]) => void) | undefined
}

/**
 * The audit that a load carries: one scan of the stage, one look at the published past, every check judged for every day, results
 * and samples written in the load's own transaction, so that what is published and why is decided together or not at all. A
 * blocking check that fails, or that cannot be carried out, refuses its day. Throws QUALITY_CHECK_ID_INVALID for a check that
 * results cannot be kept under, and what the database throws when the fault is not a check's.
 */
export function blockingAudit(facts: AuditFacts): Audit {
  const checks = facts.checks ?? builtinChecks
  assertIds(checks)
  return async (session, stage) => {
    const values: SliceValues = { currency: stage.account.currency }
    const scan = await scanStage(session, stage, checks, values)
    const slice = await sliceFacts(session, stage, scan, facts)
    const results = checks.flatMap((check) => stage.days.map((date) => judge(check, date, scan, slice)))
    const runs = await writeResults(session, stage, results, { nowMs: facts.nowMs })
    await keepSamples(session, stage, { checks, results, runs, values })
    facts.report?.(results)
    return verdictsOf(stage.days, results)
  }
}

const idShape = /^[a-z][a-z0-9_.]{0,62}$/

function assertIds(checks: readonly Check[]): void {
  const seen = new Set<string>()
  for (const { id } of checks) {
    if (!idShape.test(id) || seen.has(id)) throw new MillraceError('QUALITY_CHECK_ID_INVALID', { checkId: id })
    seen.add(id)
  }
}

async function sliceFacts(session: Session, stage: Stage, scan: Scan, facts: AuditFacts): Promise<SliceFacts> {
  return {
    account: stage.account,
    extract: stage.extract,
    days: stage.days,
    nowMs: facts.nowMs,
    settleMs: facts.settleMs,
    drift: facts.drift,
    past: await publishedPast(session, stage),
    staged: new Map([...scan.partitions].map(([date, { rows }]) => [date, rows])),
    strayRows: scan.strayRows,
    rows: scan.rows,
    sums: scan.sums,
  }
}

function judge(check: Check, date: Day, scan: Scan, slice: SliceFacts): CheckResult {
  const named = {
    checkId: check.id,
    dimension: check.dimension,
    severity: check.severity,
    blocking: check.blocking,
    onFail: onFailOf(check),
    date,
  }
  const problem = scan.broken.get(check.id)
  if (problem !== undefined) return { ...named, outcome: 'error', error: problem, tested: 0, failed: 0, facts: {} }
  try {
    return { ...named, ...judged(check.judge(inputOf(check, date, scan, slice))), error: null }
  } catch (error) {
    // A rule that throws is a check that could not be carried out: recorded and, when blocking, refused; never a pass.
    const message = error instanceof Error ? error.message : String(error)
    return { ...named, outcome: 'error', error: message, tested: 0, failed: 0, facts: {} }
  }
}

function judged(judgement: Judgement): Omit<Judgement, 'facts'> & Pick<CheckResult, 'facts'> {
  const { tested, failed } = judgement
  return { ...judgement, facts: { tested, failed, ...judgement.facts } }
}

function inputOf(check: Check, date: Day, scan: Scan, slice: SliceFacts): CheckInput {
  const empty: PartitionFacts = { date, rows: 0, distinctEntities: 0, medianCostPerClick: null }
  return {
    partition: scan.partitions.get(date) ?? empty,
    slice,
    counts: scan.counts.get(check.id)?.get(date) ?? { fails: 0, warns: 0, excessMax: 0 },
  }
}

function verdictsOf(days: readonly Day[], results: readonly CheckResult[]): readonly Verdict[] {
  const refused = Map.groupBy(results.filter(refuses), (one) => one.date)
  return days.map((date) => ({ date, refusedBy: (refused.get(date) ?? []).map((one) => one.checkId) }))
}
