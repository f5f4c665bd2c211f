import { z } from 'zod'
import type { Routes } from './contract-role.ts'
import { civilDay, instant } from './contract-runs.ts'

const reprocess = z.enum(['missing', 'failed', 'stale', 'all'])

/** Which days of which accounts: what a plan is asked with, and what is started. */
const backfillChoice = z.object({
  since: civilDay,
  until: civilDay,
  reprocess: reprocess.default('missing'),
  platform: z.string().max(40).optional(),
  account: z.string().max(100).optional(),
  /** Runs at a time. */
  runs: z.coerce.number().int().min(1).max(16).default(3),
})

const backfillPlan = z.object({
  /** Newest first. */
  days: z.array(z.object({ date: civilDay, accounts: z.array(z.string()) })),
  partitions: z.number().int(),
  questions: z.array(
    z.object({
      platform: z.string(),
      planned: z.number().int(),
      /** Asked since midnight in UTC. */
      usedToday: z.number().int(),
      /** Null: the platform names no number of a day. */
      perDayMax: z.number().int().nullable(),
    }),
  ),
  /** By how long runs took here lately; null when there were none. */
  minutes: z.number().nullable(),
})

const backfill = z.object({
  backfillId: z.uuid(),
  pipeline: z.string(),
  since: civilDay,
  until: civilDay,
  reprocess,
  state: z.enum(['running', 'paused', 'cancelled', 'done']),
  createdAt: instant,
  done: z.number().int(),
  failed: z.number().int(),
  open: z.number().int(),
})

/** Backfills that workers carry out. */
export const backfillRoutes = {
  'GET /api/v1/backfills': {
    role: 'viewer',
    summary: 'Backfills with how far each is, newest first',
    response: z.object({ backfills: z.array(backfill) }),
  },
  'GET /api/v1/backfills/plan': {
    role: 'operator',
    summary: 'What a backfill would do, without doing it: its days, questions to the platforms, minutes',
    query: backfillChoice,
    response: backfillPlan,
  },
  'POST /api/v1/backfills': {
    role: 'operator',
    summary: 'Queues a run for each day of the plan, newest first, behind today’s',
    body: backfillChoice,
    response: z.object({ backfillId: z.uuid(), days: z.number().int() }),
  },
  'POST /api/v1/backfills/:backfillId': {
    role: 'operator',
    summary: 'Pauses a backfill, goes on with it, or stops it for good',
    params: z.object({ backfillId: z.uuid() }),
    body: z.object({ action: z.enum(['pause', 'resume', 'cancel']) }),
    response: z.object({ ok: z.boolean() }),
  },
  'GET /api/v1/pipelines': {
    role: 'viewer',
    summary: 'Pipelines, and whether the schedule of each is paused',
    response: z.object({ pipelines: z.array(z.object({ pipeline: z.string(), paused: z.boolean() })) }),
  },
  'POST /api/v1/pipelines/:pipeline': {
    role: 'operator',
    summary: 'Pauses a pipeline’s schedule or goes on with it; while paused, only runs made by hand begin',
    params: z.object({ pipeline: z.string().max(200) }),
    body: z.object({ paused: z.boolean() }),
    response: z.object({ ok: z.boolean() }),
  },
} as const satisfies Routes
