import { z } from 'zod'
import { source } from './contract-overview.ts'
import { civilDay, instant } from './contract-runs.ts'

export const liveQuery = z.object({
  minutes: z.coerce.number().int().min(5).max(180).default(15),
  campaign: z.string().max(64).optional(),
})

/** Live counters: exact, each event once. Counts and money are exact decimal text. */
export const liveAnswer = z.object({
  asOf: instant,
  minutes: z.array(z.object({ at: instant, impressions: z.string(), clicks: z.string(), conversions: z.string() })),
  campaigns: z.array(
    z.object({
      date: civilDay,
      zone: z.string(),
      platform: z.string(),
      accountId: z.string(),
      campaignId: z.string(),
      /** Empty: the account's own. */
      currency: z.string(),
      impressions: z.string(),
      clicks: z.string(),
      conversions: z.string(),
      revenue: z.string(),
      cost: z.string(),
      ctr: z.string().nullable(),
      roas: z.string().nullable(),
      /** Whose cost it is, which roas rests on: what the events said, or what the platform said of the running day. Null: nobody said one. */
      costSource: z.enum(['events', 'provisional']).nullable(),
      costAsOf: instant.nullable(),
      /** Why a cost gives no roas: the platform's cost is of its whole day so far, and only a part of that was watched. */
      roasWhy: z.enum(['part_watched']).nullable(),
    }),
  ),
  partitions: z.array(
    z.object({
      topic: z.string(),
      partition: z.number().int(),
      records: z.string(),
      duplicates: z.string(),
      invalid: z.string(),
      late: z.string(),
      watermark: instant.nullable(),
      committedAt: instant.nullable(),
      /** Null where the log is not the warehouse's. */
      waiting: z.string().nullable(),
      running: z.boolean().nullable(),
    }),
  ),
  reconciled: z.array(
    z.object({
      day: civilDay,
      kind: z.enum(['lake', 'platform']),
      outcome: z.enum(['equal', 'adjusted', 'within', 'outside', 'not_measured']),
      campaigns: z.number().int(),
      differing: z.number().int(),
      detail: z.string(),
      at: instant,
    }),
  ),
  sources: z.record(z.string(), source),
})

/** A look at the newest records of the log, never all of them: the counters count, this shows. */
export const liveEventsAnswer = z.object({
  asOf: instant,
  /** Records in the log since it began to be kept, up to now. */
  end: z.number(),
  events: z.array(
    z.object({
      at: instant,
      type: z.string(),
      platform: z.string(),
      campaignId: z.string(),
      device: z.string(),
      geo: z.string(),
    }),
  ),
})
