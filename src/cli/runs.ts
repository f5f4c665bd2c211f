import { MillraceError } from '../domain/errors.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { Engine, TaskView } from '../orchestrate/engine.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { confirmed } from './ask.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { rangeOptions } from './days.ts'
import { openContext, projectSettings } from './project.ts'
import { clearRange } from './runs-clear.ts'
import { formatOf, printRows } from './table.ts'

const limitDefault = 20
const limitMax = 1_000

export const command: CommandSpec = {
  name: 'runs',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: ['list', 'show', 'cancel', 'clear'] },
    { name: '[run]', text: { en: 'Id of the run, or its beginning', ko: '실행 id 또는 그 앞부분' } },
  ],
  options: [
    { flags: '--pipeline <id>', text: { en: 'list: of this pipeline', ko: 'list: 이 파이프라인만' } },
    { flags: '--limit <n>', text: { en: `list: how many; ${limitDefault}`, ko: `list: 개수. ${limitDefault}` } },
    {
      flags: '--task <id>',
      text: { en: 'clear: this task; may be repeated', ko: 'clear: 이 작업. 반복 가능' },
      many: true,
    },
    { flags: '--downstream', text: { en: 'clear: and what depends on it', ko: 'clear: 의존하는 작업도' } },
    ...rangeOptions,
    {
      flags: '--graph <which>',
      text: {
        en: 'clear of days: same, or new runs by the current one',
        ko: '날짜 clear: same 또는 current로 새 실행',
      },
      choices: ['same', 'current'],
    },
    { flags: '--dry-run', text: { en: 'clear of days: only print the plan', ko: '날짜 clear: 계획만 출력' } },
  ],
  description: {
    en: 'Runs of the engine. list: the newest; show: tasks and attempts of one; cancel: stops what runs and begins nothing more; clear: has tasks done again, all of the run or those named, by dependency; with --since and --until of the newest run of each day, after a plan.',
    ko: '엔진의 실행. list: 최근 실행, show: 작업과 시도, cancel: 실행 중인 것을 멈추고 더 시작하지 않음, clear: 전체 또는 지정한 작업을 의존 관계에 따라 다시 실행. --since와 --until을 주면 계획을 보인 뒤 날마다 최근 실행에 적용.',
  },
  examples: [
    { line: 'millrace runs list --limit 5', text: { en: 'the last five', ko: '최근 다섯 개' } },
    { line: 'millrace runs show 01a21ce1', text: { en: 'one, by the beginning of its id', ko: 'id 앞부분으로 하나' } },
    {
      line: 'millrace runs clear 01a21ce1 --task run_dbt_models --downstream',
      text: { en: 'one task and what depends on it', ko: '작업 하나와 의존하는 작업' },
    },
    {
      line: 'millrace runs clear --since 2026-10-01 --until 2026-10-31 --downstream',
      text: { en: 'a month, the plan first', ko: '한 달을, 계획부터' },
    },
  ],
  run: runs,
}

async function runs(invocation: Invocation, [action = 'list', name]: readonly string[], given: Given): Promise<number> {
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { embeddedEngine } = await import('../orchestrate/embedded-engine.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  const engine = embeddedEngine({ warehouse })
  if (action === 'list') return await list(invocation, engine, given)
  if (action === 'clear' && name === undefined) return await clearRange(invocation, { engine, warehouse }, given)
  const runId = await runIdOf(warehouse, name)
  if (action === 'show') return await show(invocation, engine, runId)
  return action === 'cancel' ? await cancel(invocation, engine, runId) : await clear(invocation, engine, runId, given)
}

/** A run by its id or an unambiguous beginning of it. Throws ORCHESTRATE_RUN_UNKNOWN. */
export async function runIdOf(warehouse: Pick<Warehouse, 'query'>, name: string | undefined): Promise<string> {
  const rows =
    name === undefined
      ? []
      : await warehouse.query('select run_id from engine_run where starts_with(run_id::text, $1) limit 2', [name])
  const [only, other] = rows
  if (!only || other) throw new MillraceError('ORCHESTRATE_RUN_UNKNOWN', { run: name ?? '-' })
  return String(only['run_id'])
}

async function list({ output }: Invocation, engine: Engine, given: Given): Promise<number> {
  const limit = typeof given['limit'] === 'string' ? Number(given['limit']) : limitDefault
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
    throw new MillraceError('CLI_USAGE', { command: 'runs', detail: `--limit wants 1 to ${limitMax}` })
  const pipeline = typeof given['pipeline'] === 'string' ? given['pipeline'] : undefined
  const rows = (await engine.runs({ pipeline, limit })).map((one) => ({
    run: output.isTerminal && !output.json ? one.runId.slice(0, 13) : one.runId,
    day: one.partitionKey,
    kind: one.kind,
    state: one.state,
    queued: one.queuedAt,
    seconds: secondsOf(one),
  }))
  printRows(output, formatOf(undefined, output), ['run', 'day', 'kind', 'state', 'queued', 'seconds'], rows)
  return exitCodes.ok
}

function secondsOf({ startedAt, endedAt }: { readonly startedAt: Date | null; readonly endedAt: Date | null }) {
  return startedAt && endedAt ? ((endedAt.getTime() - startedAt.getTime()) / 1_000).toFixed(1) : null
}

async function show({ output }: Invocation, engine: Engine, runId: string): Promise<number> {
  const run = await engine.inspect(runId)
  if (output.json) {
    output.record(run)
    return exitCodes.ok
  }
  output.say(`${run.runId}  ${run.pipeline}  ${run.partitionKey}  ${run.kind}  ${run.state}`)
  const rows = run.tasks.map((one) => ({
    task: one.task,
    state: one.state,
    attempts: one.attempts.length,
    seconds: secondsOf(one),
    code: codeOf(one),
  }))
  printRows(output, formatOf(undefined, output), ['task', 'state', 'attempts', 'seconds', 'code'], rows)
  return exitCodes.ok
}

function codeOf({ error }: TaskView): string | null {
  const { code } = (error ?? {}) as { readonly code?: string }
  return code ?? null
}

const words = {
  en: {
    cancel: (run: string) => `Stop run ${run}?`,
    clear: (tasks: string, run: string) => `Do ${tasks} of run ${run} again?`,
    all: 'every task',
    declined: 'Nothing was changed.',
  },
  ko: {
    cancel: (run: string) => `실행 ${run}을(를) 멈출까요?`,
    clear: (tasks: string, run: string) => `실행 ${run}의 ${tasks}을(를) 다시 할까요?`,
    all: '모든 작업',
    declined: '아무것도 바꾸지 않았습니다.',
  },
} as const

async function cancel(invocation: Invocation, engine: Engine, runId: string): Promise<number> {
  const say = words[invocation.language]
  if (!(await confirmed(invocation, say.cancel(runId)))) return declined(invocation)
  await engine.cancel(runId)
  invocation.output.record({ event: 'cancelled', run: runId })
  return exitCodes.ok
}

async function clear(invocation: Invocation, engine: Engine, runId: string, given: Given): Promise<number> {
  const say = words[invocation.language]
  const tasks = (given['task'] as readonly string[] | undefined) ?? []
  if (!(await confirmed(invocation, say.clear(tasks.join(', ') || say.all, runId)))) return declined(invocation)
  const cleared = await engine.clear({ runId, tasks, downstream: given['downstream'] === true })
  invocation.output.record({ event: 'cleared', run: runId, tasks: cleared })
  return exitCodes.ok
}

function declined({ output, language }: Invocation): number {
  output.say(words[language].declined)
  return exitCodes.skipped
}
