import { z } from 'zod'
import { decimal, partitionState, source } from './contract-overview.ts'
import { civilDay } from './contract-runs.ts'

const currency = z.string().regex(/^[A-Z]{3}$/)
const sources = z.record(z.string(), source)

export const compareQuery = z.object({
  from: civilDay.optional(),
  to: civilDay.optional(),
  /** Left out: every amount in its account’s own currency, nothing converted. */
  currency: currency.optional(),
})

export const compareAnswer = z.object({
  from: civilDay,
  to: civilDay,
  currency: currency.nullable(),
  /** Those that amounts can be shown in. */
  currencies: z.array(currency),
  platforms: z.array(
    z.object({
      platform: z.string(),
      currency,
      accounts: z.number().int(),
      /** Their money could not be converted, so nothing of theirs is in the sums. */
      accountsWithoutRate: z.number().int(),
      provisional: z.boolean(),
      cost: decimal,
      impressions: decimal,
      clicks: decimal,
      linkClicks: decimal.nullable(),
      conversions: decimal,
      value: decimal.nullable(),
      ctr: decimal.nullable(),
      cpc: decimal.nullable(),
      cpa: decimal.nullable(),
      roas: decimal.nullable(),
      /** Of the cost in the same currency. */
      costShare: decimal.nullable(),
    }),
  ),
  /** Why a platform’s number must not, or only with care, stand beside another’s. */
  caveats: z.array(
    z.object({
      platform: z.string(),
      metric: z.string(),
      comparable: z.enum(['limited', 'not_comparable']),
      en: z.string(),
      ko: z.string(),
    }),
  ),
  restated: z.array(
    z.object({
      platform: z.string(),
      accountId: z.string(),
      date: civilDay,
      metric: z.enum(['cost', 'impressions', 'clicks', 'conversions']),
      currency: currency.nullable(),
      changes: z.number().int(),
      difference: decimal,
      now: decimal,
      /** Of what it was first; null where it was nothing. */
      share: decimal.nullable(),
      ageDays: z.number().int(),
    }),
  ),
  names: z.array(
    z.object({
      platform: z.string(),
      accountId: z.string(),
      name: z.string(),
      campaigns: z.number().int(),
      matched: z.number().int(),
      violations: z.number().int(),
      ambiguous: z.number().int(),
      /** Campaigns whose platform tells where their ads lead to, and those that lead back. */
      told: z.number().int(),
      leadBack: z.number().int(),
      /** Why the platform's addresses are not judged; null where they are. */
      whyUntold: z.object({ en: z.string(), ko: z.string() }).nullable(),
    }),
  ),
  sources,
})

export const maturityQuery = z.object({ horizon: z.coerce.number().int().min(1).max(90).default(28) })

export const maturityAnswer = z.object({
  horizon: z.number().int(),
  /** Shares of a day’s settled value by age; days of all accounts of a platform. */
  curve: z.array(
    z.object({
      platform: z.string(),
      metric: z.enum(['cost', 'impressions', 'clicks', 'conversions', 'conversion_value']),
      ageDays: z.number().int(),
      days: z.number().int(),
      share: z.number(),
      low: z.number(),
      high: z.number(),
    }),
  ),
  /** From which age on a metric is at rest; null: not within the horizon. */
  rest: z.array(
    z.object({
      platform: z.string(),
      metric: z.string(),
      ageDays: z.number().int().nullable(),
      /** No day was looked at younger than this. */
      youngestDays: z.number().int(),
      days: z.number().int(),
    }),
  ),
  sources,
})

export const coverageQuery = z.object({
  month: z
    .string()
    .regex(/^\d{4}-(?:0[1-9]|1[0-2])$/)
    .optional(),
})

export const coverageAnswer = z.object({
  month: z.string(),
  from: civilDay,
  to: civilDay,
  accounts: z.array(
    z.object({
      platform: z.string(),
      accountId: z.string(),
      name: z.string(),
      zone: z.string(),
      days: z.array(
        z.object({
          date: civilDay,
          state: partitionState,
          completeness: z.enum(['provisional', 'settling', 'final']).nullable(),
          rows: z.number().int(),
          /** Levels that are published, the campaign among them. */
          levels: z.number().int(),
        }),
      ),
    }),
  ),
  sources,
})
