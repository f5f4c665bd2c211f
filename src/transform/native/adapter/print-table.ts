import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { PyDecimal, PyFloat } from '../jinja/value.ts'
import type { Table } from './table.ts'

export interface PrintOptions {
  /** Null prints every row. */
  readonly rowsMax?: number | null
  readonly columnsMax?: number | null
  readonly widthMax?: number | null
}

const ELLIPSIS = '...'
/** Digits behind the point that a printed number keeps. */
const PLACES_MAX = 3

/** A table as dbt prints it: its columns in Markdown, text to the left and everything else to the right. */
export function printTable(table: Table, { rowsMax = 20, columnsMax = 6, widthMax = 20 }: PrintOptions = {}): string {
  const columns = table.columnNames.slice(0, columnsMax ?? undefined)
  const rows = table.rows.slice(0, rowsMax ?? undefined)
  const isCut = columns.length < table.columnNames.length
  const short = (text: string): string =>
    widthMax !== null && text.length > widthMax ? text.slice(0, widthMax - ELLIPSIS.length) + ELLIPSIS : text
  const cells = columns.map((_name, index) => columnCells(rows.map((row) => row[index] ?? null)))
  const left = columns.map((_name, index) => isText(rows.map((row) => row[index] ?? null)))
  const header = [...columns.map(short), ...(isCut ? [ELLIPSIS] : [])]
  const body = rows.map((_row, at) => [...cells.map((column) => short(column[at] ?? '')), ...(isCut ? [ELLIPSIS] : [])])
  const widths = header.map((name, index) => Math.max(name.length, ...body.map((row) => (row[index] ?? '').length)))
  const line = (row: readonly string[]): string =>
    `|${row.map((cell, index) => ` ${left[index] === false ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)} `).join('|')}|`
  const rule = `|${widths.map((width) => ` ${'-'.repeat(width)} `).join('|')}|`
  const end = rows.length < table.rows.length ? [line(header.map(() => ELLIPSIS))] : []
  return [line(header), rule, ...body.map(line), ...end].join('\n')
}

function isNumber(value: Value): boolean {
  return (
    typeof value === 'number' || typeof value === 'bigint' || value instanceof PyFloat || value instanceof PyDecimal
  )
}

/** A column of nothing but nulls counts as a number, as dbt infers it. */
function isText(values: readonly Value[]): boolean {
  return values.some(
    (value) =>
      typeof value === 'string' ||
      (typeof value === 'object' && value !== null && !isNumber(value) && !('year' in value)),
  )
}

function columnCells(values: readonly Value[]): string[] {
  const present = values.filter((value) => value !== null)
  if (present.length === 0 || !present.every(isNumber)) return values.map((value) => (value === null ? '' : str(value)))
  const places = Math.min(PLACES_MAX, Math.max(...present.map((value) => placesOf(str(value)))))
  const isLonger = present.some((value) => placesOf(str(value)) > PLACES_MAX)
  return values.map((value) => (value === null ? '' : numberText(str(value), places) + (isLonger ? '…' : '')))
}

function placesOf(text: string): number {
  return (text.split('.')[1] ?? '').replace(/0+$/, '').length
}

/** Thousands with commas, a fixed number of places, halves to even: the American form that dbt's library prints. */
function numberText(text: string, places: number): string {
  return new Intl.NumberFormat('en-US', {
    minimumFractionDigits: places,
    maximumFractionDigits: places,
    roundingMode: 'halfEven',
  }).format(text as unknown as number)
}
