import type pg from 'pg'
import { failedStatement } from '../adapter/session.ts'

/** A longer line is cut around the place of the error. */
const COLUMNS_MAX = 60

/** What Postgres' own client library prints of an error: the message, the line of the statement with a mark below, detail and hint. */
export function databaseErrorLines(error: pg.DatabaseError): string[] {
  const statement = failedStatement(error)
  const position = Number(error.position ?? 0)
  return [
    ...error.message.split('\n'),
    ...(statement === undefined || !(position > 0) ? [] : placeLines(statement, position)),
    ...labelled('DETAIL', error.detail),
    ...labelled('HINT', error.hint),
    ...(error.where === undefined ? [] : labelled('CONTEXT', error.where)),
  ]
}

function labelled(label: string, text: string | undefined): string[] {
  return text === undefined ? [] : `${label}:  ${text}`.split('\n')
}

/** Positions count characters, not UTF-16 units; a tab is shown as one blank. */
function placeLines(statement: string, position: number): string[] {
  const characters = Array.from(statement)
  const at = Math.min(position, characters.length) - 1
  const before = characters.slice(0, at)
  const lineNumber = before.filter((character) => character === '\n').length + 1
  const start = before.lastIndexOf('\n') + 1
  const end = characters.indexOf('\n', at)
  const line = characters.slice(start, end < 0 ? undefined : end).map((one) => (one === '\t' ? ' ' : one))
  const { shown, mark } = excerpt(line, at - start)
  const label = `LINE ${lineNumber}: `
  return [`${label}${shown}`, `${' '.repeat(label.length + mark)}^`]
}

function excerpt(line: readonly string[], column: number): { shown: string; mark: number } {
  if (line.length <= COLUMNS_MAX) return { shown: line.join('').trimEnd(), mark: column }
  // Up to ten columns stay to the right of the mark when the line is cut on its left.
  const right = Math.min(line.length, Math.max(COLUMNS_MAX, column + 10))
  const left = Math.max(0, right - COLUMNS_MAX)
  const head = left > 0 ? '...' : ''
  const tail = right < line.length ? '...' : ''
  return { shown: head + line.slice(left, right).join('') + tail, mark: column - left + head.length }
}
