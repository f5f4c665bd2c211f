import { z } from 'zod'
import { decimal, source } from './contract-overview.ts'
import { civilDay } from './contract-runs.ts'

const campaignSorts = ['cost', 'impressions', 'clicks', 'conversions', 'ctr', 'cpa', 'name'] as const

export const campaignQuery = z.object({
  from: civilDay.optional(),
  to: civilDay.optional(),
  platform: z.string().max(40).optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
  /** Text that the name or the id contains. */
  q: z.string().max(200).optional(),
  /** A list that was pasted: only campaigns whose id or name is in it. */
  selection: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  sort: z.enum(campaignSorts).default('cost'),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
})

const sums = {
  currency: z.string(),
  cost: decimal,
  impressions: decimal,
  clicks: decimal,
  conversions: decimal,
  ctr: decimal.nullable(),
  cpc: decimal.nullable(),
  cvr: decimal.nullable(),
  cpa: decimal.nullable(),
  roas: decimal.nullable(),
  costBefore: decimal.nullable(),
}

const campaignRow = z.object({
  platform: z.string(),
  accountId: z.string(),
  accountName: z.string(),
  campaignId: z.string(),
  campaignName: z.string(),
  /** Some of its days may still be changed by the platform. */
  provisional: z.boolean(),
  ...sums,
})

export const campaignAnswer = z.object({
  from: civilDay,
  to: civilDay,
  beforeFrom: civilDay,
  beforeTo: civilDay,
  /** Of all that match, shown or not. */
  count: z.number().int(),
  totals: z.array(z.object({ campaigns: z.number().int(), ...sums })),
  rows: z.array(campaignRow),
  sources: z.record(z.string(), source),
})

export const selectionBody = z.object({ names: z.array(z.string().max(500)).min(1).max(10_000) })
