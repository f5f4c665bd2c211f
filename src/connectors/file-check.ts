import { basename } from 'node:path'
import type { AdAccount } from '../domain/account.ts'
import { accountKey } from '../domain/account.ts'
import type { Language } from '../domain/errors.ts'
import { explain } from '../domain/errors.ts'
import { failedLine } from './check.ts'
import type { CheckLine } from './connector.ts'
import type { FileProblem } from './file-header.ts'
import type { FileMapping } from './file-mapping.ts'
import { previewFile } from './file-plan.ts'

/** Reads each file once through the mapping and says what it has, or what was not understood. Never throws. */
export async function checkFiles(
  files: readonly string[],
  account: AdAccount,
  mapping: FileMapping,
  language: Language,
): Promise<CheckLine[]> {
  const lines: CheckLine[] = []
  for (const file of files)
    lines.push(await checkFile(file, `${accountKey(account)} ${basename(file)}`, mapping, language))
  return lines
}

const words = {
  en: {
    rows: (rows: number, first: string, last: string) => `${rows} rows, ${first} to ${last}`,
    noDay: 'no day',
    problems: (count: number, first: string) => `${count} problems; ${first}`,
  },
  ko: {
    rows: (rows: number, first: string, last: string) => `${rows}행, ${first}부터 ${last}까지`,
    noDay: '날짜 없음',
    problems: (count: number, first: string) => `문제 ${count}개. ${first}`,
  },
} as const satisfies Record<Language, unknown>

async function checkFile(file: string, what: string, mapping: FileMapping, language: Language): Promise<CheckLine> {
  const said = words[language]
  try {
    const { days, rows, problems, problemCount } = await previewFile([file], mapping)
    const [first] = problems
    if (!first)
      return {
        what,
        outcome: 'ok',
        detail: said.rows(rows, days[0] ?? said.noDay, days.at(-1) ?? said.noDay),
        fix: null,
      }
    return {
      what,
      outcome: 'fail',
      detail: said.problems(problemCount, told(first, language)),
      fix: explain(first.code, first.facts, language).fix,
    }
  } catch (error) {
    return failedLine(what, error, language)
  }
}

/** A problem of a file in one sentence. */
export function told({ code, facts }: FileProblem, language: Language = 'en'): string {
  return explain(code, facts, language).what
}
