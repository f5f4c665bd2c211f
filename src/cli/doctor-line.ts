import type { Language } from '../domain/errors.ts'
import type { Invocation } from './command.ts'
import { asKnownError } from './error-box.ts'
import type { Said } from './language.ts'
import { columnsOf, padEnd } from './width.ts'

export const outcomes = ['ok', 'warn', 'fail'] as const

/** One line of the doctor's report. */
export interface DoctorLine {
  readonly area: 'runtime' | 'install' | 'machine' | 'postgres' | 'project' | 'services' | 'credentials'
  readonly what: string
  readonly outcome: (typeof outcomes)[number]
  readonly detail: string
  /** What to do about it; null when it is well. */
  readonly fix: string | null
}

export type Area = DoctorLine['area']

/** Makes lines of one area in the reader's language. */
export function linesOf(area: Area, language: Language) {
  return {
    ok: (what: Said, detail: string): DoctorLine => ({ area, what: what[language], outcome: 'ok', detail, fix: null }),
    warn: (what: Said, detail: string, fix: Said): DoctorLine => ({
      area,
      what: what[language],
      outcome: 'warn',
      detail,
      fix: fix[language],
    }),
    fail: (what: Said, detail: string, fix: Said): DoctorLine => ({
      area,
      what: what[language],
      outcome: 'fail',
      detail,
      fix: fix[language],
    }),
    /** A coded error as a line: its own words are the detail and the fix. */
    failed: (what: Said, thrown: unknown): DoctorLine => {
      const { code, what: happened, why, fix } = asKnownError(thrown).explain(language)
      return { area, what: what[language], outcome: 'fail', detail: `${code}: ${happened}. ${why}`, fix }
    },
  }
}

/** Runs a check that may throw; what it throws is its line. */
export async function attempted(
  area: Area,
  what: Said,
  language: Language,
  check: () => Promise<readonly DoctorLine[]>,
): Promise<readonly DoctorLine[]> {
  try {
    return await check()
  } catch (thrown) {
    return [linesOf(area, language).failed(what, thrown)]
  }
}

const marks = { ok: ['green', 'v'], warn: ['yellow', '!'], fail: ['red', 'x'] } as const

/** Lines for a person, each that is not well with its fix; records for a program. */
export function printLines(
  { output, language }: Pick<Invocation, 'output' | 'language'>,
  lines: readonly Omit<DoctorLine, 'area'>[],
): void {
  if (output.json || !output.isTerminal) {
    for (const line of lines) output.record(line)
    return
  }
  const width = Math.max(...lines.map(({ what }) => columnsOf(what)))
  const fixWord = { en: 'fix', ko: '해결' }[language]
  for (const { what, outcome, detail, fix } of lines) {
    const [style, mark] = marks[outcome]
    output.data(`${output.paint(style, mark)} ${padEnd(what, width)}  ${detail}\n`)
    if (fix !== null) output.data(`  ${' '.repeat(width)}  ${fixWord}: ${fix}\n`)
  }
}
