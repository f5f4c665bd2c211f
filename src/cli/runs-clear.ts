import { timeZone } from '../domain/day.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import type { ClearPlan } from '../orchestrate/clear-range.ts'
import type { Engine } from '../orchestrate/engine.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { confirmed } from './ask.ts'
import type { Given, Invocation } from './command.ts'
import { configuredPipeline } from './pipeline.ts'
import { rangeOf } from './days.ts'
import { projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

const words = {
  en: {
    question: (tasks: number, runs: number) => `Do ${tasks} tasks of ${runs} runs again?`,
    anew: (runs: number) => `Make ${runs} new runs from the present graph?`,
    declined: 'Nothing was changed.',
    busy: (days: string) => `under way, left to its end: ${days}`,
    without: (days: string) => `no run of it with such a task: ${days}`,
    differs: (added: string, removed: string) =>
      `The graph has changed since: ${[added && `more now: ${added}`, removed && `no more: ${removed}`].filter(Boolean).join('; ')}. Cleared tasks keep theirs; --graph current makes new runs.`,
  },
  ko: {
    question: (tasks: number, runs: number) => `실행 ${runs}개의 작업 ${tasks}개를 다시 할까요?`,
    anew: (runs: number) => `현재 그래프로 새 실행 ${runs}개를 만들까요?`,
    declined: '아무것도 바꾸지 않았습니다.',
    busy: (days: string) => `실행 중이라 그대로 둠: ${days}`,
    without: (days: string) => `해당 작업이 있는 실행이 없음: ${days}`,
    differs: (added: string, removed: string) =>
      `그 뒤 그래프가 바뀌었습니다: ${[added && `추가 ${added}`, removed && `삭제 ${removed}`].filter(Boolean).join('; ')}. 다시 할 작업은 당시 그래프를 따릅니다. --graph current는 새 실행을 만듭니다.`,
  },
} as const

/** Clears tasks of the newest runs of a range of days, or makes those days anew from the present graph; the plan comes first. */
export async function clearRange(
  invocation: Invocation,
  { engine, warehouse }: { readonly engine: Engine; readonly warehouse: Warehouse },
  given: Given,
): Promise<number> {
  const { output, language, clock } = invocation
  const settings = await projectSettings(invocation)
  const range = rangeOf(given, 'runs', timeZone(settings.pipeline.zone), clock.nowMs())
  if (range === null)
    throw new MillraceError('CLI_USAGE', { command: 'runs', detail: 'clear wants a run, or --since and --until' })
  const tasks = (given['task'] as readonly string[] | undefined) ?? []
  const isAnew = given['graph'] === 'current'
  if (isAnew && tasks.length > 0)
    throw new MillraceError('CLI_USAGE', {
      command: 'runs',
      detail: '--graph current makes whole runs: leave --task out',
    })
  const pipeline = typeof given['pipeline'] === 'string' ? given['pipeline'] : configuredPipeline(settings).id
  const { planClear, clearRuns, runAnew } = await import('../orchestrate/clear-range.ts')
  const plan = await planClear(warehouse, { pipeline, range, tasks, downstream: given['downstream'] === true })
  print(invocation, plan)
  if (given['dryRun'] === true || plan.runs.length === 0) return exitCodes.ok
  const total = plan.runs.reduce((sum, one) => sum + one.tasks.length, 0)
  const say = words[language]
  const question = isAnew ? say.anew(plan.runs.length) : say.question(total, plan.runs.length)
  if (!(await confirmed(invocation, question))) {
    output.say(say.declined)
    return exitCodes.skipped
  }
  if (isAnew) output.record({ event: 'triggered', runs: await runAnew(engine, pipeline, plan) })
  else output.record({ event: 'cleared', runs: plan.runs.length, tasks: await clearRuns(engine, plan) })
  return exitCodes.ok
}

function print({ output, language }: Invocation, plan: ClearPlan): void {
  const { runs, busy, without, added, removed } = plan
  if (output.json) {
    output.record({ event: 'plan', runs: runs.map(({ conf: _conf, ...one }) => one), busy, without, added, removed })
    return
  }
  const say = words[language]
  const rows = runs.map(({ runId, day, state, tasks }) => ({
    day,
    run: runId.slice(0, 13),
    state,
    tasks: tasks.length,
  }))
  printRows(output, formatOf(undefined, output), ['day', 'run', 'state', 'tasks'], rows)
  if (busy.length > 0) output.say(say.busy(busy.join(', ')))
  if (without.length > 0) output.say(say.without(without.join(', ')))
  if (added.length + removed.length > 0) output.say(say.differs(added.join(', '), removed.join(', ')))
}
