import { z } from 'zod'
import { decimal, partitionState, source } from './contract-overview.ts'
import { civilDay, instant } from './contract-runs.ts'

export const qualityAnswer = z.object({
  date: civilDay,
  checks: z.array(
    z.object({
      checkId: z.string(),
      dimension: z.string(),
      /** Whether a failure keeps the day from being published. */
      blocking: z.boolean(),
      date: civilDay,
      pass: z.number().int(),
      warn: z.number().int(),
      fail: z.number().int(),
      /** Warned or failed of a check that only records: no verdict, worth looking up. */
      recorded: z.number().int(),
      skipped: z.number().int(),
      tested: z.string(),
      failing: z.string(),
    }),
  ),
  /** Of the day and the 29 before it, by platform: means over partitions as their newest checks left them; null is a gap, nothing was measured. */
  scores: z.array(
    z.object({
      date: civilDay,
      platform: z.string(),
      axis: z.enum(['completeness', 'accuracy', 'consistency', 'timeliness', 'validity', 'uniqueness', 'overall']),
      score: decimal.nullable(),
      /** Checks that measured something, and checks there are. */
      measured: z.number().int(),
      defined: z.number().int(),
    }),
  ),
  /** Accounts whose extract had other columns than its source's contract, as a difference: `-` gone, `+` new, `~` of another type. */
  contracts: z.array(
    z.object({
      platform: z.string(),
      accountId: z.string(),
      outcome: z.enum(['warn', 'fail']),
      lines: z.array(z.string()),
    }),
  ),
  samples: z.array(z.object({ checkId: z.string(), partition: z.string(), row: z.unknown() })),
  sources: z.record(z.string(), source),
})

export const connectorsAnswer = z.object({
  date: civilDay,
  from: civilDay,
  accounts: z.array(
    z.object({
      platform: z.string(),
      accountId: z.string(),
      name: z.string(),
      currency: z.string(),
      zone: z.string(),
      apiVersion: z.string().nullable(),
      lastAt: instant.nullable(),
      lastRows: z.string().nullable(),
      lastRequests: z.number().int().nullable(),
      /** Of thirty days, the oldest first. */
      states: z.array(partitionState),
      rows: z.number().int(),
    }),
  ),
  sources: z.record(z.string(), source),
})
