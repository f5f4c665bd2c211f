import { stripVTControlCharacters } from 'node:util'
import daff from 'daff'
import type { Table } from '../adapter/table.ts'
import { order } from '../jinja/operators.ts'
import { repr, str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { PyDecimal, PyFloat } from '../jinja/value.ts'

/** How two tables differ, drawn by the library that dbt draws with; null when they have the same rows in whatever order. */
export function tableDifference(expected: Table, actual: Table): string | null {
  const left = new daff.TableView(listed(expected))
  const right = new daff.TableView(listed(actual))
  const flags = new daff.CompareFlags()
  flags.ordered = false
  const difference = new daff.TableDiff(daff.compareTables(left, right, flags).align(), flags)
  const drawn = new daff.TableView([])
  difference.hilite(drawn)
  if (!difference.hasDifference()) return null
  return asPythonPrints(new daff.TerminalDiffRender().render(drawn), [expected, actual])
}

const SEPARATOR = '\u001B[33m,\u001B[0m'
const WHOLE_ROW = /^(?:\+\+\+|---)/

/** In a row that is there on one side only, dbt's drawing shows numbers and dates as Python writes them in source. */
function asPythonPrints(drawing: string, tables: readonly Table[]): string {
  const lines = drawing.split('\r\n')
  const names = (lines[0] ?? '').split(SEPARATOR).map((cell) => stripVTControlCharacters(cell).trim())
  return lines
    .map((line) => {
      if (!WHOLE_ROW.test(stripVTControlCharacters(line))) return line
      return line
        .split(SEPARATOR)
        .map((cell, index) => sourceCell(cell, index === 0 ? undefined : names[index], tables))
        .join(SEPARATOR)
    })
    .join('\r\n')
}

function sourceCell(cell: string, name: string | undefined, tables: readonly Table[]): string {
  const text = stripVTControlCharacters(cell)
    .trim()
    .replace(/^"(.*)"$/, '$1')
  const source = name === undefined ? undefined : sourceForm(text, name, tables)
  if (source === undefined) return cell
  const quote = source.includes(',') && !cell.startsWith('"') ? '"' : ''
  return `${quote}${cell.trimEnd().replace(text, source)}${quote}${cell.slice(cell.trimEnd().length)}`
}

/** How Python writes the value of that text, undefined when it writes it as it prints it. */
function sourceForm(text: string, name: string, tables: readonly Table[]): string | undefined {
  const values = tables.flatMap(({ columnNames, rows }) => rows.map((row) => row[columnNames.indexOf(name)] ?? null))
  const value = values.find((one) => typeof one === 'object' && one !== null && str(one) === text)
  if (value === undefined || value === null) return undefined
  return value instanceof PyFloat || value instanceof PyDecimal ? `Decimal('${text}')` : repr(value)
}

/** The header and the rows in order, nulls last. */
function listed({ columnNames, rows }: Table): unknown[][] {
  const sorted = [...rows].sort((left, right) => {
    for (const [index, value] of left.entries()) {
      const compared = compare(value, right[index] ?? null)
      if (compared !== 0) return compared
    }
    return 0
  })
  return [[...columnNames], ...sorted.map((row) => row.map((value) => shown(value)))]
}

function compare(left: Value, right: Value): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null)
  return order(left, right)
}

/** Cells as Python prints them, so that they read as in dbt's own difference. */
function shown(value: Value): string | null {
  return value === null ? null : str(value)
}
