import { hash } from 'node:crypto'
import { mkdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { RawColumn, RawRow } from '../domain/mapping.ts'
import { isDay } from './cell.ts'
import type { ColumnRun } from './column-run.ts'
import { openColumn } from './column-run.ts'
import { sha256Of } from './digest.ts'
import { duckConnection, quotedText, rowGroupRows } from './parquet.ts'
import { parquetFile } from './parquet-file.ts'
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
  /** Names of the columns in which some row had no value. */
  incomplete(): readonly string[]
  /** The files in the order of their days. They are gone when the spool is disposed. */
  finish(): AsyncIterable<DayFile>
}

export interface SpoolOptions {
  readonly columns: readonly RawColumn[]
  readonly dateColumn: string
  /** Created by the spool and removed by it. What is in it may be lost at any time: an extract that dies begins anew. */
  readonly folder: string
  /** Memory that rows may take before they go to the disk as parts of their days' files. */
  readonly waitingBytesMax?: number
}

interface OpenDay {
  readonly date: Day
  columns: readonly ColumnRun[]
  /** Rows in the columns, and in the parts that are on disk. */
  waiting: number
  written: number
  readonly parts: string[]
}

/** Two hundred thousand campaign-days; two accounts at once stay far below the pipeline's 300 MB. */
const waitingBytesMaxDefault = 48 * 1024 * 1024

/** After so many rows it is counted how much memory they take. */
const rowsBetweenLooks = 4_096

/**
 * Rows wait as columns, by day. Every value is checked when it comes and put into the form in which it will lie in the file, so that
 * nothing rounds on the way. Few extracts are so long that a day's rows leave memory before all of them are there; the parts of such
 * a day are put together by DuckDB.
 */
export async function openSpool(options: SpoolOptions): Promise<RawSpool> {
  const { columns, dateColumn, folder, waitingBytesMax = waitingBytesMaxDefault } = options
  await onDisk(folder, () => mkdir(folder, { recursive: true }))
  const days = new Map<string, OpenDay>()
  const incomplete = new Set<string>()
  let rowsSeen = 0
  let rowsLooked = 0

  function noteIncomplete(): void {
    for (const open of days.values())
      for (const [index, { isIncomplete }] of open.columns.entries())
        if (isIncomplete) incomplete.add(columns[index]?.name ?? '')
  }

  async function partsOut(): Promise<void> {
    for (const open of days.values()) {
      if (open.waiting === 0) continue
      const path = join(folder, `${open.date}.${open.parts.length}.parquet`)
      await onDisk(path, () => writeFile(path, fileOf(columns, open)))
      open.parts.push(path)
      open.written += open.waiting
      noteIncomplete()
      renew(open, columns)
    }
  }

  return {
    async append(rows) {
      for (const row of rows) {
        rowsSeen += 1
        const open = dayOf(days, row[dateColumn], { dateColumn, row: rowsSeen, columns })
        addRow(open, columns, row, rowsSeen)
      }
      if (rowsSeen - rowsLooked < rowsBetweenLooks) return
      rowsLooked = rowsSeen
      if (waitingBytes(days.values()) > waitingBytesMax) await partsOut()
    },
    incomplete() {
      noteIncomplete()
      return [...incomplete]
    },
    async *finish() {
      for (const open of [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1))) {
        days.delete(open.date)
        yield await (open.parts.length > 0 ? merged(open, columns, folder) : whole(open, columns, folder))
      }
    },
    async [Symbol.asyncDispose]() {
      days.clear()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function waitingBytes(days: Iterable<OpenDay>): number {
  let sum = 0
  for (const open of days) for (const column of open.columns) sum += column.bytes
  return sum
}

function dayOf(
  days: Map<string, OpenDay>,
  date: string | null | undefined,
  where: { readonly dateColumn: string; readonly row: number; readonly columns: readonly RawColumn[] },
): OpenDay {
  const known = days.get(date ?? '')
  if (known) return known
  if (date === null || date === undefined || !isDay(date)) {
    const { dateColumn, row } = where
    throw new MillraceError('LAKE_VALUE_INVALID', { column: dateColumn, value: date ?? '', type: 'day', row })
  }
  const open: OpenDay = { date: date as Day, columns: [], waiting: 0, written: 0, parts: [] }
  renew(open, where.columns)
  days.set(date, open)
  return open
}

function renew(open: OpenDay, columns: readonly RawColumn[]): void {
  open.columns = columns.map(({ type }) => openColumn(type))
  open.waiting = 0
}

function addRow(open: OpenDay, columns: readonly RawColumn[], row: RawRow, rowNumber: number): void {
  for (let index = 0; index < columns.length; index += 1) {
    const { name, type } = columns[index]!
    const value = row[name] ?? null
    if (open.columns[index]!.add(value)) continue
    const shown = (value ?? '').slice(0, 200)
    throw new MillraceError('LAKE_VALUE_INVALID', { column: name, value: shown, type, row: rowNumber })
  }
  open.waiting += 1
}

function fileOf(columns: readonly RawColumn[], open: OpenDay): Buffer {
  return parquetFile(
    open.columns.map((column, index) => column.column(columns[index]?.name ?? '')),
    open.waiting,
  )
}

async function whole(open: OpenDay, columns: readonly RawColumn[], folder: string): Promise<DayFile> {
  const path = join(folder, `${open.date}.parquet`)
  const file = fileOf(columns, open)
  await onDisk(path, () => writeFile(path, file))
  return { date: open.date, rows: open.waiting, path, bytes: file.length, sha256: hash('sha256', file) }
}

/** By name, so that parts whose decimals have other widths become one file of the widest. */
async function merged(open: OpenDay, columns: readonly RawColumn[], folder: string): Promise<DayFile> {
  const path = join(folder, `${open.date}.parquet`)
  const last = join(folder, `${open.date}.${open.parts.length}.parquet`)
  if (open.waiting > 0) await onDisk(last, () => writeFile(last, fileOf(columns, open)))
  const parts = [...open.parts, ...(open.waiting > 0 ? [last] : [])]
  using duck = await duckConnection()
  await onDisk(path, () =>
    duck.run(`copy (select * from read_parquet([${parts.map(quotedText).join(', ')}], union_by_name = true))
      to ${quotedText(path)} (format parquet, compression zstd, row_group_size ${rowGroupRows})`),
  )
  for (const part of parts) await rm(part)
  const { size } = await stat(path)
  return { date: open.date, rows: open.written + open.waiting, path, bytes: size, sha256: await sha256Of(path) }
}
