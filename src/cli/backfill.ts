import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import { reprocessModes } from '../orchestrate/reprocess.ts'
import { confirmed } from './ask.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { choiceOptions, rangeOptions } from './days.ts'
import { queueActions, queueBackfill } from './backfill-queue.ts'
import type { QueueAction } from './backfill-queue.ts'
import { printPlan, totalsOf, totalsText } from './plan-text.ts'
import { showProgress } from './progress.ts'
import { openContext, projectSettings } from './project.ts'
import { requestOf } from './run.ts'
import { exitCodeOf, printSummary } from './summary.ts'

const words = {
  en: { question: (totals: string) => `Load ${totals}?`, declined: 'Nothing was loaded.' },
  ko: { question: (totals: string) => `${totals}를 적재할까요?`, declined: '아무것도 적재하지 않았습니다.' },
} as const

export const command: CommandSpec = {
  name: 'backfill',
  arguments: [
    { name: '[action]', text: { en: 'Of a backfill for workers', ko: '워커가 할 백필의 동작' }, choices: queueActions },
    { name: '[backfill]', text: { en: 'Its id, or the beginning of it', ko: '백필 id 또는 그 앞부분' } },
  ],
  options: [
    ...rangeOptions,
    ...choiceOptions,
    {
      flags: '--reprocess <which>',
      text: { en: 'plan, start: which days; missing', ko: 'plan, start: 대상. 기본 missing' },
      choices: reprocessModes,
    },
    { flags: '--runs <n>', text: { en: 'start: runs at a time; 3', ko: 'start: 동시 실행 수. 3' } },
    { flags: '--dry-run', text: { en: 'Only print the plan', ko: '계획만 출력' } },
  ],
  description: {
    en: 'Loads a range of days. Prints the plan first: an account’s consecutive days are one query where its platform allows. Asks before it begins; --yes answers. plan and start leave it to the workers of millrace up, a run a day, behind today’s; list, pause, resume and cancel are about those.',
    ko: '기간을 적재합니다. 먼저 계획을 출력합니다. 플랫폼이 허용하면 한 계정의 연속된 날은 조회 하나입니다. 시작 전에 묻고, --yes가 대신 답합니다. plan과 start는 millrace up의 워커에게 하루 한 실행씩, 오늘 실행 뒤로 맡깁니다. list, pause, resume, cancel은 그 백필을 다룹니다.',
  },
  examples: [
    {
      line: 'millrace backfill --since 2026-10-01 --until 2026-10-31 --dry-run',
      text: { en: 'what a month would take', ko: '한 달에 무엇이 필요한지' },
    },
    {
      line: 'millrace backfill start --since 2025-11-01 --until 2026-10-31 --yes',
      text: { en: 'a year, by the workers, what is missing', ko: '1년 중 빠진 날을 워커에게' },
    },
    {
      line: 'millrace backfill --since 2026-10-01 --until 2026-10-31 --yes',
      text: { en: 'load it without asking', ko: '묻지 않고 적재' },
    },
  ],
  run: (invocation, [action, name], given) =>
    action === undefined
      ? backfill(invocation, [], given)
      : queueBackfill(invocation, action as QueueAction, name, given),
}

async function backfill(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { output, language, signal, clock } = invocation
  const settings = await projectSettings(invocation)
  const request = requestOf(given, 'backfill', settings.pipeline.zone, clock.nowMs())
  if (request.range === null)
    throw new MillraceError('CLI_USAGE', { command: 'backfill', detail: '--since says from which day' })
  const { previewRun, runPipeline } = await import('../orchestrate/run.ts')
  const { openPorts } = await import('../config.ts')
  await using ports = await openPorts(settings, openContext(invocation))
  const emit = showProgress(output, language)
  const plan = await previewRun(ports, request, signal, emit)
  const { operationsOfPlan } = await import('../orchestrate/plan-operations.ts')
  printPlan(output, plan, await operationsOfPlan(ports, plan), language)
  if (given['dryRun'] === true || totalsOf(plan).partitions === 0) return exitCodes.ok
  const said = words[language]
  if (!(await confirmed(invocation, said.question(totalsText(plan, language))))) {
    output.say(said.declined)
    return exitCodes.skipped
  }
  const summary = await runPipeline(ports, request, emit, signal)
  printSummary(output, summary, language)
  return exitCodeOf(summary)
}
