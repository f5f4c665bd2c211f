import { plainCell } from '../domain/spreadsheet.ts'
import type { Output } from './output.ts'
import { columnsOf, padEnd, padStart, shortened } from './width.ts'

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

/** RFC 4180: a field with a comma, quote or line break is quoted, a quote in it doubled; what would be a formula is text. */
function csvLine(values: readonly unknown[]): string {
  const field = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
  return `${values.map((value) => field(typeof value === 'string' ? plainCell(value) : cellText(value))).join(',')}\n`
}

const numeric = /^-?[\d,]+(?:\.\d+)?$/

/** How a table is made to fit: names and other prose may lose their end, ids and numbers never do. */
export interface Fit {
  readonly columnsMax: number
  /** Columns that may be cut, as far as their heading's width or eight columns. */
  readonly cut: readonly string[]
}

const cutColumnsMin = 8

/** Columns as wide as their widest cell, Hangul counted as two, or as `fit` allows; columns of numbers stand to the right. */
export function tableText(columns: readonly string[], rows: readonly Row[], fit?: Fit): string {
  const whole = rows.map((row) => columns.map((column) => oneLine(cellText(row[column]))))
  const wanted = columns.map((column, index) =>
    Math.max(columnsOf(column), ...whole.map((row) => columnsOf(row[index] ?? ''))),
  )
  const widths = fit ? fittedWidths(columns, wanted, fit) : wanted
  const cells = whole.map((row) => row.map((text, index) => shortened(text, widths[index] ?? 0)))
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

function fittedWidths(columns: readonly string[], wanted: readonly number[], { columnsMax, cut }: Fit): number[] {
  const widths = [...wanted]
  const gaps = 2 * (columns.length - 1)
  let over = widths.reduce((sum, width) => sum + width, gaps) - columnsMax
  for (const [index, column] of columns.entries()) {
    if (over <= 0 || !cut.includes(column)) continue
    const least = Math.min(widths[index] ?? 0, Math.max(cutColumnsMin, columnsOf(column)))
    const taken = Math.min(over, (widths[index] ?? 0) - least)
    widths[index] = (widths[index] ?? 0) - taken
    over -= taken
  }
  return widths
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ')
}
