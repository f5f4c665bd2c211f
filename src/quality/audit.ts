import type { Day } from '../domain/day.ts'
import type { ReadOnly } from '../warehouse/read-only.ts'
import type { Audit, Session, Stage, Verdict } from '../warehouse/warehouse.ts'
import type { Check, CheckInput, PartitionFacts, PublishedPast, SliceFacts, SliceValues } from './check.ts'
import { askQueries } from './audit-query.ts'
import type { Drift } from './drift.ts'
import type { Override } from './override.ts'
import { lifted } from './override.ts'
import { publishedPast, ratedDays } from './past.ts'
import { quarantineRows, refuseWhole } from './quarantine.ts'
import { writeResults } from './record.ts'
import type { CheckResult } from './result.ts'
import { utmShares } from './utm-share.ts'
import { refuses } from './result.ts'
import { keepSamples, keepSqlSamples } from './sample.ts'
import type { Scan } from './scan.ts'
import { scanStage } from './scan.ts'
import { judged, notCarriedOut } from './judged.ts'
import type { Suite } from './suite.ts'
import { assertIds, builtinSuite, inForce, muted, mutesInForce } from './suite.ts'

/** What an audit must be told besides the stage. */
export interface AuditFacts {
  /** The instant of the audit: decides which days are closed and which are in the future. */
  readonly nowMs: number
  /** How long after its midnight a day of this platform settles. */
  readonly settleMs: number
  /** The columns that the extract saw against the source's contract; without it `ads.schema_drift` is skipped. */
  readonly drift?: Drift | undefined
  /** What the project checks; the built-in checks alone when left out. */
  readonly suite?: Suite | undefined
  /** Where queries of people's own run; without it a query check is an error, which is never a pass. */
  readonly reader?: ReadOnly | undefined
  /** Somebody's decision to publish one day against its checks. */
  readonly override?: Override | undefined
  /** Other checks than the suite's, for whoever has them as values. */
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
  const suite = { ...(facts.suite ?? builtinSuite), ...(facts.checks && { checks: facts.checks }) }
  assertIds([...suite.checks, ...suite.sqlChecks])
  return async (session, stage) => {
    const checks = suite.checks.map((check) => inForce(check, suite, stage.account, facts.nowMs))
    const values: SliceValues = { currency: stage.account.currency }
    const past = await publishedPast(session, stage)
    const scan = await scanStage(session, stage, checks, values, { median: past.medianCostPerClick !== null })
    const slice = await sliceFacts(session, stage, scan, past, facts)
    const asked = await askQueries(session, stage, suite, facts)
    const found = [
      ...checks.flatMap((check) => stage.days.map((date) => judge(check, date, scan, slice))),
      ...asked.map((one) => one.result),
    ]
    const mutes = await mutesInForce(session, suite, facts.nowMs)
    const heard = found.map((one) => muted(one, mutes, stage.account))
    const results = refuseWhole(heard, scan.partitions)
    const runs = await writeResults(session, stage, results, { nowMs: facts.nowMs, contractHash: suite.hash })
    await keepSamples(session, stage, { checks, results, runs, values, hidden: suite.hidden })
    await keepSqlSamples(session, runs, asked, suite.hidden)
    facts.report?.(results)
    const verdicts = await lifted(session, stage, verdictsOf(stage.days, results), facts.override, facts.nowMs)
    const refused = new Set(verdicts.filter((one) => one.refusedBy.length > 0).map((one) => one.date))
    const taken = await quarantineRows(session, stage, { checks, results, runs, values, refused })
    return verdicts.map((one) => ({ ...one, quarantined: taken.get(one.date) ?? 0 }))
  }
}

async function sliceFacts(
  session: Session,
  stage: Stage,
  scan: Scan,
  past: PublishedPast,
  facts: AuditFacts,
): Promise<SliceFacts> {
  return {
    account: stage.account,
    extract: stage.extract,
    days: stage.days,
    nowMs: facts.nowMs,
    settleMs: facts.settleMs,
    drift: facts.drift,
    past,
    ratedDays: await ratedDays(session, stage),
    utm: await utmShares(session, stage),
    staged: new Map([...scan.partitions].map(([date, { rows }]) => [date, rows])),
    strayRows: scan.strayRows,
    rows: scan.rows,
    sums: scan.sums,
  }
}

function judge(check: Check, date: Day, scan: Scan, slice: SliceFacts): CheckResult {
  const problem = scan.broken.get(check.id)
  if (problem !== undefined) return notCarriedOut(check, date, problem)
  try {
    return judged(check, date, check.judge(inputOf(check, date, scan, slice)), check.words)
  } catch (error) {
    return notCarriedOut(check, date, error)
  }
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
