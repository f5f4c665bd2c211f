import { isoInstant } from '../domain/clock.ts'
import type { Clock, Random } from '../domain/clock.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import { delayAfter } from './backoff.ts'
import type { IncidentFacts, Message, Notifier } from './notifier.ts'

/** As much of a database session as the outbox needs; the warehouse's session has this shape. */
export interface OutboxSession {
  query<Row extends Readonly<Record<string, unknown>>>(
    sql: string,
    values?: readonly (string | number | boolean | null | readonly string[])[],
  ): Promise<readonly Row[]>
}

/** What delivering takes; the pipeline's opened ports have this shape. */
export interface Post {
  readonly warehouse: { transaction<Result>(work: (session: OutboxSession) => Promise<Result>): Promise<Result> }
  readonly channels: readonly { readonly name: string; readonly notifier: Notifier }[]
  readonly clock: Clock
  readonly random: Random
}

export interface Delivery {
  readonly delivered: number
  /** Messages that were given up in this round. */
  readonly dead: number
  /** Messages of these channels that still wait, due or not. */
  readonly waiting: number
}

/** How long one attempt may take before it counts as a hang, in milliseconds. A sender's own time-outs are shorter. */
const attemptMsMax = 60_000

/**
 * Puts a message into the outbox within the caller's transaction, so that it is there exactly when what it tells of is there.
 * The same message for the same channel again is the same row: enqueuing is safe to repeat.
 */
export async function enqueue(session: OutboxSession, channel: string, message: Message, nowMs: number): Promise<void> {
  await session.query(
    `insert into outbox (idempotency_key, channel, subject, body_text, body_html, facts, created_at, next_attempt_at)
     values ($1, $2, $3, $4, $5, $6::jsonb, $7, $7)
     on conflict (idempotency_key, channel) do nothing`,
    [
      message.idempotencyKey,
      channel,
      message.subject,
      message.text,
      message.html,
      message.incident ? JSON.stringify(message.incident) : null,
      isoInstant(nowMs),
    ],
  )
}

interface Waiting extends Readonly<Record<string, unknown>> {
  readonly outbox_id: string
  readonly channel: string
  readonly idempotency_key: string
  readonly subject: string
  readonly body_text: string
  readonly body_html: string
  readonly facts: IncidentFacts | null
  readonly attempts: number
}

/**
 * Delivers everything that is due, at least once and by any number of processes at a time: a message is claimed by locking its
 * row, sent while the lock is held, and marked in the same transaction. A process that dies in between lets go of the row unmarked:
 * the message goes out again, with the same idempotency key. What fails waits longer each time; after the last attempt, or when
 * the other side says that it will never take it, it is dead and stays to be looked at. Throws only the signal's reason and
 * what the database throws.
 */
export async function deliverDue(post: Post, signal: AbortSignal): Promise<Delivery> {
  const count = { delivered: 0, dead: 0 }
  for (;;) {
    signal.throwIfAborted()
    const outcome = await post.warehouse.transaction((session) => deliverOne(session, post, signal))
    if (outcome === 'none') break
    if (outcome !== 'later') count[outcome] += 1
  }
  return { ...count, waiting: await post.warehouse.transaction((session) => countWaiting(session, post)) }
}

async function deliverOne(
  session: OutboxSession,
  post: Post,
  signal: AbortSignal,
): Promise<'delivered' | 'dead' | 'later' | 'none'> {
  const claimed = await claim(session, post)
  if (!claimed) return 'none'
  const channel = post.channels.find((one) => one.name === claimed.channel)
  if (!channel) return 'none'
  try {
    await sendWithin(channel.notifier, messageOf(claimed), signal)
  } catch (error) {
    // Being stopped is not a failed attempt: the row is let go as it was.
    signal.throwIfAborted()
    return postpone(session, post, claimed, error)
  }
  await session.query(
    'update outbox set attempts = attempts + 1, delivered_at = $2, last_error = null where outbox_id = $1',
    [claimed.outbox_id, isoInstant(post.clock.nowMs())],
  )
  return 'delivered'
}

/** The oldest message that is due and that nobody else is sending. */
async function claim(session: OutboxSession, post: Post): Promise<Waiting | undefined> {
  const [row] = await session.query<Waiting>(
    `select outbox_id, channel, idempotency_key, subject, body_text, body_html, facts, attempts
     from outbox
     where delivered_at is null and dead_at is null and next_attempt_at <= $1 and channel = any($2)
     order by next_attempt_at, outbox_id
     limit 1
     for update skip locked`,
    [isoInstant(post.clock.nowMs()), post.channels.map((one) => one.name)],
  )
  return row
}

function messageOf(row: Waiting): Message {
  return {
    idempotencyKey: row.idempotency_key,
    subject: row.subject,
    text: row.body_text,
    html: row.body_html,
    ...(row.facts && { incident: row.facts }),
  }
}

/** Sends, or fails as unavailable when the sender neither ends nor heeds its signal in time. */
async function sendWithin(notifier: Notifier, message: Message, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(attemptMsMax)
  const either = AbortSignal.any([signal, limit])
  const hung = Promise.withResolvers<never>()
  const giveUp = () => {
    const reply = `no end after ${attemptMsMax / 1000} s`
    hung.reject(new MillraceError('NOTIFY_UNAVAILABLE', { place: notifier.place, reply }, { cause: either.reason }))
  }
  either.addEventListener('abort', giveUp, { once: true })
  try {
    await Promise.race([notifier.send(message, either), hung.promise])
  } finally {
    either.removeEventListener('abort', giveUp)
  }
}

async function postpone(session: OutboxSession, post: Post, row: Waiting, error: unknown): Promise<'dead' | 'later'> {
  const { clock, random } = post
  const attempts = row.attempts + 1
  const refused = isMillraceError(error, 'NOTIFY_REFUSED')
  const retryAfterMs = isMillraceError(error) ? error.retryAfterMs : undefined
  const delayMs = refused ? null : delayAfter(attempts, random, retryAfterMs)
  const nowMs = clock.nowMs()
  await session.query(
    `update outbox set attempts = $2, last_error = $3, dead_at = $4, next_attempt_at = coalesce($5, next_attempt_at)
     where outbox_id = $1`,
    [
      row.outbox_id,
      attempts,
      errorText(error),
      delayMs === null ? isoInstant(nowMs) : null,
      delayMs === null ? null : isoInstant(nowMs + delayMs),
    ],
  )
  if (delayMs !== null) return 'later'
  await passOn(session, post, row, nowMs)
  return 'dead'
}

/**
 * What a channel gave up goes to the next one of the project, with a word of why; the last one's stays where it is. Its key is of the
 * channel that failed, so that several may pass the same message on without doubling it.
 */
async function passOn(session: OutboxSession, { channels }: Post, row: Waiting, nowMs: number): Promise<void> {
  const next = channels[channels.findIndex(({ name }) => name === row.channel) + 1]
  if (!next) return
  const message = messageOf(row)
  const [root = message.idempotencyKey] = message.idempotencyKey.split('#after:')
  const passed = {
    ...message,
    idempotencyKey: `${root}#after:${row.channel}`,
    subject: `[${row.channel} ✗] ${message.subject}`,
  }
  await enqueue(session, next.name, passed, nowMs)
}

/** Our errors name code and words without secrets; of a fault of the program only its message is kept. */
function errorText(error: unknown): string {
  if (isMillraceError(error)) return `${error.code}: ${error.message}`
  return error instanceof Error ? error.message : String(error)
}

async function countWaiting(session: OutboxSession, { channels }: Post): Promise<number> {
  const [row] = await session.query<{ readonly waiting: number }>(
    'select count(*)::int as waiting from outbox where delivered_at is null and dead_at is null and channel = any($1)',
    [channels.map((one) => one.name)],
  )
  return row?.waiting ?? 0
}
