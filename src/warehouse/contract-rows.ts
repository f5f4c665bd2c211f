import type { AdAccount } from '../domain/account.ts'
import type { Day } from '../domain/day.ts'
import { day, timeZone } from '../domain/day.ts'
import { decimal } from '../domain/decimal.ts'
import type { DailyMetric, ExtractRecord } from '../domain/metric.ts'
import { currency } from '../domain/money.ts'
import type { Audit, LoadRequest } from './warehouse.ts'

/* Rows, extracts and audits that the contract and the programs it kills have in common. */

export const account: AdAccount = {
  platform: 'google_ads',
  accountId: '1234567890',
  name: 'Acme 아크메',
  currency: currency('KRW'),
  zone: timeZone('Asia/Seoul'),
}

export const dayOne = day('2026-05-01')
export const dayTwo = day('2026-05-02')
export const passAll: Audit = (_session, stage) => Promise.resolve(stage.days.map((date) => ({ date, refusedBy: [] })))

export const refuse =
  (...refused: readonly Day[]): Audit =>
  (_session, stage) =>
    Promise.resolve(stage.days.map((date) => ({ date, refusedBy: refused.includes(date) ? ['ads.nonneg'] : [] })))

export function extractOf(sequence: number, days: readonly Day[] = [dayOne]): ExtractRecord {
  return {
    platform: account.platform,
    accountId: account.accountId,
    level: 'campaign',
    breakdownKey: '',
    kind: 'refresh',
    since: days[0] ?? dayOne,
    until: days.at(-1) ?? dayOne,
    extractId: `0190a000-0000-7000-8000-${String(sequence).padStart(12, '0')}`,
    requestedAtMs: 1_780_000_000_000 + sequence * 1_000,
    finishedAtMs: 1_780_000_000_500 + sequence * 1_000,
    rows: 0,
    apiVersion: 'v25',
    requestIds: ['r1', 'r2'],
    controlTotals: { cost: decimal('1.5') },
    mapVersion: 1,
    rawKeys: { [dayOne]: 'raw/google_ads/2026-05-01/1234567890/campaign_data-x.parquet' },
  }
}

export function row(entityId: string, date: Day = dayOne, changes: Partial<DailyMetric> = {}): DailyMetric {
  return {
    entityId,
    date,
    currency: account.currency,
    cost: decimal('10.5'),
    impressions: decimal('100'),
    clicks: decimal('7'),
    linkClicks: decimal('6'),
    videoViews: null,
    conversions: decimal('1.25'),
    conversionValue: decimal('3'),
    ...changes,
  }
}

async function* batches(rows: readonly DailyMetric[]): AsyncGenerator<readonly DailyMetric[]> {
  for (let at = 0; at < rows.length; at += 3) yield rows.slice(at, at + 3)
  await Promise.resolve()
}

export function requestOf(
  sequence: number,
  rows: readonly DailyMetric[],
  changes: Partial<LoadRequest> = {},
): LoadRequest {
  const days = changes.days ?? [dayOne]
  return { extract: extractOf(sequence, days), account, days, rows: batches(rows), audit: passAll, ...changes }
}

/** Rows whose number and sum name their seed and version: any mixture of two versions has the sum of none. */
export function crashRows(seed: number, version: number): readonly DailyMetric[] {
  return Array.from({ length: 10 + (version % 3) }, (_, at) =>
    row(String(at + (version % 2)), dayOne, { cost: decimal(String(seed * 10_000 + version)) }),
  )
}
