import { defineAdapter } from '../domain/adapter.ts'

/** A place in one partition of a log: a whole number below 2^53, rising; dense in the Postgres log, with gaps in Kafka. */
export type Offset = number

/**
 * A run of records of one partition as they lie in the log: their bytes side by side, never parsed.
 * The same offsets always come with the same bytes and the same `appendMs`, however the log is read: every decision about
 * duplicates and lateness is made from these alone, so a replay decides alike.
 */
export interface LogBatch {
  readonly firstOffset: Offset
  /** Where the next read goes on: one past the last record. */
  readonly nextOffset: Offset
  readonly count: number
  /** When the log took the records, by the log's own clock; never falls within a partition of the Postgres log. */
  readonly appendMs: number
  readonly bytes: Uint8Array
  /** Where each record ends in `bytes` (exclusive), or null: each record ends with one line feed. */
  readonly ends: Int32Array | null
  /** Where each record begins, where something lies between them; otherwise each begins where the one before ended. Only with `ends`. */
  readonly starts?: Int32Array | undefined
  /** Each record's offset, or null: `firstOffset + index`. Equal neighbours are events of one enveloped record, in order. */
  readonly offsets: Float64Array | null
}

export interface ReadOptions {
  /** At least one batch comes when there is one; then as many as stay below this many bytes, decompressed. */
  readonly bytesMax: number
  /** How long to wait for a first record at the end of the log. */
  readonly waitMs: number
  readonly signal?: AbortSignal | undefined
}

export interface Bounds {
  /** The oldest offset that can still be read; equal to `next` when nothing can. */
  readonly first: Offset
  /** Where the next record will go, or beyond. */
  readonly next: Offset
  /** When the last record was appended; null when there never was one or it is gone. */
  readonly appendMs: number | null
}

/** Events of one partition, in order, each ending with one line feed and holding no other. */
export interface Append {
  readonly partition: number
  readonly count: number
  readonly lines: Uint8Array
  /** Each event's key (its campaign), for logs that keep keys beside records. All keys of an append belong to its partition. */
  readonly keys?: readonly string[] | undefined
}

/**
 * An append-only log of one topic, in a fixed number of partitions. Contract (`logContract`):
 * offsets rise within a partition and nothing that was acknowledged is lost or reordered;
 * `read` from any offset between `first` and `next` gives every record from it on exactly once, whoever reads how often;
 * a reader never passes a record that a slower writer commits later;
 * a read below `first` or above `next` throws STREAM_OFFSET_OUT_OF_RANGE and is never moved elsewhere;
 * an append is acknowledged only when it is durable, whole or not at all.
 */
export interface EventLog extends AsyncDisposable {
  /** For people, without secrets. */
  readonly place: string
  readonly topic: string
  /** Keeps keys beside records: whoever appends says them. */
  readonly keepsKeys?: true | undefined
  /** How many partitions the topic has; fixed for the topic's life. */
  partitions(): Promise<number>
  /** Resolves with the first record's offset when all are durable. Throws STREAM_LOG_UNAVAILABLE. */
  append(append: Append): Promise<Offset>
  /** Batches from `from` on, in order; none when `waitMs` passed at the end of the log. */
  read(partition: number, from: Offset, options: ReadOptions): Promise<readonly LogBatch[]>
  bounds(partition: number): Promise<Bounds>
  /** Lets go of records below `before` and older than `olderThanMs` (an instant); may keep more than asked, never less. */
  trim(partition: number, before: Offset, olderThanMs: number): Promise<void>
}

export const defineLog = defineAdapter<EventLog>()
