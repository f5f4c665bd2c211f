import type { ErrorEntry } from '../domain/error-entry.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { ErrorCode } from '../domain/errors.ts'
import { MillraceError, catalogue } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { nearest } from './near.ts'
import { formatOf, formats, printRows } from './table.ts'

export const command: CommandSpec = {
  name: 'errors',
  arguments: [{ name: '[code]', text: { en: 'A code; all when left out', ko: '오류 코드. 생략하면 전체' } }],
  options: [
    { flags: '--format <format>', text: { en: 'How the list is printed', ko: '목록 출력 형식' }, choices: formats },
  ],
  description: {
    en: 'Says what an error code means and how it is solved. In the text, {name} stands for what the error itself names.',
    ko: '오류 코드의 뜻과 해결 방법을 알려 줍니다. 글 속의 {이름}은 오류가 알려 주는 값입니다.',
  },
  examples: [
    { line: 'millrace errors', text: { en: 'every code', ko: '모든 코드' } },
    { line: 'millrace errors CONFIG_INVALID', text: { en: 'one code', ko: '코드 하나' } },
  ],
  run: async (invocation, [code], given) => Promise.resolve(errors(invocation, code, given)),
}

const words = {
  en: {
    noCode: (code: string, near: readonly string[]) =>
      `there is no code ${code}${near.length > 0 ? `; nearest: ${near.join(', ')}` : ''}`,
  },
  ko: {
    noCode: (code: string, near: readonly string[]) =>
      `${code} 코드는 없습니다${near.length > 0 ? `. 비슷한 코드: ${near.join(', ')}` : ''}`,
  },
} as const

function errors({ output, language }: Invocation, code: string | undefined, given: Given): number {
  const all = Object.entries(catalogue) as unknown as readonly [ErrorCode, ErrorEntry][]
  const asked = code?.toUpperCase()
  const chosen = all.filter(([name]) => asked === undefined || name === asked)
  if (chosen.length === 0) {
    const near = nearest(
      asked ?? '',
      all.map(([name]) => name),
    )
    throw new MillraceError('CLI_USAGE', { command: 'errors', detail: words[language].noCode(code ?? '', near) })
  }
  const rows = chosen.map(([name, entry]) => ({
    code: name,
    ...entry[language],
    retryable: entry.retryable,
    exit: exitCodes[entry.exit],
  }))
  const format = formatOf(given['format'], output)
  const [only] = rows
  if (format === 'table' && asked !== undefined && only) {
    output.data(`${only.code}\n  ${only.what}\n  ${only.why}\n  ${only.fix}\n  exit ${only.exit}\n`)
    return 0
  }
  printRows(output, format, format === 'table' ? ['code', 'exit', 'what'] : Object.keys(only ?? {}), rows)
  return 0
}
