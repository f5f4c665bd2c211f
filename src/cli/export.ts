import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Pipeline } from '../orchestrate/pipeline.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { rangeOptions } from './days.ts'
import { configuredPipeline } from './pipeline.ts'
import { templateDir } from './template.ts'

const runners = ['process', 'pod'] as const

/** As many as our own pool of that name has from the beginning. */
const poolSlots = 4

export const command: CommandSpec = {
  name: 'export',
  arguments: [{ name: '<target>', text: { en: 'What for', ko: '대상' }, choices: ['airflow', 'csv', 'parquet'] }],
  options: [
    { flags: '--out <file>', text: { en: 'The file; stdout when left out', ko: '파일. 생략하면 stdout' } },
    {
      flags: '--runner <name>',
      text: { en: 'Where tasks run; process when left out', ko: '작업 실행 위치. 생략하면 process' },
      choices: runners,
    },
    {
      flags: '--query <sql>',
      text: { en: 'csv, parquet: what; campaign facts when left out', ko: 'csv, parquet: 쿼리. 생략하면 캠페인 지표' },
    },
    {
      flags: '--raw',
      text: { en: 'csv: formulas stay formulas, for programs', ko: 'csv: 수식처럼 보이는 글자도 그대로(프로그램용)' },
    },
    ...rangeOptions,
  ],
  description: {
    en: 'airflow: writes the pipeline as one Python file for Airflow 3.3, the same bytes each time. Airflow decides when a task runs and whether it is tried again; millrace does the work, and the runs show up here too. Without a configuration it is the template’s pipeline. csv, parquet: the campaign facts or a query, of one moment, in a file that is there whole or not at all.',
    ko: 'airflow: 파이프라인을 Airflow 3.3용 Python 파일 하나로 씁니다. 몇 번을 내보내도 같은 바이트입니다. 언제 실행하고 다시 시도할지는 Airflow가 정하고, 일은 millrace가 하며, 실행은 여기에도 보입니다. 설정이 없으면 템플릿의 파이프라인입니다. csv, parquet: 캠페인 지표나 쿼리 결과를 한 시점 그대로 파일 하나로 씁니다.',
  },
  examples: [
    {
      line: 'millrace export airflow --out dags/ad_data_pipeline.py',
      text: { en: 'for the workers of an Airflow', ko: 'Airflow 워커용' },
    },
    {
      line: 'millrace export airflow --runner pod --out dags/ads.py',
      text: { en: 'one pod a task', ko: '작업마다 파드 하나' },
    },
    {
      line: 'millrace export parquet --since 2026-11-01 --until 2026-11-30 \\\n    --out november.parquet',
      text: { en: 'a month of facts', ko: '한 달의 지표' },
    },
  ],
  async run(invocation, [target], given) {
    if (target === 'csv' || target === 'parquet')
      return (await import('./export-data.ts')).exportData(invocation, target, given)
    const { airflowDag } = await import('../orchestrate/airflow-export.ts')
    const runner = given['runner'] === 'pod' ? 'pod' : 'process'
    return write(invocation, given, airflowDag(await pipelineOf(invocation), { runner, poolSlots }))
  },
}

/** The project's pipeline; the template's where there is no project. */
async function pipelineOf({ projectDir, env, secrets, language }: Invocation): Promise<Pipeline> {
  const { loadConfig } = await import('../config-inspect.ts')
  const { findConfigFile } = await import('../config-read.ts')
  const folder = findConfigFile(projectDir) === undefined ? templateDir : projectDir
  return configuredPipeline(await loadConfig({ projectDir: folder, env, secrets, language }))
}

function write({ output, language, projectDir }: Invocation, { out }: Given, text: string): number {
  if (typeof out !== 'string') {
    output.data(text)
    return exitCodes.ok
  }
  const file = resolve(projectDir, out)
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  if (before !== undefined && before !== text && !before.startsWith('# Written by: millrace export'))
    throw new MillraceError('CLI_USAGE', { command: 'export', detail: `${out} was not written by this command` })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  const said = { en: before === text ? 'unchanged' : 'written', ko: before === text ? '그대로' : '저장됨' }
  output.say(`${out}  ${said[language]}`)
  return exitCodes.ok
}
