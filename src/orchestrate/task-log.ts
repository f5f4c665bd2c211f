import type { Clock } from '../domain/clock.ts'
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

/** Lines of one statement. */
const batchMax = 5_000
/** Lines that may wait to be written before who prints has to wait. */
const waitingMax = 20_000
const flushMs = 250
/** A longer line is cut; it is no message any more but data that belongs into the lake. */
const lineLengthMax = 8_192
/** Of one attempt, whichever comes first. A task that prints a gigabyte must not fill the database. */
const linesMax = 100_000
const charactersMax = 16 * 2 ** 20

const cutNote = `… cut: a task keeps ${linesMax.toLocaleString('en')} lines and ${charactersMax / 2 ** 20} MB`

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
  const seen = new Map<string, { lines: number; characters: number; isCut: boolean }>()
  const closing = new AbortController()
  let flushing: Promise<void> = Promise.resolve()
  const flush = async () => {
    while (waiting.length > 0) {
      const batch = nextBatch(waiting)
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
      const so = seen.get(key) ?? { lines: 0, characters: 0, isCut: false }
      seen.set(key, so)
      if (so.isCut) return true
      const message = shortened(line.message)
      so.lines += 1
      so.characters += message.length
      so.isCut = so.lines > linesMax || so.characters > charactersMax
      waiting.push(so.isCut ? { ...line, level: 'warn', message: cutNote } : { ...line, message })
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
  return text.length <= lineLengthMax + 1 ? text : `${text.slice(0, lineLengthMax)}…`
}

/** The first waiting lines, as far as they are one attempt's: what they have in common is sent once. */
function nextBatch(waiting: readonly LogLine[]): readonly LogLine[] {
  const [first] = waiting
  const batch = waiting.slice(0, batchMax)
  const other = batch.findIndex((one) => first && !isSameAttempt(one, first))
  return other < 0 ? batch : batch.slice(0, other)
}

const isSameAttempt = (a: LogKey, b: LogKey): boolean =>
  a.runId === b.runId && a.task === b.task && a.attempt === b.attempt

async function insertLines(warehouse: Pick<Warehouse, 'query'>, lines: readonly LogLine[]): Promise<void> {
  const [first] = lines
  if (!first) return
  await warehouse.query(
    `insert into engine_log (run_id, task, attempt, at, level, message)
     select $1::uuid, $2::text, $3::int, to_timestamp(l.at_ms / 1000), l.level, l.message
     from unnest($4::float8[], $5::text[], $6::text[]) with ordinality as l (at_ms, level, message, place)
     order by l.place`,
    [
      first.runId,
      first.task,
      first.attempt,
      lines.map((one) => String(one.atMs)),
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
  readonly level?: LogLevel | undefined
  /** So many lines of those that match are passed over: a page by its place. */
  readonly offset?: number | undefined
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

const matching = `run_id = $1 and ($2::text is null or task = $2) and log_id > $3
  and ($4::text is null or position($4 in message) > 0) and ($5::text is null or level = $5)`

const valuesOf = ({ runId, task, afterId, grep, level }: Omit<LogQuery, 'limit'>) =>
  [runId, task ?? null, afterId, grep ?? null, level ?? null] as const

/** One page of a run's lines, oldest first. */
export function readLog(warehouse: Pick<Warehouse, 'query'>, asked: LogQuery): Promise<readonly StoredLine[]> {
  return warehouse.query<StoredLine>(
    `select log_id as "logId", task, attempt, at, level, message from engine_log_page($1, $2, $3, $4, $5, $6, $7)`,
    [...valuesOf(asked), asked.offset ?? 0, asked.limit],
  )
}

/** The same lines from the table itself, for readers to whom its function is not there. */
export function readLogTable(warehouse: Pick<Warehouse, 'query'>, asked: LogQuery): Promise<readonly StoredLine[]> {
  return warehouse.query<StoredLine>(
    `select log_id::text as "logId", task, attempt, at, level, message from engine_log where ${matching} order by log_id offset $6 limit $7`,
    [...valuesOf(asked), asked.offset ?? 0, asked.limit],
  )
}

/** How many lines match, how many of them stand before `line`, and the newest of the run's lines, matching or not ('0': none). */
export async function countLog(
  warehouse: Pick<Warehouse, 'query'>,
  asked: Omit<LogQuery, 'limit'> & { readonly line?: bigint | undefined },
): Promise<{ readonly total: number; readonly before: number; readonly last: string }> {
  const [row] = await warehouse.query<{ readonly total: number; readonly before: number; readonly last: string }>(
    `select count(*)::int as total, count(*) filter (where log_id < $6::bigint)::int as before,
       (select coalesce(max(log_id), 0)::text from engine_log where run_id = $1) as last
     from engine_log where ${matching}`,
    [...valuesOf(asked), asked.line ?? null],
  )
  return row ?? { total: 0, before: 0, last: '0' }
}
