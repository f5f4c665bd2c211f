import { plainCell } from '../domain/spreadsheet.ts'

type Cell = string | number | boolean | null

/**
 * Rows as CSV or TSV: a byte order mark, without which Excel garbles Korean; values as they are, never formatted, so that the
 * file can be read again; text that would be a formula is made text by an apostrophe.
 */
export function delimited(rows: readonly Readonly<Record<string, Cell>>[], separator: ',' | '\t'): string {
  const names = Object.keys(rows[0] ?? {})
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? null))]
  return `\uFEFF${lines.map((cells) => cells.map((cell) => field(cell, separator)).join(separator)).join('\r\n')}\r\n`
}

function field(cell: Cell, separator: string): string {
  if (cell === null) return ''
  const safe = typeof cell === 'string' ? plainCell(cell) : String(cell)
  return /["\r\n]/.test(safe) || safe.includes(separator) ? `"${safe.replaceAll('"', '""')}"` : safe
}
