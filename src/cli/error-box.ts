import type { Language } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Output } from './output.ts'
import { padEnd, wrapped } from './width.ts'

const labels = {
  en: { why: 'why', fix: 'fix', more: 'more' },
  ko: { why: '이유', fix: '해결', more: '자세히' },
} as const

const labelColumns = 9

/** Whatever was thrown as an error with a code: one that nobody foresaw keeps its own words. */
export function asKnownError(thrown: unknown): MillraceError {
  if (thrown instanceof MillraceError) return thrown
  const detail = thrown instanceof Error ? thrown.message || thrown.name : String(thrown)
  return new MillraceError('CLI_UNEXPECTED', { detail }, { cause: thrown })
}

/**
 * The one template of an error: code and what happened; why; the fix; where to read more. To stderr for people, and with --json
 * also as the last line of stdout for programs.
 */
export function reportError(output: Output, error: MillraceError, language: Language, debug: boolean): void {
  output.footer([])
  const { code, what, why, fix } = error.explain(language)
  const { paint } = output
  output.warn(`${paint('red', code)}  ${paint('bold', what)}`)
  const said = labels[language]
  const rows = [
    [said.why, why],
    [said.fix, fix],
    [said.more, `millrace errors ${code}`],
  ] as const
  for (const [label, text] of rows) {
    const [first = '', ...rest] = wrapped(text, output.columns - labelColumns)
    output.warn(`  ${paint('dim', padEnd(label, labelColumns - 2))}${first}`)
    for (const line of rest) output.warn(' '.repeat(labelColumns) + line)
  }
  if (debug) output.warn(traceOf(error))
  if (output.json)
    output.record({ event: 'error', ...error.explain(language), facts: error.facts, retryable: error.retryable })
}

function traceOf(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return error instanceof Error && error.cause !== undefined ? `${stack}\n${traceOf(error.cause)}` : stack
}
