import daff from 'daff'
import type { Table } from '../adapter/table.ts'
import { order } from '../jinja/operators.ts'
import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'

/** Colours of the terminal; artifacts keep none. */
const ESCAPES = /\u001B\[[0-9;]*m/g

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
  return new daff.TerminalDiffRender().render(drawn).replaceAll(ESCAPES, '')
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
