import type { Output } from './output.ts'
import { columnsOf, padEnd, padStart } from './width.ts'

export const formats = ['table', 'csv', 'json', 'ndjson'] as const

export type Format = (typeof formats)[number]

export type Row = Readonly<Record<string, unknown>>

/** The format that was asked for, else a table for a person and NDJSON for a program. */
export function formatOf(asked: unknown, output: Pick<Output, 'json' | 'isTerminal'>): Format {
  const named = formats.find((format) => format === asked)
  return named ?? (output.json || !output.isTerminal ? 'ndjson' : 'table')
}

/** Rows to stdout; `columns` gives names and order, also when there is no row. */
export function printRows(output: Output, format: Format, columns: readonly string[], rows: readonly Row[]): void {
  const ordered = (row: Row) => Object.fromEntries(columns.map((column) => [column, finite(row[column] ?? null)]))
  const printers: Readonly<Record<Format, () => void>> = {
    table: () => output.data(tableText(columns, rows)),
    csv: () => output.data([columns, ...rows.map((row) => columns.map((column) => row[column]))].map(csvLine).join('')),
    json: () => output.data(`${JSON.stringify(rows.map(ordered), null, 2)}\n`),
    ndjson: () => {
      for (const row of rows) output.record(ordered(row))
    },
  }
  printers[format]()
}

/** Postgres has days at infinity (a campaign's first version begins at one); JSON has no such number and would say null. */
function finite(value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? 'infinity' : '-infinity'
}

function cellText(given: unknown): string {
  const value = finite(given)
  if (value === null || value === undefined) return ''
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'string') return value
  return typeof value === 'bigint' ? value.toString() : JSON.stringify(value)
}

/** RFC 4180: a field with a comma, quote or line break is quoted, a quote in it doubled. */
function csvLine(values: readonly unknown[]): string {
  const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return `${values.map((value) => field(cellText(value))).join(',')}\n`
}

const numeric = /^-?[\d,]+(?:\.\d+)?$/

/** Columns as wide as their widest cell, Hangul counted as two; columns of numbers stand to the right. */
export function tableText(columns: readonly string[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => oneLine(cellText(row[column]))))
  const widths = columns.map((column, index) =>
    Math.max(columnsOf(column), ...cells.map((row) => columnsOf(row[index] ?? ''))),
  )
  const isRight = columns.map((_, index) => {
    const filled = cells.map((row) => row[index] ?? '').filter((text) => text !== '')
    return filled.length > 0 && filled.every((text) => numeric.test(text))
  })
  const line = (row: readonly string[]) =>
    row
      .map((text, index) => (isRight[index] ? padStart : padEnd)(text, widths[index] ?? 0))
      .join('  ')
      .trimEnd()
  const rule = widths.map((width) => '-'.repeat(width)).join('  ')
  return `${[line(columns), rule, ...cells.map(line)].join('\n')}\n`
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
