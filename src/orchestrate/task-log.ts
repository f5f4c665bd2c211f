import type { Clock } from '../domain/clock.ts'
import { isoInstant } from '../domain/clock.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import type { LogLevel } from './body.ts'

export interface LogKey {
  readonly runId: string
  readonly task: string
  readonly attempt: number
}

export interface LogLine extends LogKey {
  readonly atMs: number
  readonly level: LogLevel
  readonly message: string
}

/** Lines of one statement; more is no faster (measured: 1,000 lines in 8 ms). */
const batchMax = 1_000
/** Lines that may wait to be written before who prints has to wait. */
const waitingMax = 10_000
const flushMs = 250
/** A longer line is cut; it is no message any more but data that belongs into the lake. */
const lineBytesMax = 8_192
/** Of one attempt. A task that prints a gigabyte must not fill the database. */
const linesMax = 100_000

const cutNote = `… cut: a task keeps ${linesMax.toLocaleString('en')} lines`

export interface LogWriter extends AsyncDisposable {
  /** False: so much is waiting that the caller ought to pause until `drained`. */
  write(line: LogLine): boolean
  drained(): Promise<void>
}

/**
 * Writes lines in batches, four times a second, in the order in which they came. When the database is away lines wait; the
 * oldest are dropped only when the attempt has printed more than it may keep.
 */
export function openLogWriter(warehouse: Pick<Warehouse, 'query'>, clock: Clock): LogWriter {
  const waiting: LogLine[] = []
  const counts = new Map<string, number>()
  const closing = new AbortController()
  let flushing: Promise<void> = Promise.resolve()
  const flush = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax)
      await insertLines(warehouse, batch)
      waiting.splice(0, batch.length)
    }
  }
  // A failed flush keeps its lines; the next one writes them.
  const flushNow = () => (flushing = flushing.then(flush).catch(() => undefined))
  const loop = async () => {
    while (!closing.signal.aborted) {
      await clock.sleep(flushMs, closing.signal).catch(() => undefined)
      await flushNow()
    }
  }
  const looping = loop()
  return {
    write(line) {
      const key = `${line.runId} ${line.task} ${line.attempt}`
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      if (count <= linesMax) waiting.push({ ...line, message: shortened(line.message) })
      else if (count === linesMax + 1) waiting.push({ ...line, level: 'warn', message: cutNote })
      if (waiting.length >= batchMax) void flushNow()
      return waiting.length < waitingMax
    },
    drained: () => flushNow(),
    async [Symbol.asyncDispose]() {
      closing.abort()
      await looping
      await flushNow()
    },
  }
}

/** NUL is the one character that Postgres text cannot hold. */
function shortened(message: string): string {
  const text = message.replaceAll('\u0000', '\uFFFD')
  return text.length <= lineBytesMax ? text : `${text.slice(0, lineBytesMax)}…`
}

async function insertLines(warehouse: Pick<Warehouse, 'query'>, lines: readonly LogLine[]): Promise<void> {
  await warehouse.query(
    `insert into engine_log (run_id, task, attempt, at, level, message)
     select l.run_id, l.task, l.attempt, l.at, l.level, l.message
     from unnest($1::uuid[], $2::text[], $3::text[]::int[], $4::timestamptz[], $5::text[], $6::text[]) with ordinality
       as l (run_id, task, attempt, at, level, message, place)
     order by l.place`,
    [
      lines.map((one) => one.runId),
      lines.map((one) => one.task),
      lines.map((one) => String(one.attempt)),
      lines.map((one) => isoInstant(one.atMs)),
      lines.map((one) => one.level),
      lines.map((one) => one.message),
    ],
  )
}

export interface LogQuery {
  readonly runId: string
  readonly task?: string | undefined
  /** Lines behind this one: pages, and following a log that grows. */
  readonly afterId: bigint
  /** Text that the message contains. */
  readonly grep?: string | undefined
  readonly limit: number
}

export interface StoredLine extends SqlRow {
  readonly logId: string
  readonly task: string
  readonly attempt: number
  readonly at: Date
  readonly level: LogLevel
  readonly message: string
}

/** One page of a run's lines, oldest first. */
export function readLog(warehouse: Pick<Warehouse, 'query'>, asked: LogQuery): Promise<readonly StoredLine[]> {
  return warehouse.query<StoredLine>(
    `select log_id as "logId", task, attempt, at, level, message from engine_log
     where run_id = $1 and ($2::text is null or task = $2) and log_id > $3 and ($4::text is null or position($4 in message) > 0)
     order by log_id limit $5`,
    [asked.runId, asked.task ?? null, asked.afterId, asked.grep ?? null, asked.limit],
  )
}
