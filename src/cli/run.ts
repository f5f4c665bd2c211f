import { platform } from '../domain/platform.ts'
import { timeZone } from '../domain/day.ts'
import type { RunRequest } from '../orchestrate/run.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { choiceOptions, rangeOf, rangeOptions } from './days.ts'
import { printPlan } from './plan-text.ts'
import { showProgress } from './progress.ts'
import { openContext, projectSettings } from './project.ts'
import { exitCodeOf, printSummary } from './summary.ts'

/** What the options of `run` and `backfill` ask for. */
export function requestOf(given: Given, command: string, zoneName: string, nowMs: number): RunRequest {
  const zone = timeZone(zoneName)
  const range = rangeOf(given, command, zone, nowMs)
  const list = (name: string) => given[name] as readonly string[] | undefined
  return {
    range,
    kind: range === null ? 'advance' : 'repair',
    zone,
    platforms: list('platform')?.map(platform),
    accountIds: list('account'),
  }
}

export const command: CommandSpec = {
  name: 'run',
  arguments: [],
  options: [
    {
      flags: '--date <day>',
      text: { en: 'One day, YYYY-MM-DD or yesterday', ko: '하루, YYYY-MM-DD 또는 yesterday' },
    },
    ...rangeOptions,
    ...choiceOptions,
    { flags: '--dry-run', text: { en: 'Only say what would be done', ko: '무엇을 할지만 출력' } },
  ],
  description: {
    en: 'Runs the pipeline once: extract, audit, publish, dbt, notice. Without a day: the nightly run, which loads each account’s newest closed day and reads recent ones again for restatements. Running it twice changes nothing.',
    ko: '파이프라인을 한 번 실행합니다: 추출, 감사, 공개, dbt, 알림. 날짜를 주지 않으면 야간 실행으로, 계정마다 가장 최근에 마감된 날을 적재하고 최근 며칠은 수정분을 다시 읽습니다. 두 번 실행해도 결과는 같습니다.',
  },
  examples: [
    { line: 'millrace run', text: { en: 'the nightly run', ko: '야간 실행' } },
    { line: 'millrace run --date yesterday', text: { en: 'one day of every account', ko: '모든 계정의 하루' } },
    {
      line: 'millrace run --since 2026-11-01 --until 2026-11-07 --platform meta_ads',
      text: { en: 'a week of one platform again', ko: '한 플랫폼의 일주일을 다시' },
    },
  ],
  run: runCommand,
}

async function runCommand(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { output, language, signal, clock } = invocation
  const settings = await projectSettings(invocation)
  const request = requestOf(given, 'run', settings.pipeline.zone, clock.nowMs())
  const { previewRun, runPipeline } = await import('../orchestrate/run.ts')
  const { openPorts } = await import('../config.ts')
  await using ports = await openPorts(settings, openContext(invocation))
  const emit = showProgress(output, language)
  if (given['dryRun'] === true) {
    const { operationsOfPlan } = await import('../orchestrate/plan-operations.ts')
    const plan = await previewRun(ports, request, signal, emit)
    printPlan(output, plan, await operationsOfPlan(ports, plan), language)
    return 0
  }
  const summary = await runPipeline(ports, request, emit, signal)
  printSummary(output, summary, language)
  return exitCodeOf(summary)
}
