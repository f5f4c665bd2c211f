import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { once } from 'node:events'
import { dirname, resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import { plainCell } from '../domain/spreadsheet.ts'
import type { ReadColumn } from '../warehouse/read-out.ts'
import { readOut } from '../warehouse/read-out.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import type { Given, Invocation } from './command.ts'
import { rangeOf } from './days.ts'
import { openContext, projectSettings } from './project.ts'

const usage = (detail: string) => new MillraceError('CLI_USAGE', { command: 'export', detail })

/** The facts of campaigns, or what was asked for; days narrow it by its column `date`. */
function queryOf(given: Given, zone: string, nowMs: number): string {
  const asked = typeof given['query'] === 'string' ? given['query'].trim().replace(/;\s*$/, '') : undefined
  const range = rangeOf(given, 'export', zone as Parameters<typeof rangeOf>[2], nowMs)
  const from = asked === undefined ? 'daily_campaign_metrics' : `(${asked}\n) as chosen`
  const where = range === null ? '' : ` where date between '${range.since}' and '${range.until}'`
  return `select * from ${from}${where}${asked === undefined ? ' order by date, platform, account_id, campaign_id' : ''}`
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : JSON.stringify(value)
}

/** RFC 4180; nothing for null and two quotes for an empty text, so that the two can be told apart. */
function lineOf(values: readonly unknown[], cell: (text: string) => string): string {
  const field = (value: unknown) => {
    if (value === null || value === undefined) return ''
    const text = typeof value === 'string' ? cell(value) : textOf(value)
    return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return `${values.map(field).join(',')}\n`
}

/** What DuckDB calls the types that keep their meaning in a file; everything else is text. `numeric` has no scale of its own. */
const duckTypes: Readonly<Record<string, string>> = {
  smallint: 'SMALLINT',
  integer: 'INTEGER',
  bigint: 'BIGINT',
  numeric: 'DECIMAL(38,18)',
  'double precision': 'DOUBLE',
  real: 'FLOAT',
  boolean: 'BOOLEAN',
  date: 'DATE',
  'timestamp with time zone': 'TIMESTAMPTZ',
}

const words = {
  en: { rows: (rows: number) => `${rows} rows …`, done: (rows: number, file: string) => `${rows} rows in ${file}` },
  ko: { rows: (rows: number) => `${rows}행 …`, done: (rows: number, file: string) => `${file}에 ${rows}행` },
} as const

/** Writes CSV and remembers what the columns were. Resolves with how many rows there were. */
async function writeCsv(
  { output, language }: Invocation,
  warehouse: Warehouse,
  query: string,
  { file, cell }: { readonly file: Writable; readonly cell: (text: string) => string },
): Promise<{ readonly rows: number; readonly columns: readonly ReadColumn[] }> {
  let columns: readonly ReadColumn[] = []
  let written = 0
  const write = async (text: string) => {
    if (!file.write(text)) await once(file, 'drain')
  }
  const rows = await readOut(warehouse, query, {
    async columns(found) {
      columns = found
      await write(
        lineOf(
          columns.map(({ name }) => name),
          cell,
        ),
      )
    },
    async rows(batch: readonly SqlRow[]) {
      await write(
        batch
          .map((row) =>
            lineOf(
              columns.map(({ name }) => row[name]),
              cell,
            ),
          )
          .join(''),
      )
      written += batch.length
      output.footer([words[language].rows(written)])
    },
  })
  output.footer([])
  return { rows, columns }
}

/** The statement is the caller's: what the server makes of it is a mistake in the call, not a fault of the program. */
async function own<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (!isMillraceError(cause, 'WAREHOUSE_QUERY_FAILED')) throw cause
    throw new MillraceError('CLI_SQL_REFUSED', cause.facts, { cause })
  }
}

async function closed(file: Writable): Promise<void> {
  file.end()
  await once(file, 'close')
}

/** `export csv|parquet`: the file is there whole or not at all. */
export async function exportData(invocation: Invocation, target: 'csv' | 'parquet', given: Given): Promise<number> {
  const { output, language, projectDir, clock } = invocation
  const settings = await projectSettings(invocation)
  const query = queryOf(given, settings.pipeline.zone, clock.nowMs())
  const out = typeof given['out'] === 'string' ? resolve(projectDir, given['out']) : undefined
  if (target === 'parquet' && out === undefined) throw usage('parquet needs --out')
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  // Parquet is read by programs, and keeps every text as it is; so does CSV for programs, with --raw.
  const cell = target === 'parquet' || given['raw'] === true ? (text: string) => text : plainCell
  if (out === undefined) {
    await own(() => writeCsv(invocation, warehouse, query, { file: process.stdout, cell }))
    return exitCodes.ok
  }
  mkdirSync(dirname(out), { recursive: true })
  const [csv, aside] = [`${out}.${process.pid}.csv.tmp`, `${out}.${process.pid}.tmp`]
  const file = createWriteStream(csv)
  // Told by whoever waits for the file; without anybody who hears it, an error ends the program.
  file.on('error', () => undefined)
  try {
    const { rows, columns } = await own(() => writeCsv(invocation, warehouse, query, { file, cell }))
    await closed(file)
    if (target === 'parquet') {
      const { csvToParquet } = await import('../lake/csv-to-parquet.ts')
      const typed = columns.map(({ name, type }) => ({ name, type: duckTypes[type] ?? 'VARCHAR' }))
      await csvToParquet(csv, aside, typed)
    }
    await rename(target === 'parquet' ? aside : csv, out)
    if (output.json) output.record({ event: 'exported', file: out, rows })
    else output.say(words[language].done(rows, out))
    return exitCodes.ok
  } finally {
    // A file that is still being opened would be there after it was removed.
    file.destroy()
    // Not by `once`: what was still to be written when it was destroyed is an error to it, and would hide the one that is told.
    if (!file.closed) await new Promise<void>((resolve) => file.once('close', () => resolve()))
    for (const path of [csv, aside]) rmSync(path, { force: true })
  }
}
