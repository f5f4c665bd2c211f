import type { Language } from '../domain/errors.ts'
import { commands } from './commands.ts'
import { globalOptions } from './global-options.ts'
import { padEnd } from './width.ts'

const words = {
  en: {
    intro: 'Millrace: ad metrics every night, from the platforms to your Postgres.',
    usage: 'Usage: millrace <command> [options]',
    commands: 'Commands',
    options: 'Options for every command',
    start: 'Start here',
    first: 'millrace demo              the whole job, no account needed',
    second: 'millrace init my-ads       a project of your own',
    third: 'millrace <command> --help  options and examples',
  },
  ko: {
    intro: 'Millrace: 매일 밤 광고 지표를 플랫폼에서 내 Postgres까지.',
    usage: '사용법: millrace <명령> [옵션]',
    commands: '명령',
    options: '모든 명령에 쓰는 옵션',
    start: '시작하기',
    first: 'millrace demo              계정 없이 전체 작업 실행',
    second: 'millrace init my-ads       내 프로젝트 만들기',
    third: 'millrace <명령> --help     옵션과 예시',
  },
} as const

const nameColumns = Math.max(...Object.keys(commands).map((name) => name.length)) + 2

/** What `millrace --help` prints. Made from the tables alone: loading no command is what makes it quick. */
export function rootHelp(language: Language, version: string): string {
  const said = words[language]
  const rows = Object.entries(commands).map(
    ([name, { summary }]) => `  ${padEnd(name, nameColumns)}${summary[language]}`,
  )
  const options = [...globalOptions, { flags: '--version', text: { en: 'Print the version', ko: '버전 출력' } }]
  return [
    `${said.intro} (${version})`,
    '',
    said.usage,
    '',
    said.commands,
    ...rows,
    '',
    said.options,
    ...options.map(({ flags, text }) => `  ${padEnd(flags, 19)}${text[language]}`),
    '',
    said.start,
    `  ${said.first}`,
    `  ${said.second}`,
    `  ${said.third}`,
    '',
  ].join('\n')
}
