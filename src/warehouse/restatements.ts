import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { statement } from './statements.ts'
import type { Warehouse } from './warehouse.ts'

/** How one metric of one account's day was changed after it had been published, over all campaigns. */
export interface Restatement {
  readonly platform: string
  readonly accountId: string
  readonly date: Day
  readonly metric: 'cost' | 'impressions' | 'clicks' | 'conversions' | 'conversion_value'
  /** Of money; null for counts. */
  readonly currency: string | null
  /** Days between the day and the change; several when it changed more than once. */
  readonly ageDaysMin: number
  readonly ageDaysMax: number
  /** Numbers of single campaigns that changed. */
  readonly changes: number
  /** Sum of new minus old. `before` and `after` are sums of the numbers that changed, not of the whole day. */
  readonly difference: Decimal
  readonly before: Decimal
  readonly after: Decimal
  readonly lastAt: Date
}

export interface RestatementQuestion {
  readonly sinceMs: number
  readonly platforms?: readonly string[] | undefined
  readonly accountIds?: readonly string[] | undefined
}

/** What platforms changed of published days since an instant, from the ledger that every load writes. */
export function readRestatements(
  warehouse: Pick<Warehouse, 'query'>,
  { sinceMs, platforms, accountIds }: RestatementQuestion,
): Promise<readonly Restatement[]> {
  const values = [isoInstant(sinceMs), platforms ?? null, accountIds ?? null]
  return warehouse.query<Restatement & Readonly<Record<string, unknown>>>(statement('restatements'), values)
}
