import { isoInstant } from '../domain/clock.ts'
import { addDays, dayAt, dayEndMs, isClosed } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { currency } from '../domain/money.ts'
import type { Check, CheckInput, Judgement, SliceFacts, Tolerance } from './check.ts'
import { judgeRows, judgeWithin } from './check.ts'
import { judgeTotals } from './control-total.ts'
import type { Fragment } from './fragment.ts'
import { identifier, joined, sql } from './fragment.ts'

/**
 * A platform counts impressions and clicks in two systems; a handful of clicks more than impressions is theirs, not a fault of
 * the load. One tolerance for both checks that see it, because they are one fact: ctr > 1 exactly when clicks > impressions.
 */
const clickTolerance: Tolerance = { failedPerMille: 1, excessMax: 10 }

const clicks = identifier('clicks')
const impressions = identifier('impressions')
const cost = identifier('cost')
const conversions = identifier('conversions')
const entityId = identifier('entity_id')

const clickExcess = (): Fragment => sql`${clicks} - ${impressions}`

/**
 * The blocking checks of a staged partition, and one that only informs. A table, so that docs, screens and messages read the
 * same list; the sentences of each are in builtin-words.ts.
 */
export const builtinChecks = [
  {
    id: 'ads.unique_grain',
    dimension: 'uniqueness',
    severity: 'critical',
    blocking: true,
    samples: (stage) =>
      sql`coalesce(${entityId}, '') = '' or (date, ${entityId}) in (select date, ${entityId} from ${stage} group by 1, 2 having count(*) > 1)`,
    judge: ({ partition }) => {
      // Rows without an id are not distinct from anything: they count as doubles, where a plain key comparison would miss them.
      const failed = partition.rows - partition.distinctEntities
      return { outcome: failed > 0 ? 'fail' : 'pass', tested: partition.rows, failed }
    },
  },
  {
    id: 'ads.empty_partition',
    dimension: 'completeness',
    severity: 'critical',
    blocking: true,
    judge: judgeEmptiness,
  },
  {
    id: 'ads.control_total',
    dimension: 'accuracy',
    severity: 'critical',
    blocking: true,
    judge: ({ slice }) => judgeTotals(slice),
  },
  {
    id: 'ads.currency',
    dimension: 'conformity',
    severity: 'critical',
    blocking: true,
    rows: { fails: (slice) => sql`${identifier('currency')} is distinct from ${slice.currency}` },
    judge: judgeCurrency,
  },
  {
    id: 'ads.nonneg',
    dimension: 'conformity',
    severity: 'error',
    blocking: true,
    rows: {
      fails: () =>
        joined(
          [
            sql`${impressions} < 0`,
            sql`${clicks} < 0`,
            sql`${conversions} < 0`,
            sql`'NaN' in (${cost}, ${conversions})`,
          ],
          ' or ',
        ),
      warns: () => sql`${cost} < 0`,
    },
    judge: judgeRows,
  },
  {
    id: 'ads.ctr_range',
    dimension: 'conformity',
    severity: 'error',
    blocking: true,
    rows: {
      fails: () => sql`${clicks} > ${impressions} and ${impressions} > 0`,
      excess: clickExcess,
    },
    judge: judgeWithin(clickTolerance),
  },
  {
    id: 'ads.clicks_le_impressions',
    dimension: 'consistency',
    severity: 'error',
    blocking: true,
    rows: { fails: () => sql`${clicks} > ${impressions}`, excess: clickExcess },
    judge: judgeWithin(clickTolerance),
  },
  {
    id: 'ads.date_boundary',
    dimension: 'timeliness',
    severity: 'error',
    blocking: true,
    judge: judgeBoundary,
  },
  {
    id: 'ads.future_or_old_date',
    dimension: 'conformity',
    severity: 'error',
    blocking: true,
    judge: judgeDate,
  },
  {
    id: 'ads.schema_drift',
    dimension: 'conformity',
    severity: 'error',
    blocking: true,
    judge: ({ slice }) => judgeDrift(slice),
  },
  {
    id: 'ads.fx_present',
    dimension: 'completeness',
    severity: 'error',
    // Amounts in their own currency are right without a rate; only their conversion waits for one.
    blocking: false,
    judge: judgeRate,
  },
  {
    id: 'ads.utm_coverage',
    dimension: 'completeness',
    severity: 'warn',
    blocking: false,
    judge: judgeUtm,
  },
  {
    id: 'ads.bot_like',
    dimension: 'conformity',
    severity: 'info',
    blocking: false,
    rows: {
      fails: () => sql`false`,
      warns: () => sql`${impressions} >= 100 and ${clicks} * 2 > ${impressions}`,
    },
    judge: judgeRows,
  },
] as const satisfies readonly Check[]

export type BuiltinId = (typeof builtinChecks)[number]['id']

/** Days before the judged one whose row counts say whether an account usually delivers. */
const emptinessDays = 7

function judgeEmptiness({ partition, slice }: CheckInput): Judgement {
  if (partition.rows > 0) return { outcome: 'pass', tested: 1, failed: 0, value: String(partition.rows) }
  // Already published as empty: this is the same state again, and a repeated load must do what the first one did.
  if (slice.past.rows.get(partition.date) === 0) return { outcome: 'pass', tested: 1, failed: 0, value: '0' }
  // Rows of a later day in the same answer: the platform had this day ready and had nothing to tell, as on a weekend off.
  const believed = [...slice.staged.keys()].some((date) => date > partition.date)
  const before = Array.from({ length: emptinessDays }, (_, index) => addDays(partition.date, -1 - index))
  const median = middle(before.map((date) => rowsOf(date, slice)))
  const missing = median > 0 && !believed
  return {
    outcome: missing ? 'fail' : 'pass',
    tested: 1,
    failed: missing ? 1 : 0,
    value: '0',
    expectedLow: missing ? '1' : '0',
    facts: { median, believed },
  }
}

/** Days of the slice count as staged, so that thirty days in one slice are judged as they would be one after another. */
function rowsOf(date: Day, { staged, past, extract }: SliceFacts): number {
  const inside = date >= extract.since && date <= extract.until
  return (inside ? staged.get(date) : past.rows.get(date)) ?? 0
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** Median cost per click may move by less than this factor in 28 days; forgotten micros move it by a million. */
const ratioMax = 1000

function judgeCurrency({ partition, slice, counts }: CheckInput): Judgement {
  const staged = partition.medianCostPerClick
  const published = slice.past.medianCostPerClick
  const ratio = staged !== null && published !== null && published > 0 ? staged / published : null
  const shifted = ratio !== null && (ratio > ratioMax || ratio < 1 / ratioMax)
  const unknown = !isKnownCurrency(slice.account.currency)
  return {
    outcome: counts.fails > 0 || shifted || unknown ? 'fail' : 'pass',
    tested: partition.rows,
    failed: unknown || shifted ? partition.rows : counts.fails,
    value: ratio === null ? null : String(Number(ratio.toPrecision(6))),
    expectedLow: String(1 / ratioMax),
    expectedHigh: String(ratioMax),
    facts: {
      currency: slice.account.currency,
      problem: unknown ? 'unknown' : counts.fails > 0 ? 'other' : shifted ? 'magnitude' : 'none',
      ratio: ratio === null ? null : Number(ratio.toPrecision(6)),
    },
  }
}

function isKnownCurrency(code: string): boolean {
  try {
    currency(code)
    return true
  } catch (error) {
    if (error instanceof MillraceError) return false
    throw error
  }
}

function judgeBoundary({ partition: { date }, slice }: CheckInput): Judgement {
  const { zone } = slice.account
  const closed = isClosed(date, zone, slice.nowMs, slice.settleMs)
  const closesAt = isoInstant(dayEndMs(date, zone) + slice.settleMs)
  return { outcome: closed ? 'pass' : 'fail', tested: 1, failed: closed ? 0 : 1, facts: { zone, closesAt } }
}

function judgeDate({ partition: { date, rows }, slice }: CheckInput): Judgement {
  const today = dayAt(slice.nowMs, slice.account.zone)
  const outside = date > today || date < slice.extract.since || date > slice.extract.until
  const failed = (outside ? rows : 0) + slice.strayRows
  return {
    outcome: outside || failed > 0 ? 'fail' : 'pass',
    tested: rows + slice.strayRows,
    failed,
    facts: { since: slice.extract.since, until: slice.extract.until, today, strayRows: slice.strayRows },
  }
}

function judgeDrift({ drift }: SliceFacts): Judgement {
  if (!drift) return { outcome: 'skipped', tested: 0, failed: 0, facts: { reason: 'columns_not_counted' } }
  const broken = drift.removed.length + drift.mistyped.length
  const vanished = drift.vanished ?? []
  return {
    outcome: broken > 0 ? 'fail' : drift.added.length + vanished.length > 0 ? 'warn' : 'pass',
    tested: 1,
    failed: broken > 0 ? 1 : 0,
    facts: {
      removed: listed(drift.removed),
      mistyped: listed(
        drift.mistyped.map((one) => `${one.name} (${one.type}${one.example === null ? '' : `, "${one.example}"`})`),
      ),
      added: listed(drift.added),
      ...(vanished.length > 0 && { vanished: listed(vanished) }),
    },
  }
}

/** Points of a hundred by which the share of clicks that lead back may fall from one week to the next day. */
const utmDropMax = 10

function judgeUtm({ partition: { date }, slice: { utm } }: CheckInput): Judgement {
  const skipped = (reason: string): Judgement => ({ outcome: 'skipped', tested: 0, failed: 0, facts: { reason } })
  if (utm === null) return skipped('no_url_fields')
  const share = utm.byDay.get(date)
  if (share === undefined) return skipped('no_clicks')
  const before = utm.before
  const drop = before === null ? 0 : (before - share) * 100
  const points = (value: number) => Number((value * 100).toFixed(2))
  return {
    outcome: drop > utmDropMax ? 'warn' : 'pass',
    tested: 1,
    failed: drop > utmDropMax ? 1 : 0,
    value: String(points(share)),
    expectedLow: before === null ? null : String(Math.max(0, points(before) - utmDropMax)),
    facts: { share: points(share), before: before === null ? null : points(before) },
  }
}

function judgeRate({ partition: { date, rows }, slice: { account, ratedDays } }: CheckInput): Judgement {
  if (ratedDays === null) return { outcome: 'skipped', tested: 0, failed: 0, facts: { reason: 'no_rates_loaded' } }
  const missing = rows > 0 && !ratedDays.has(date)
  const facts = { currency: account.currency, date }
  return { outcome: missing ? 'fail' : 'pass', tested: 1, failed: missing ? 1 : 0, facts }
}

/** A list for a message: at most ten, the rest as a count, because a payload can have thousands of new keys. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ')
  return names.length > 10 ? `${shown}, +${names.length - 10}` : shown || '–'
}
