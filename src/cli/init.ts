import { relative, resolve } from 'node:path'
import type { Language } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { copyTemplate, millraceCommand, quoted, requireEmpty } from './template.ts'

const words = {
  en: {
    made: (folder: string) => `Made ${folder}. It runs as it is, against fake ad platforms.`,
    next: 'Next',
    folder: 'Folder of the new project?',
    language: 'Language of the notices?',
  },
  ko: {
    made: (folder: string) => `${folder}을(를) 만들었습니다. 가짜 광고 플랫폼으로 바로 실행됩니다.`,
    next: '다음',
    folder: '새 프로젝트 폴더는?',
    language: '알림 언어는?',
  },
} as const

export const command: CommandSpec = {
  name: 'init',
  arguments: [
    { name: '[dir]', text: { en: 'Folder to make; my-ads when left out', ko: '만들 폴더. 생략하면 my-ads' } },
  ],
  options: [
    {
      flags: '--force',
      text: { en: 'Also into a folder with files; they are kept', ko: '파일이 있는 폴더에도. 기존 파일은 유지' },
    },
  ],
  description: {
    en: 'Makes a project: configuration, dbt models, an example of .env. It runs at once against the sandbox; asks at a terminal what is left open, nothing with --yes.',
    ko: '프로젝트를 만듭니다: 설정, dbt 모델, .env 예시. 샌드박스로 바로 실행됩니다. 터미널에서는 정하지 않은 것을 묻고, --yes면 묻지 않습니다.',
  },
  examples: [
    { line: 'millrace init my-ads', text: { en: 'a project in a new folder', ko: '새 폴더에 프로젝트' } },
    { line: 'millrace init my-ads --lang ko --yes', text: { en: 'with notices in Korean', ko: '알림을 한국어로' } },
  ],
  run: init,
}

interface Answers {
  readonly folder: string
  readonly language: Language
}

async function init(invocation: Invocation, [dir]: readonly string[], given: Given): Promise<number> {
  const { output, language } = invocation
  const said = words[language]
  const asked = { folder: dir ?? 'my-ads', language }
  const answers = invocation.interactive && !invocation.yes ? await wizard(asked, dir === undefined, said) : asked
  const target = resolve(invocation.projectDir, answers.folder)
  if (given['force'] !== true) requireEmpty(target)
  copyTemplate(target, { language: answers.language, overwrite: false })
  const folder = relative(resolve('.'), target) || '.'
  const next = nextCommands(folder)
  if (output.json) output.record({ event: 'made', folder: target, next })
  else output.data([said.made(folder), `${said.next}:`, ...next.map((line) => `  ${line}`), ''].join('\n'))
  return 0
}

function nextCommands(folder: string): readonly string[] {
  const millrace = millraceCommand()
  const project = folder === '.' ? '' : ` --project ${quoted(folder)}`
  return [`${millrace} run --date yesterday${project}`, `${millrace} status${project}`, `${millrace} doctor${project}`]
}

/** Asks what the command line left open; a folder that it names is not asked for again. */
async function wizard(preset: Answers, asksFolder: boolean, said: (typeof words)[Language]): Promise<Answers> {
  const { isCancel, select, text } = await import('@clack/prompts')
  const folder = asksFolder
    ? await text({ message: said.folder, placeholder: preset.folder, defaultValue: preset.folder })
    : preset.folder
  if (isCancel(folder)) throw new MillraceError('CLI_INTERRUPTED')
  const language = await select<Language>({
    message: said.language,
    initialValue: preset.language,
    options: [
      { value: 'en', label: 'English' },
      { value: 'ko', label: '한국어' },
    ],
  })
  if (isCancel(language)) throw new MillraceError('CLI_INTERRUPTED')
  return { folder, language }
}
