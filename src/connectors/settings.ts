import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { RetryPolicy } from './retry.ts'

/** A credential: visible ASCII without spaces, so that it can stand in a header and a pasted line break is noticed here. */
export const secret = z
  .string()
  .trim()
  .regex(/^[\x21-\x7e]+$/, 'must be one line without spaces')

/** How patient a connection is; the same options for every platform that is reached over the network. */
export const limits = {
  timeoutSeconds: z.number().positive().default(120).describe('Longest silence of the platform within one answer.'),
  attemptsMax: z.int().min(1).max(6).default(6).describe('Calls in all when the platform fails in passing.'),
  quotaWaitSecondsMax: z
    .number()
    .nonnegative()
    .default(120)
    .describe('Longest wait for a quota; after a longer one the slice is left for a later run.'),
}

/** How patient a connection is, and whose budgets it counts against: connections with the same credential share them. */
export function policyOf(
  given: { readonly attemptsMax: number; readonly quotaWaitSecondsMax: number },
  credential: string | undefined,
): RetryPolicy {
  const fingerprint = credential && createHash('sha256').update(credential).digest('hex').slice(0, 16)
  return {
    attemptsMax: given.attemptsMax,
    quotaWaitMsMax: given.quotaWaitSecondsMax * 1000,
    credential: fingerprint || undefined,
  }
}
