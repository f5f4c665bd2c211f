import type { OptionSpec } from './command.ts'

/** Options that every command takes, before or after its name. */
export const globalOptions: readonly OptionSpec[] = [
  {
    flags: '--project <dir>',
    text: { en: 'Folder of the project; this one when left out', ko: '프로젝트 폴더. 생략하면 현재 폴더' },
  },
  { flags: '--json', text: { en: 'NDJSON on stdout', ko: 'stdout에 NDJSON 출력' } },
  { flags: '--lang <language>', text: { en: 'en or ko', ko: 'en 또는 ko' }, choices: ['en', 'ko'] },
  { flags: '--quiet', text: { en: 'No progress, only results', ko: '진행 상황 없이 결과만' } },
  { flags: '--no-color', text: { en: 'No colours (as NO_COLOR does)', ko: '색 없이 출력(NO_COLOR와 같음)' } },
  { flags: '--yes', text: { en: 'Answer every question with yes', ko: '모든 질문에 예로 답하기' } },
]
