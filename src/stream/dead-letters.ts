import { MillraceError } from '../domain/errors.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { EventLog } from './log.ts'
import { readEvent } from './read-event.ts'
import { send } from './send.ts'

/** A refused record as people meet it. Its id is `partition:offset:place`, unlike any other of the job and topic. */
export interface StoredLetter {
  readonly id: string
  readonly reason: string
  readonly at: Date
  readonly retriedAt: Date | null
  readonly raw: Uint8Array
}

export interface LetterQuery {
  readonly job: string
  readonly topic: string
  /** One of them; all when left out. */
  readonly id?: string | undefined
  /** Only those that were not sent again. */
  readonly waiting?: boolean | undefined
  readonly limit: number
}

interface Row {
  readonly partition: number
  readonly record_offset: string
  readonly place: number
  readonly reason: string
  readonly at: Date
  readonly retried_at: Date | null
  readonly raw: Uint8Array
  readonly [column: string]: unknown
}

const selected = `select d.partition, d.record_offset, d.place, d.reason, d.at, d.retried_at, d.raw
  from dead_letter d join stream_job j on j.job_id = d.job_id
  where j.job = $1 and d.topic = $2 and ($3::int is null or (d.partition, d.record_offset, d.place) = ($3, $4::bigint, $5::int))
    and (not $6::boolean or d.retried_at is null)
  order by d.at desc, d.partition, d.record_offset, d.place limit $7`

const idText = /^(\d{1,4}):(\d{1,16})(?::(\d{1,6}))?$/

function placeOf(id: string): readonly [number, string, number] {
  const [, partition, offset, place = '0'] = idText.exec(id) ?? []
  if (partition === undefined || offset === undefined) throw new MillraceError('STREAM_LETTER_UNKNOWN', { id })
  return [Number(partition), offset, Number(place)]
}

/** Dead letters, newest first. Throws STREAM_LETTER_UNKNOWN for an id that there is none of. */
export async function readLetters(warehouse: Warehouse, query: LetterQuery): Promise<readonly StoredLetter[]> {
  const place = query.id === undefined ? [null, null, null] : placeOf(query.id)
  const values = [query.job, query.topic, ...place, query.waiting ?? false, query.limit]
  const rows = await warehouse.query<Row>(selected, values)
  if (query.id !== undefined && rows.length === 0) throw new MillraceError('STREAM_LETTER_UNKNOWN', { id: query.id })
  return rows.map((row) => ({
    id: `${row.partition}:${row.record_offset}:${row.place}`,
    reason: row.reason,
    at: row.at,
    retriedAt: row.retried_at,
    raw: row.raw,
  }))
}

export interface Retried {
  readonly sent: readonly string[]
  /** Still no event, with the reason of now. */
  readonly refused: readonly { readonly id: string; readonly reason: string }[]
}

/**
 * Sends letters again that are events by now, each with the other text where one is given. An event without an id gets its letter's
 * place as one: killed between sending and writing that down, the second sending is found to be a copy.
 */
export async function retryLetters(
  warehouse: Warehouse,
  log: EventLog,
  job: string,
  letters: readonly StoredLetter[],
  corrected?: string,
): Promise<Retried> {
  const partitions = await log.partitions()
  const sent: string[] = []
  const refused: { readonly id: string; readonly reason: string }[] = []
  for (const { id, raw } of letters) {
    const bytes = corrected === undefined ? raw : new TextEncoder().encode(corrected)
    const read = readEvent(bytes)
    if ('reason' in read) {
      refused.push({ id, reason: read.reason })
      continue
    }
    await send(log, partitions, [
      { campaignId: read.series.campaignId, line: withId(bytes, `dlq:${log.topic}:${id}`.slice(-64)) },
    ])
    await warehouse.query(
      `update dead_letter set retried_at = now() where job_id = (select job_id from stream_job where job = $1)
       and topic = $2 and partition = $3 and record_offset = $4 and place = $5`,
      [job, log.topic, ...placeOf(id)],
    )
    sent.push(id)
  }
  return { sent, refused }
}

function withId(bytes: Uint8Array, id: string): string {
  const text = new TextDecoder().decode(bytes).replaceAll(/\s*\n\s*/g, ' ')
  const event = JSON.parse(text) as { readonly event_id?: unknown }
  return event.event_id == null ? text.replace('{', `{"event_id":${JSON.stringify(id)},`) : text
}
