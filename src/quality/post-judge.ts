import { isoInstant } from '../domain/clock.ts'
import { addDecimals, compareDecimals, decimal, normalised } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Facts } from '../domain/errors.ts'
import type { Judgement, SummedMetric } from './check.ts'
import { summedMetrics } from './check.ts'

/* How what the statements of the later checks say of one partition is judged. Pure: same row, same judgement. */

export function skipped(reason: string, facts: Facts = {}): Judgement {
  return { outcome: 'skipped', tested: 0, failed: 0, facts: { ...facts, reason } }
}

export interface ExpectedRow {
  readonly expected: number
  readonly missing: number
  readonly running: number
  readonly still: number
  readonly spend: string
  readonly missingSpend: string
}

/** Above this share of the usual spend a day with missing campaigns is a failure and not a warning. */
const missingShareMax = 0.05

export function judgeMissing({ expected, missing, spend, missingSpend }: ExpectedRow): Judgement {
  if (expected === 0) return skipped('no_active_campaigns')
  const share = Number(spend) === 0 ? 0 : Number(missingSpend) / Number(spend)
  return {
    outcome: missing === 0 ? 'pass' : share > missingShareMax ? 'fail' : 'warn',
    tested: expected,
    failed: missing,
    value: digits(share),
    expectedHigh: String(missingShareMax),
    facts: { expected, missing, sharePercent: Number(digits(100 * share)) },
  }
}

export function judgeStill({ running, still }: ExpectedRow): Judgement {
  if (running === 0) return skipped('no_active_campaigns')
  return { outcome: still > 0 ? 'fail' : 'pass', tested: running, failed: still, facts: { running, still } }
}

export interface RestatementRow {
  readonly share: string | null
  readonly age: number | null
  readonly known: number
  readonly shareMax: string | null
  readonly completeness: string | null
}

const restatedShareMin = 0.02
/** Changes of other days at the same age that an age's usual change is learned from. */
const knownMin = 5

export function judgeRestatement({ share, age, known, shareMax, completeness }: RestatementRow): Judgement {
  const moved = share === null ? 0 : Math.abs(Number(share))
  const usual = shareMax === null ? 0 : Math.abs(Number(shareMax))
  const facts = {
    sharePercent: Number(digits(100 * moved)),
    usualPercent: Number(digits(100 * usual)),
    age,
    known,
    settling: completeness !== 'final',
  }
  const base = { tested: 1, value: digits(moved), facts }
  if (moved <= restatedShareMin) return { ...base, outcome: 'pass', failed: 0, expectedHigh: String(restatedShareMin) }
  if (known < knownMin) return { ...base, outcome: 'learning', failed: 0 }
  const isUnusual = moved > 2 * usual
  return { ...base, outcome: isUnusual ? 'warn' : 'pass', failed: 0, expectedHigh: digits(2 * usual) }
}

export type Tolerances = Readonly<Partial<Record<SummedMetric, number>>>

/** Shares of the platform's total by which the published sum may differ. */
export const reconcileTolerances: Tolerances = {
  cost: 0.005,
  impressions: 0.01,
  clicks: 0.01,
  conversions: 0.02,
  conversionValue: 0.02,
}

export interface ReconcileRow {
  readonly totals: Readonly<Partial<Record<SummedMetric, string>>> | null
  readonly whole: boolean
  readonly sums: Readonly<Record<SummedMetric, string>>
}

export function judgeReconcile({ totals, whole, sums }: ReconcileRow, tolerances: Tolerances): Judgement {
  if (!totals) return skipped('no_totals')
  if (!whole) return skipped('restated_since')
  const given = summedMetrics.filter((metric) => totals[metric] !== undefined && tolerances[metric] !== undefined)
  if (given.length === 0) return skipped('no_totals')
  const offs = given.map((metric) => {
    const total = Number(totals[metric])
    const difference = Math.abs(Number(minus(sums[metric], totals[metric] ?? '0')))
    const tolerance = tolerances[metric] ?? 0
    const off = difference === 0 ? 0 : Math.abs(difference / total)
    return { metric, off, tolerance, score: scoreOf(off, tolerance) }
  })
  const worst = offs.reduce((a, b) => (b.off - b.tolerance > a.off - a.tolerance ? b : a))
  const failed = offs.filter((one) => one.off > one.tolerance)
  return {
    outcome: failed.length > 0 ? 'fail' : 'pass',
    tested: given.length,
    failed: failed.length,
    value: sums[worst.metric],
    expectedLow: totals[worst.metric] ?? null,
    expectedHigh: totals[worst.metric] ?? null,
    score: Math.min(...offs.map((one) => one.score)),
    facts: {
      metric: worst.metric,
      sum: sums[worst.metric],
      total: totals[worst.metric],
      offPercent: Number(digits(100 * worst.off)),
      tolerancePercent: Number(digits(100 * worst.tolerance)),
    },
  }
}

/** 1 within the tolerance, 0 from ten times the tolerance on. */
function scoreOf(off: number, tolerance: number): number {
  if (off <= tolerance) return 1
  return tolerance === 0 ? 0 : Math.max(0, 1 - off / (10 * tolerance))
}

export interface OrphanRow {
  readonly rows: number
  readonly orphans: number
  readonly described: number
  readonly example: string | null
}

export function judgeOrphans({ rows, orphans, described, example }: OrphanRow): Judgement {
  if (described === 0) return skipped('no_entities')
  return { outcome: orphans > 0 ? 'fail' : 'pass', tested: rows, failed: orphans, facts: { orphans, example } }
}

export interface PacingRow {
  readonly platform: string
  readonly campaigns: number
  readonly impossible: number
  readonly above: number
  readonly below: number
  readonly pace: string | null
  readonly example: string | null
}

/**
 * Budgets that are not spent out are every account's daily life and only counted. Less than this share of all of them together is a
 * budget in the wrong unit, or an account that hardly runs.
 */
const paceMin = 0.25

/** Google never bills more than twice a daily budget in a day: more is a wrong number and not a busy day. */
export function judgePacing({ platform, campaigns, impossible, above, below, pace, example }: PacingRow): Judgement {
  if (campaigns === 0) return skipped('no_budgets')
  const isWrong = platform === 'google_ads' && impossible > 0
  const isStarved = pace !== null && Number(pace) < paceMin
  return {
    outcome: isWrong ? 'fail' : above > 0 || isStarved ? 'warn' : 'pass',
    tested: campaigns,
    failed: isWrong ? impossible : 0,
    value: pace === null ? null : digits(Number(pace)),
    expectedLow: String(paceMin),
    expectedHigh: '1.2',
    facts: { above, below, impossible: isWrong ? impossible : 0, example, warned: above },
  }
}

export interface FreshnessRow {
  readonly dayEnd: Date
  readonly firstSeen: Date | null
  readonly publishedAt: Date | null
}

const hourMs = 3_600_000

/** A day is due so many hours after its end in the account's zone; a day later its score is 0. */
export function judgeFreshness(row: FreshnessRow, nowMs: number, dueHours: number): Judgement {
  const dueMs = row.dayEnd.getTime() + dueHours * hourMs
  const dueAt = isoInstant(dueMs)
  if (row.firstSeen !== null && dueMs < row.firstSeen.getTime()) return skipped('before_account', { dueAt })
  const atMs = row.publishedAt?.getTime() ?? nowMs
  const lateHours = (atMs - dueMs) / hourMs
  if (row.publishedAt === null && lateHours <= 0) return skipped('not_due', { dueAt })
  const isLate = lateHours > 0
  return {
    outcome: isLate ? 'fail' : 'pass',
    tested: 1,
    failed: isLate ? 1 : 0,
    value: digits(Math.max(0, lateHours)),
    expectedHigh: '0',
    score: Math.min(1, Math.max(0, 1 - Math.max(0, lateHours) / 24)),
    facts: { dueAt, lateHours: Number(digits(Math.max(0, lateHours))), published: row.publishedAt !== null },
  }
}

export interface StreamRow {
  readonly streamed: boolean | null
  readonly covered: boolean
  readonly compared: number
  readonly apart: number
  readonly stream: string | null
  readonly batch: string | null
}

export function judgeStream({ streamed, covered, compared, apart, stream, batch }: StreamRow): Judgement {
  if (!streamed) return skipped('no_stream')
  if (!covered) return skipped('stream_partial')
  return {
    outcome: apart > 0 ? 'warn' : 'pass',
    tested: compared,
    failed: apart,
    value: stream,
    expectedLow: batch,
    expectedHigh: batch,
    facts: { apart, compared, stream, batch },
  }
}

type Sums = Readonly<Record<'cost' | 'impressions' | 'clicks' | 'conversions', string>>

export interface MartRow {
  readonly loaded: Sums
  readonly staged: Sums
  readonly mart: Sums
  readonly rows: number
  readonly wrong: number
}

const additive = ['cost', 'impressions', 'clicks', 'conversions'] as const

/** Exact decimals: a mart that sums the same rows has the same sum to the last digit. */
export function judgeMart({ loaded, staged, mart }: MartRow): Judgement {
  const wrong = additive.flatMap((metric) =>
    ([['staged', staged] as const, ['mart', mart] as const] as const)
      .filter(([, sums]) => compareDecimals(decimal(sums[metric]), decimal(loaded[metric])) !== 0)
      .map(([place, sums]) => ({ metric, place, sum: sums[metric] })),
  )
  const [first] = wrong
  return {
    outcome: first ? 'fail' : 'pass',
    tested: additive.length * 2,
    failed: wrong.length,
    value: first ? first.sum : loaded.cost,
    expectedLow: first ? loaded[first.metric] : loaded.cost,
    expectedHigh: first ? loaded[first.metric] : loaded.cost,
    facts: first
      ? { metric: first.metric, place: first.place, sum: first.sum, loaded: loaded[first.metric] }
      : { metric: 'cost', sum: loaded.cost },
  }
}

export function judgeIdentity({ rows, wrong }: MartRow): Judgement {
  return { outcome: wrong > 0 ? 'fail' : 'pass', tested: rows, failed: wrong, facts: { wrong, rows } }
}

export interface LevelsRow {
  readonly ways: number
  readonly compared: number
  readonly apart: number
  readonly example: string | null
  readonly way: string | null
  readonly cost: string | null
  readonly partCost: string | null
}

/** The statement has decided with the tolerances of the platform's own totals; of a campaign whose parts nobody reads nothing is said. */
export function judgeLevels({ ways, compared, apart, example, way, cost, partCost }: LevelsRow): Judgement {
  if (ways === 0) return skipped('no_details')
  return {
    outcome: apart > 0 ? 'fail' : 'pass',
    tested: compared,
    failed: apart,
    value: partCost,
    expectedLow: cost,
    expectedHigh: cost,
    facts: { apart, compared, example, way, cost, partCost },
  }
}

function minus(a: string, b: string): Decimal {
  const negated = b.startsWith('-') ? b.slice(1) : `-${b}`
  return normalised(addDecimals(decimal(a), decimal(negated)))
}

function digits(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : '0'
}
