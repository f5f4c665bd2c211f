import { z } from 'zod'
import { civilDay, instant } from './contract-runs.ts'

const incidentState = z.enum(['open', 'acknowledged', 'resolved'])
const severity = z.enum(['info', 'warn', 'error', 'critical'])

export const incident = z.object({
  incidentId: z.uuid(),
  state: incidentState,
  severity,
  checkId: z.string(),
  platform: z.string(),
  /** Null: the platform as a whole. */
  accountId: z.string().nullable(),
  firstDay: civilDay,
  lastDay: civilDay,
  openedAt: instant,
  changedAt: instant,
  resolvedAt: instant.nullable(),
  reopened: z.number().int(),
  owner: z.string().nullable(),
  members: z.number().int(),
})

export const incidentQuery = z.object({
  /** Those that are over, too. */
  all: z.stringbool().default(false),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

export const incidentAnswer = z.object({
  incident,
  /** What the message of it says, in the language that was asked for. */
  text: z.string(),
  members: z.array(
    z.object({
      checkId: z.string(),
      accountId: z.string().nullable(),
      seriesKey: z.string(),
      severity,
      firing: z.boolean(),
      /** Why it was not told by itself; null: it was. */
      heldBy: z.string().nullable(),
      firstDay: civilDay,
      lastDay: civilDay,
    }),
  ),
  timeline: z.array(
    z.object({
      seq: z.number().int(),
      at: instant,
      kind: z.string(),
      /** Null: Millrace itself. */
      by: z.string().nullable(),
      text: z.string().nullable(),
    }),
  ),
})

/** What somebody does to an incident; a comment wants a text. */
export const incidentDeed = z
  .object({
    event: z.enum(['acknowledge', 'resolve', 'comment']),
    text: z.string().trim().max(2_000).default(''),
  })
  .refine(({ event, text }) => event !== 'comment' || text !== '', {
    message: 'a comment wants a text',
    path: ['text'],
  })
