import type { Day, DayRange } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Platform } from '../domain/platform.ts'
import type { Restatement } from './restatements.ts'
import { statement } from './statements.ts'
import type { Warehouse } from './warehouse.ts'

/** What a day was worth from a moment on, until the next of its steps. */
export interface SeenValue extends Readonly<Record<string, unknown>> {
  readonly platform: Platform
  readonly accountId: string
  readonly date: Day
  readonly metric: Restatement['metric']
  readonly currency: string
  /** When the platform was asked. */
  readonly askedAt: Date
  /** Days between the day and that moment, in the account's zone: the k of "day D as seen on D+k". */
  readonly ageDays: number
  readonly value: Decimal
}

interface Choice {
  readonly platforms?: readonly string[] | undefined
  readonly accountIds?: readonly string[] | undefined
}

/** The steps of each account's days, from the ledger that every load writes; the first is the first publication. */
export function readSeenValues(
  warehouse: Pick<Warehouse, 'query'>,
  { since, until, platforms, accountIds }: DayRange & Choice,
): Promise<readonly SeenValue[]> {
  return warehouse.query<SeenValue>(statement('maturity-seen'), [since, until, platforms ?? null, accountIds ?? null])
}

/** How much of its settled value a day of this age had, as readers saw it. Shares are statistics, not money. */
export interface MaturityPoint extends Readonly<Record<string, unknown>> {
  readonly platform: Platform
  readonly metric: Restatement['metric']
  readonly ageDays: number
  /** Days of accounts that the point is made of. */
  readonly days: number
  /** Median; and what the tenth and the ninetieth of hundred days had. */
  readonly share: number
  readonly low: number
  readonly high: number
}

/** Ages are followed so far: the longest time in which a platform usually restates. */
export const horizonDaysDefault = 28

export function readMaturityCurve(
  warehouse: Pick<Warehouse, 'query'>,
  { horizonDays, platforms, accountIds }: Choice & { readonly horizonDays: number },
): Promise<readonly MaturityPoint[]> {
  const values = [String(horizonDays), platforms ?? null, accountIds ?? null]
  return warehouse.query<MaturityPoint>(statement('maturity-curve'), values)
}

/** From which age on a metric of a platform may be trusted, from what was seen. */
export interface ProvisionalUntil {
  readonly platform: Platform
  readonly metric: Restatement['metric']
  /** Null: within the horizon it never came to rest. */
  readonly ageDays: number | null
  /** No day was looked at younger than this: a metric at rest from then on may have been at rest before. */
  readonly youngestDays: number
  readonly days: number
}

/** A value has come to rest when eight of ten days are this near to their settled value, and stay so. */
export const restTolerance = 0.005

/** Pure: the youngest age from which on a curve stays within the tolerance. */
export function provisionalUntil(
  curve: readonly MaturityPoint[],
  tolerance: number = restTolerance,
): readonly ProvisionalUntil[] {
  const curves = Map.groupBy(curve, (one) => `${one.platform}|${one.metric}`)
  return [...curves.values()].flatMap((points): readonly ProvisionalUntil[] => {
    const sorted = points.toSorted((a, b) => a.ageDays - b.ageDays)
    const [first] = sorted
    if (!first) return []
    const isAtRest = ({ low, high }: MaturityPoint) => low >= 1 - tolerance && high <= 1 + tolerance
    const last = sorted.findLastIndex((point) => !isAtRest(point))
    const days = Math.min(...sorted.map((one) => one.days))
    const { platform, metric, ageDays: youngestDays } = first
    return [{ platform, metric, ageDays: sorted[last + 1]?.ageDays ?? null, youngestDays, days }]
  })
}
