import type { AdAccount } from '../domain/account.ts'
import type { Day, DayRange } from '../domain/day.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { RawRow } from '../domain/mapping.ts'
import type { AirbyteStream } from './airbyte-messages.ts'
import { configuredCatalog, isIncremental, schemaPaths, stateOf } from './airbyte-messages.ts'
import type { AirbyteSource } from './airbyte-process.ts'
import { runAirbyte } from './airbyte-process.ts'
import type { ConnectorContext, Sink } from './connector.ts'
import { told } from './file-check.ts'
import { newestEntities } from './file-entities.ts'
import type { FileLayout, FileProblem } from './file-header.ts'
import { layoutOf } from './file-header.ts'
import { jsonRecord } from './file-jsonl.ts'
import type { FileMapping } from './file-mapping.ts'
import { recordMapper } from './file-rows.ts'
import type { RetryPolicy } from './retry.ts'
import { withRetry } from './retry.ts'

/** Rows held back until the source says that they are safe; more than these are handed on without its word. */
const rowsHeldMax = 5_000
const problemsToldMax = 20

export interface AirbyteReading {
  readonly source: AirbyteSource
  readonly stream: AirbyteStream
  readonly config: (range: DayRange) => unknown
  readonly mapping: FileMapping
  readonly policy: RetryPolicy
  /** Of the whole question but its days: another configuration's states mean nothing to this one. */
  readonly sourceKey: string
}

export interface AirbyteSlice {
  readonly range: DayRange
  readonly account: AdAccount
  readonly context: ConnectorContext
  readonly sink: Sink
}

/**
 * Reads the stream once over the days of the slice. A state that the source sends makes the rows before it safe: they are handed on,
 * and a source that breaks off after it is started again from there. Rows after the last state come again then and are thrown away.
 */
export async function readAirbyte(
  reading: AirbyteReading,
  slice: AirbyteSlice,
): Promise<{ rows: number; runs: number }> {
  const { context, sink } = slice
  const taking = new Taking(reading, slice)
  const kept = await keptState(reading, slice)
  let state = kept
  const states = new Map<Day, string>()
  let runs = 0
  let mayResume = true
  const run = async () => {
    runs += 1
    taking.drop()
    const files = {
      config: reading.config(slice.range),
      catalog: configuredCatalog(reading.stream),
      ...(state && { state: [state] }),
    }
    for await (const { message, line } of runAirbyte(reading.source, 'read', files, context)) {
      if (message.type === 'RECORD' && message.record.stream === reading.stream.name) {
        if (!taking.record(line)) continue
        mayResume = false
        await taking.handOver(sink)
      } else if (message.type === 'STATE') {
        await taking.handOver(sink)
        state = message.state
        mayResume = true
        // A source that says a state and no row stands where it stood.
        if (taking.newest !== '') states.set(taking.newest, JSON.stringify(message.state))
      } else if (message.type === 'TRACE' && 'stream_status' in message.trace) {
        expectComplete(reading.source, message.trace as { stream_status: { status: string } })
      }
    }
    await taking.handOver(sink)
  }
  const started = () => withRetry(run, reading.policy, context, () => mayResume)
  await started().catch(async (error: unknown) => {
    if (!kept || runs > 1 || !isMillraceError(error) || !error.code.startsWith('CONNECTORS_SOURCE_')) throw error
    // A newer version of a source may not understand what an older one left: then it begins at its beginning.
    context.log({
      level: 'warn',
      message: `${reading.source.platform}: the source refuses its kept state; it is forgotten`,
    })
    await context.sourceStates?.forget(reading.sourceKey)
    state = undefined
    await started()
  })
  await taking.end(sink)
  if (isIncremental(reading.stream))
    for (const [through, text] of states) await context.sourceStates?.keep(reading.sourceKey, through, text)
  return { rows: taking.rows, runs }
}

/**
 * Where the source stood when it had told of no day of the slice yet. Which days are there stays our own knowledge: the state only
 * spares what comes before them, so that losing it, or having it twice, changes no number.
 */
async function keptState(
  { stream, sourceKey }: AirbyteReading,
  { range, context }: AirbyteSlice,
): Promise<object | undefined> {
  if (!isIncremental(stream)) return undefined
  const text = await context.sourceStates?.before(sourceKey, range.since)
  return text === undefined ? undefined : stateOf(text)
}

/** A stream may be told to have ended badly in a run that ends well. */
function expectComplete(
  { platform, account }: AirbyteSource,
  trace: { readonly stream_status: { readonly status: string } },
): void {
  if (trace.stream_status.status !== 'INCOMPLETE') return
  throw new MillraceError('CONNECTORS_TRANSIENT', { platform, account, detail: 'the stream ended as INCOMPLETE' })
}

/** Makes rows of records and keeps count of what was not understood. */
class Taking {
  readonly #names: readonly string[]
  readonly #layout: FileLayout
  readonly #map: ReturnType<typeof recordMapper>
  readonly #slice: AirbyteSlice
  readonly #entities: ReturnType<typeof newestEntities>
  #held: RawRow[] = []
  #dates: Day[] = []
  #line = 0
  #problems: FileProblem[] = []
  #problemCount = 0
  rows = 0
  /** The newest day that any row was of, also of days that nobody asked for. */
  newest: Day | '' = ''

  /** Throws FILES_NOT_UNDERSTOOD when the stream lacks a column that the mapping names. */
  constructor({ stream, mapping }: AirbyteReading, slice: AirbyteSlice) {
    this.#slice = slice
    this.#names = schemaPaths(stream.json_schema)
    const { layout, problems } = layoutOf({ file: stream.name, delimiter: '', headerLine: 0 }, this.#names, mapping)
    if (!layout) throw notUnderstood(problems, problems.length)
    this.#layout = layout
    this.#map = recordMapper(mapping)
    this.#entities = newestEntities(slice.account, mapping)
  }

  /** Takes a record in; true when as many are held as may be. */
  record(line: string): boolean {
    const { range, account } = this.#slice
    this.#line += 1
    const where = { file: this.#layout.file, line: this.#line }
    const mapped = this.#map(jsonRecord(line, where, this.#names, ['record', 'data']), this.#layout)
    if (mapped.kind === 'problems') {
      this.#problemCount += mapped.problems.length
      this.#problems.push(...mapped.problems.slice(0, Math.max(0, problemsToldMax - this.#problems.length)))
    }
    if (mapped.kind === 'row' && mapped.date > this.newest) this.newest = mapped.date
    if (mapped.kind !== 'row' || mapped.date < range.since || mapped.date > range.until) return false
    this.#held.push(mapped.row['currency'] === null ? { ...mapped.row, currency: account.currency } : mapped.row)
    this.#dates.push(mapped.date)
    return this.#held.length >= rowsHeldMax
  }

  async handOver(sink: Sink): Promise<void> {
    if (this.#held.length === 0) return
    const [rows, dates] = [this.#held, this.#dates]
    this.drop()
    for (const [at, row] of rows.entries()) this.#entities.observe(row, dates[at] ?? '')
    await sink.rows(rows)
    this.rows += rows.length
  }

  /** What is held came without a state: it comes again. */
  drop(): void {
    this.#held = []
    this.#dates = []
  }

  async end(sink: Sink): Promise<void> {
    if (this.#problemCount > 0) throw notUnderstood(this.#problems, this.#problemCount)
    await sink.entities(this.#entities.all())
  }
}

function notUnderstood(problems: readonly FileProblem[], count: number): MillraceError {
  const list = problems
    .slice(0, problemsToldMax)
    .map((one) => told(one))
    .join('; ')
  return new MillraceError('FILES_NOT_UNDERSTOOD', { count, list })
}
