import type { CommandSpec, Given, Invocation } from './command.ts'
import { formatOf, formats, printRows } from './table.ts'

const words = {
  en: { fine: (file: string) => `${file} is in order.` },
  ko: { fine: (file: string) => `${file}에 문제가 없습니다.` },
} as const

export const command: CommandSpec = {
  name: 'config',
  arguments: [
    {
      name: '<action>',
      text: {
        en: 'print: the values in force; check: all problems at once; schema: JSON Schema for editors',
        ko: 'print: 적용된 값, check: 모든 문제를 한 번에, schema: 편집기용 JSON Schema',
      },
      choices: ['print', 'check', 'schema'],
    },
  ],
  options: [
    {
      flags: '--sources',
      text: { en: 'Where each value comes from', ko: '값마다 출처 표시' },
    },
    {
      flags: '--of <what>',
      text: {
        en: 'With schema: of the whole, or of a file in connections/',
        ko: 'schema: 전체 또는 connections/ 파일',
      },
      choices: ['config', 'connection'],
    },
    { flags: '--format <format>', text: { en: 'How values are printed', ko: '값 출력 형식' }, choices: formats },
  ],
  description: {
    en: 'Prints or checks the configuration. A value comes from a flag, else the environment, else .env.local, .env, the file, the default. Secrets are masked.',
    ko: '설정을 출력하거나 점검합니다. 값의 우선순위는 플래그, 환경 변수, .env.local, .env, 설정 파일, 기본값 순입니다. 비밀 값은 가립니다.',
  },
  examples: [
    {
      line: 'millrace config print --sources',
      text: { en: 'every value with its origin', ko: '모든 값과 출처' },
    },
    {
      line: 'millrace config check',
      text: { en: 'all problems, with file, line and column', ko: '파일, 행, 열과 함께 모든 문제' },
    },
    {
      line: 'millrace config schema > schema.json',
      text: { en: 'for "$schema" and yaml-language-server', ko: '"$schema"와 yaml-language-server용' },
    },
  ],
  run: config,
}

async function config(invocation: Invocation, [action]: readonly string[], given: Given): Promise<number> {
  const { projectDir, env, secrets, language, output } = invocation
  if (action === 'schema') {
    const { configSchema, connectionSchema } = await import('../config-schema.ts')
    const schema = await (given['of'] === 'connection' ? connectionSchema() : configSchema())
    output.data(`${JSON.stringify(schema, null, 2)}\n`)
    return 0
  }
  const { inspectConfig, inspectionError } = await import('../config-inspect.ts')
  const inspection = await inspectConfig({ projectDir, env, secrets, language })
  if (action === 'print') {
    const columns = given['sources'] === true ? ['key', 'value', 'source'] : ['key', 'value']
    printRows(
      output,
      formatOf(given['format'], output),
      columns,
      inspection.values.map((value) => ({ ...value })),
    )
  }
  if (inspection.problems.length > 0) {
    if (action === 'check' && output.json)
      for (const problem of inspection.problems) output.record({ event: 'problem', ...problem })
    throw inspectionError(inspection)
  }
  if (action === 'check') {
    if (output.json) output.record({ event: 'checked', file: inspection.file, problems: 0 })
    else output.data(`${words[language].fine(inspection.file)}\n`)
  }
  return 0
}
