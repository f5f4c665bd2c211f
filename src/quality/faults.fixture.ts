import { addDays, dayEndMs, timeZone } from '../domain/day.ts'
import { addDecimals } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { StagedRow, Staging } from './fixture.ts'
import { cleanMonth, settleMs, totalsOf } from './fixture.ts'

/** Bends a clean slice as a fault on the way would. */
export type Corruption = (staging: Staging) => void

const row = (staging: Staging, at: number): StagedRow => staging.rows[at]!

/** Totals follow the rows, so that only the corruption itself is seen and not the sum. */
const retotalled =
  (corrupt: Corruption): Corruption =>
  (staging) => {
    corrupt(staging)
    staging.controlTotals = totalsOf(staging.rows)
  }

const ofLastDay = (staging: Staging) => staging.rows.filter((one) => one.date === staging.until)

/** At least three faults of every blocking check, by its id: each must be found by that check on a month in which it finds nothing. */
export const plantedFaults: Readonly<Record<string, Readonly<Record<string, Corruption>>>> = {
  'ads.unique_grain': {
    'a page that came twice': retotalled((s) => s.rows.push(...s.rows.slice(0, 20).map((one) => ({ ...one })))),
    'one campaign twice with other numbers': retotalled((s) => s.rows.push({ ...row(s, 3), clicks: '1', cost: '1' })),
    'a row without an id': retotalled((s) => void (row(s, 5).entityId = null)),
    'an empty id': retotalled((s) => void (row(s, 5).entityId = '')),
    'two rows without an id': retotalled((s) => {
      row(s, 5).entityId = null
      row(s, 6).entityId = null
    }),
  },
  'ads.empty_partition': {
    'the newest day is missing': retotalled((s) => void (s.rows = s.rows.filter((one) => one.date !== s.until))),
    'the second half of the slice is missing': retotalled((s) => void s.rows.splice(s.rows.length / 2)),
    'nothing came at all': retotalled((s) => void (s.rows = [])),
  },
  'ads.control_total': {
    'a lost row': (s) => void s.rows.splice(100, 1),
    'a micro of cost in a month': (s) =>
      void (row(s, 7).cost = addDecimals(row(s, 7).cost as Decimal, '0.000001' as Decimal)),
    'one click moved away': (s) => void (row(s, 9).clicks = String(Number(row(s, 9).clicks) + 1)),
    'an impression beyond what a double can tell': (s) => {
      row(s, 0).impressions = '9007199254740993'
      s.controlTotals = {
        ...totalsOf(s.rows),
        impressions: addDecimals(totalsOf(s.rows).impressions!, '-1' as Decimal),
      }
    },
    'a tenth of a conversion': (s) =>
      void (row(s, 9).conversions = addDecimals(row(s, 9).conversions as Decimal, '0.1' as Decimal)),
  },
  'ads.currency': {
    'micros that were not converted': retotalled((s) => {
      for (const one of s.rows) one.cost = String(BigInt(Math.round(Number(one.cost) * 1_000_000)))
    }),
    'cost divided by a million twice': retotalled((s) => {
      for (const one of s.rows) one.cost = (Number(one.cost) / 1_000_000).toFixed(6)
      for (const one of s.rows) one.clicks = '1'
    }),
    'one row in another currency': retotalled((s) => void (row(s, 11).currency = 'JPY')),
    'lower case': retotalled((s) => s.rows.forEach((one) => (one.currency = one.currency.toLowerCase()))),
    'an account in a currency that no standard has': retotalled((s) => {
      s.account = { ...s.account, currency: 'XQX' as Staging['account']['currency'] }
      for (const one of s.rows) one.currency = 'XQX'
    }),
  },
  'ads.nonneg': {
    'negative impressions': retotalled((s) => {
      row(s, 2).impressions = '-1'
      row(s, 2).clicks = '-1'
    }),
    'negative clicks': retotalled((s) => void (row(s, 2).clicks = '-3')),
    'negative conversions': retotalled((s) => void (row(s, 2).conversions = '-0.000001')),
    'a cost that is no number': (s) => {
      row(s, 2).cost = 'NaN'
      s.controlTotals = null
    },
  },
  'ads.ctr_range': {
    'clicks and impressions exchanged': retotalled((s) => {
      for (const one of s.rows) [one.clicks, one.impressions] = [one.impressions, one.clicks]
    }),
    'one click too many in a small day': retotalled((s) => {
      row(s, 0).impressions = '5'
      row(s, 0).clicks = '6'
    }),
    'a row with a thousand times its clicks': retotalled((s) => {
      row(s, 4).clicks = String(Number(row(s, 4).impressions) * 1000)
    }),
  },
  'ads.clicks_le_impressions': {
    'clicks without any impression': retotalled((s) => {
      row(s, 0).impressions = '0'
      row(s, 0).clicks = '11'
    }),
    'impressions lost': retotalled((s) => {
      for (const one of ofLastDay(s)) one.impressions = '0'
      for (const one of ofLastDay(s)) one.clicks = '1'
    }),
    'eleven clicks too many': retotalled((s) => void (row(s, 0).clicks = String(Number(row(s, 0).impressions) + 11))),
  },
  'ads.date_boundary': {
    'the day has not ended': (s) => void (s.nowMs = dayEndMs(s.until, s.account.zone) - 1),
    'the platform has not settled': (s) => void (s.nowMs = dayEndMs(s.until, s.account.zone) + settleMs - 1),
    'closed in Seoul, still running in Los Angeles': (s) => {
      s.nowMs = dayEndMs(s.until, timeZone('Asia/Seoul')) + settleMs
      s.account = { ...s.account, zone: timeZone('America/Los_Angeles') }
    },
  },
  'ads.future_or_old_date': {
    'a row of the day after': retotalled((s) => void (row(s, 0).date = addDays(s.until, 1))),
    'a row of last year': retotalled((s) => void (row(s, 0).date = addDays(s.until, -365))),
    'a row without a date': retotalled((s) => void (row(s, 0).date = null)),
    'a run whose clock is a week behind': (s) => void (s.nowMs = dayEndMs(addDays(s.until, -7), s.account.zone)),
  },
  'ads.schema_drift': {
    'a required column is gone': (s) => void (s.facts = { drift: { removed: ['clicks'], mistyped: [], added: [] } }),
    'a number became text': (s) => {
      const mistyped = [{ name: 'cost_micros', type: 'bigint' as const, rows: 9, example: '1,234' }]
      s.facts = { drift: { removed: [], mistyped, added: [] } }
    },
    'a column was renamed': (s) =>
      void (s.facts = { drift: { removed: ['spend'], mistyped: [], added: ['amount_spent'] } }),
  },
}

/** The past of the same account: the four weeks before the slice, delivered as well as the slice was before it was bent. */
export function pastOf(seed: number, staging: Staging): Staging {
  return cleanMonth(seed, addDays(staging.since, -28), 28)
}
