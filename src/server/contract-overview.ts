import { z } from 'zod'
import { civilDay, instant } from './contract-runs.ts'

/** Exact decimal text: never a float, and nothing without its currency beside it. */
export const decimal = z.string().regex(/^-?\d+(\.\d+)?$/)

/** Where a figure comes from: what was asked, when, and how many rows the answer had. */
export const source = z.object({
  query: z.string(),
  values: z.array(z.string().nullable()),
  rows: z.number().int(),
  asOf: instant,
})

/** `missing` is of a day that is over and settled; before that it is `not_due`, and that is no fault. */
export const partitionState = z.enum(['published', 'stale', 'failed', 'missing', 'not_due'])

const partitionDay = z.object({
  date: civilDay,
  state: partitionState,
  rows: z.number().int(),
  completeness: z.enum(['provisional', 'settling', 'final']).nullable(),
  publishedAt: instant.nullable(),
  restated: z.number().int(),
  problem: z.string().nullable(),
})

const accountDays = z.object({
  platform: z.string(),
  accountId: z.string(),
  name: z.string(),
  currency: z.string(),
  zone: z.string(),
  /** Whether the rows of the day sum to the platform's own totals; null: it sent none. */
  totals: z.enum(['equal', 'different', 'unknown']),
  days: z.array(partitionDay),
})

/** Sums of one currency and the ratios of the sums; null where there is nothing to divide by. */
const moneyDay = z.object({
  currency: z.string(),
  cost: decimal,
  costBefore: decimal.nullable(),
  /** Median of the 28 days before. */
  costMedian: decimal.nullable(),
  conversions: decimal,
  conversionsBefore: decimal.nullable(),
  cpa: decimal.nullable(),
  cpaBefore: decimal.nullable(),
  roas: decimal.nullable(),
  roasBefore: decimal.nullable(),
  ctr: decimal.nullable(),
  ctrBefore: decimal.nullable(),
})

const mover = z.object({
  platform: z.string(),
  accountId: z.string(),
  currency: z.string(),
  campaignId: z.string(),
  campaignName: z.string(),
  cost: decimal,
  costChange: decimal,
  conversionsChange: decimal,
})

const qualityScore = z.object({
  dimension: z.enum(['completeness', 'accuracy', 'consistency', 'timeliness']),
  /** 0 to 100; null when nothing was judged. */
  score: decimal.nullable(),
  scoreBefore: decimal.nullable(),
  good: z.number().int(),
  judged: z.number().int(),
})

export const alert = z.object({
  at: instant,
  component: z.string(),
  severity: z.enum(['INFO', 'WARNING', 'ERROR']),
  code: z.string(),
  message: z.string(),
  count: z.number().int(),
  /** The run to look at, where there is one. */
  runId: z.string().nullable(),
})

/** What waits for a person. `about`: an incident's id, an account, or a connection. */
const action = z.object({
  kind: z.enum(['incident', 'load', 'renew']),
  platform: z.string().nullable(),
  accountId: z.string().nullable(),
  about: z.string(),
  date: civilDay,
  /** The check, the error's code, or the credential's name. */
  what: z.string(),
  /** What a usual day of it is worth, or what the incident says; null where nobody knows. */
  money: decimal.nullable(),
  currency: z.string().nullable(),
})

export const overview = z.object({
  date: civilDay,
  zone: z.string(),
  /** The newest day that is over in the project's zone. */
  yesterday: civilDay,
  asOf: instant,
  verdict: z.object({
    in: z.enum(['yes', 'no', 'not_yet']),
    right: z.enum(['yes', 'no', 'unknown']),
    published: z.number().int(),
    expected: z.number().int(),
    stale: z.number().int(),
    failed: z.number().int(),
    missing: z.number().int(),
    notDue: z.number().int(),
    checksFailed: z.number().int(),
    warned: z.number().int(),
    restated: z.number().int(),
  }),
  cards: z.object({
    pipeline: z.object({
      state: z.enum(['success', 'running', 'partial', 'failed', 'none']),
      /** Of the day's partitions, those that readers see: 0 to 100; null when none is expected. */
      percent: decimal.nullable(),
      seconds: z.number().nullable(),
      endedAt: instant.nullable(),
      runId: z.string().nullable(),
    }),
    quality: z.object({
      state: z.enum(['good', 'warn', 'bad', 'none']),
      score: decimal.nullable(),
      scoreBefore: decimal.nullable(),
      passed: z.number().int(),
      judged: z.number().int(),
      warned: z.number().int(),
      failed: z.number().int(),
    }),
    stream: z.object({
      state: z.enum(['normal', 'quiet', 'behind', 'none']),
      eventsPerHour: z.number().int(),
      waiting: z.number().int(),
      lastAt: instant.nullable(),
    }),
    models: z.object({
      state: z.enum(['fresh', 'old', 'failed', 'none']),
      models: z.number().int(),
      testsPassed: z.number().int(),
      testsFailed: z.number().int(),
      builtAt: instant.nullable(),
    }),
  }),
  accounts: z.array(accountDays),
  money: z.array(moneyDay),
  movers: z.array(mover),
  volume: z.array(z.object({ date: civilDay, platform: z.string(), rows: z.number().int() })),
  stages: z.array(
    z.object({
      at: instant,
      runId: z.string(),
      extraction: z.number().nullable(),
      transformation: z.number().nullable(),
      loading: z.number().nullable(),
    }),
  ),
  quality: z.array(qualityScore),
  alerts: z.array(alert),
  /** At most five, the dearest first. */
  actions: z.array(action),
  sources: z.record(z.string(), source),
})
