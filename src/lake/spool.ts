import { appendFile, mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { RawColumn, RawRow } from '../domain/mapping.ts'
import { ahead } from './ahead.ts'
import type { Width } from './cell.ts'
import { isDay, widths } from './cell.ts'
import { sha256Of } from './digest.ts'
import { duckConnection, quotedName, quotedText, rowGroupRows } from './parquet.ts'
import { lineWriter } from './spool-line.ts'
import type { LineTarget } from './spool-line.ts'
import { onDisk } from './storage-error.ts'

/** One day of an extract as a finished Parquet file on this machine. */
export interface DayFile {
  readonly date: Day
  readonly rows: number
  readonly path: string
  readonly bytes: number
  /** Of the file, in hexadecimal. */
  readonly sha256: string
}

/** Collects the raw rows of one extract, whatever the order of their days, and turns them into one Parquet file a day. */
export interface RawSpool extends AsyncDisposable {
  /** Throws LAKE_VALUE_INVALID for a value that does not fit the type of its column. */
  append(rows: readonly RawRow[]): Promise<void>
  /** The files in the order of their days. They are gone when the spool is disposed. */
  finish(): AsyncIterable<DayFile>
}

export interface SpoolOptions {
  readonly columns: readonly RawColumn[]
  readonly dateColumn: string
  /** Created by the spool and removed by it. What is in it may be lost at any time: an extract that dies begins anew. */
  readonly folder: string
}

/** A day's lines that are not on disk yet are `used` bytes of `chunk`, after the full chunks before it. */
interface OpenDay extends LineTarget {
  readonly date: Day
  readonly path: string
  readonly full: Buffer[]
  rows: number
}

/** A day's lines in memory; with the 400 days of the longest extract this is 26 MB. */
const chunkBytes = 65_536

/** Full chunks of all days that wait for the disk. */
const waitingBytesMax = 4_194_304

/**
 * Rows wait as CSV, one file a day, because that is the fastest way into DuckDB by far (CSV and copy: 320 k rows/s on one core;
 * data chunks: 130 k before any Parquet; appender: 50 k). Every value is checked here, so that DuckDB's casts, which round silently, never have to.
 */
export async function openSpool({ columns, dateColumn, folder }: SpoolOptions): Promise<RawSpool> {
  await onDisk(folder, () => mkdir(folder, { recursive: true }))
  const days = new Map<string, OpenDay>()
  let waitingBytes = 0
  let rowsSeen = 0
  const writeLine = lineWriter<OpenDay>(columns, (open, bytes) => {
    if (open.used + bytes > open.chunk.length) waitingBytes += setAside(open, bytes)
  })

  async function flush(): Promise<void> {
    for (const open of days.values()) {
      const chunks = open.full.splice(0)
      if (chunks.length > 0) await onDisk(open.path, () => appendFile(open.path, Buffer.concat(chunks)))
    }
    waitingBytes = 0
  }

  return {
    async append(rows) {
      for (const row of rows) {
        rowsSeen += 1
        const open = dayOf(days, row[dateColumn], { folder, dateColumn, row: rowsSeen, columns: columns.length })
        writeLine(row, open, rowsSeen)
        open.rows += 1
      }
      if (waitingBytes > waitingBytesMax) await flush()
    },
    async *finish() {
      for (const open of days.values()) setAside(open, 0)
      await flush()
      using duck = await duckConnection()
      const ordered = [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1))
      yield* ahead(ordered.length, (index) => convert(duck, columns, ordered[index] as OpenDay))
    },
    async [Symbol.asyncDispose]() {
      days.clear()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function dayOf(
  days: Map<string, OpenDay>,
  date: string | null | undefined,
  where: { readonly folder: string; readonly dateColumn: string; readonly row: number; readonly columns: number },
): OpenDay {
  const known = days.get(date ?? '')
  if (known) return known
  if (date === null || date === undefined || !isDay(date)) {
    throw new MillraceError('LAKE_VALUE_INVALID', {
      column: where.dateColumn,
      value: date ?? '',
      type: 'day',
      row: where.row,
    })
  }
  const open: OpenDay = {
    date: date as Day,
    path: join(where.folder, `${date}.csv`),
    full: [],
    chunk: Buffer.allocUnsafe(chunkBytes),
    used: 0,
    rows: 0,
    widths: Array<Width>(where.columns).fill(widths.narrow),
  }
  days.set(date, open)
  return open
}

/** Begins a new chunk and says how many bytes became ready for the disk. */
function setAside(open: OpenDay, bytesNext: number): number {
  const ready = open.used
  if (ready > 0) open.full.push(open.chunk.subarray(0, ready))
  open.chunk = Buffer.allocUnsafe(Math.max(chunkBytes, bytesNext))
  open.used = 0
  return ready
}

const parquetTypes = {
  text: 'varchar',
  json: 'varchar',
  day: 'date',
  bigint: 'bigint',
  decimal: 'decimal(18,6)',
} as const

/** The CSV's fields: `c0`, `c1`, … and for the digits beyond the sixth decimal `c1r`. */
function csvFields(columns: readonly RawColumn[], width: readonly Width[]): string {
  const fields = columns.flatMap(({ type }, index) => {
    const main = width[index] === widths.huge ? 'decimal(38,6)' : parquetTypes[type]
    const rest = type === 'decimal' ? [`'c${index}r': 'decimal(18,18)'`] : []
    return [`'c${index}': ${quotedText(main)}`, ...rest]
  })
  return `{${fields.join(', ')}}`
}

/**
 * A decimal column of a file is decimal(18,6) unless a value of that day needs more: DuckDB works on the wider decimal(38,18)
 * fifteen times slower, and hardly any day needs it.
 */
function selected(columns: readonly RawColumn[], width: readonly Width[]): string {
  const list = columns.map(({ name }, index) => {
    const value =
      width[index] === widths.narrow
        ? `c${index}`
        : `(c${index}::decimal(38,18) + coalesce(c${index}r, 0)::decimal(38,18))::decimal(38,18)`
    return `${value} as ${quotedName(name)}`
  })
  return list.join(', ')
}

async function convert(
  duck: Awaited<ReturnType<typeof duckConnection>>,
  columns: readonly RawColumn[],
  open: OpenDay,
): Promise<DayFile> {
  const path = open.path.replace(/\.csv$/, '.parquet')
  const source = `read_csv(${quotedText(open.path)}, auto_detect = false, header = false, delim = ',', quote = '"', escape = '"', new_line = '\\n',
    nullstr = '', allow_quoted_nulls = false, max_line_size = 2097152, buffer_size = 8388608, columns = ${csvFields(columns, open.widths)})`
  const target = `(format parquet, compression zstd, row_group_size ${rowGroupRows})`
  await onDisk(path, () =>
    duck.run(`copy (select ${selected(columns, open.widths)} from ${source}) to ${quotedText(path)} ${target}`),
  )
  await rm(open.path)
  const { size } = await stat(path)
  return { date: open.date, rows: open.rows, path, bytes: size, sha256: await sha256Of(path) }
}
