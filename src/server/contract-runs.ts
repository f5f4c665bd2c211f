import { z } from 'zod'

/** Ends and states of runs and tasks, of the engine and of runs that a command carried out itself. */
export const runState = z.enum(['queued', 'running', 'cancelling', 'success', 'partial', 'failed', 'cancelled'])

const taskState = z.enum([
  'waiting',
  'ready',
  'running',
  'success',
  'unchanged',
  'failed',
  'upstream_failed',
  'skipped',
  'cancelled',
])

/** Instants are ISO 8601 in UTC; days are `YYYY-MM-DD` of the account's or the pipeline's zone and are never shifted. */
export const instant = z.iso.datetime()
export const civilDay = z.iso.date()

export const run = z.object({
  runId: z.uuid(),
  pipeline: z.string(),
  kind: z.string(),
  since: z.string(),
  until: z.string(),
  state: runState,
  queuedAt: instant,
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  /** `engine`: by the scheduler's queue; `direct`: by a command in the foreground, which has no tasks of its own. */
  source: z.enum(['engine', 'direct']),
  /** Attempts whose worker was no longer heard of; each was taken over by another, or failed after too many. */
  attemptsLost: z.number().int(),
})

const attempt = z.object({
  attempt: z.number().int(),
  state: z.string(),
  worker: z.string(),
  errorClass: z.string().nullable(),
  error: z.unknown(),
  exitCode: z.number().int().nullable(),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  retryAt: z.string().nullable(),
})

export const task = z.object({
  task: z.string(),
  kind: z.string(),
  account: z.string().nullable(),
  state: taskState,
  after: z.array(z.string()),
  tries: z.number().int(),
  triesMax: z.number().int(),
  output: z.unknown(),
  error: z.unknown(),
  startedAt: instant.nullable(),
  endedAt: instant.nullable(),
  attempts: z.array(attempt),
})

export const gridTask = z.object({
  task: z.string(),
  kind: z.string(),
  account: z.string().nullable(),
  /** Three lists of one length: which of the grid's runs, the task's state in it, and how long it took (null: not ended). */
  runs: z.array(z.number().int()),
  states: z.array(taskState),
  seconds: z.array(z.number().nullable()),
})

const logLine = z.object({
  /** Place in the order of lines; what a follower resumes behind. */
  id: z.string(),
  task: z.string(),
  attempt: z.number().int(),
  at: instant,
  level: z.string(),
  message: z.string(),
})

export const logQuery = z.object({
  task: z.string().optional(),
  /** Lines behind this one. */
  after: z.string().regex(/^\d+$/).default('0'),
  /** Text that the message contains. */
  grep: z.string().max(500).optional(),
  level: z.enum(['debug', 'info', 'warn', 'error']).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(500),
  /** A page by its place among the lines that match; the answer then counts them. */
  offset: z.coerce.number().int().min(0).optional(),
  /** With `offset`: the line whose place is asked for. */
  line: z.string().regex(/^\d+$/).optional(),
})

export const logAnswer = z.object({
  lines: z.array(logLine),
  next: z.string().nullable(),
  /** Asked by place: how many lines match, how many of them stand before `line`, and the id of the run's newest line. */
  found: z.object({ total: z.number().int(), before: z.number().int(), last: z.string() }).nullable(),
})

export const runPartition = z.object({
  task: z.string(),
  platform: z.string(),
  accountId: z.string(),
  date: civilDay,
  /** Its file in the lake. */
  rawKey: z.string(),
  extractId: z.uuid(),
  requests: z.number().int(),
  /** Null: not loaded, or by another run. */
  outcome: z.string().nullable(),
  rows: z.number().int().nullable(),
  inserted: z.number().int().nullable(),
  updated: z.number().int().nullable(),
  deleted: z.number().int().nullable(),
  state: z.enum(['published', 'stale', 'failed']).nullable(),
  /** Of the rows that readers see now. */
  hash: z.string().nullable(),
  /** Whether readers see what this run loaded, and not what another did since. */
  isShown: z.boolean(),
})
