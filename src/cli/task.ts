import { writeFileSync } from 'node:fs'
import { day, dayAt, timeZone } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Pipeline } from '../orchestrate/pipeline.ts'
import type { TaskResult } from '../orchestrate/queue.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { configuredPipeline } from './pipeline.ts'
import { openContext, projectSettings } from './project.ts'
import { formatOf, printRows } from './table.ts'

export const command: CommandSpec = {
  name: 'task',
  arguments: [
    { name: '<action>', text: { en: 'What to do', ko: '할 일' }, choices: ['run', 'failed'] },
    { name: '[pipeline]', text: { en: 'ad_data_pipeline', ko: 'ad_data_pipeline' } },
    { name: '[task]', text: { en: 'A step, or list_accounts', ko: '단계 또는 list_accounts' } },
  ],
  options: [
    { flags: '--date <day>', text: { en: 'The day that it is about', ko: '처리할 날' } },
    { flags: '--interval-start <instant>', text: { en: 'Start of the data interval', ko: '데이터 구간의 시작' } },
    { flags: '--interval-end <instant>', text: { en: 'Its end', ko: '데이터 구간의 끝' } },
    { flags: '--account <key>', text: { en: 'platform/accountId', ko: 'platform/accountId' } },
    { flags: '--expect-spec <hash>', text: { en: 'Refuse another pipeline', ko: '다른 파이프라인이면 거부' } },
    { flags: '--external-run <name>', text: { en: 'Run of the other scheduler', ko: '다른 스케줄러의 실행 이름' } },
    { flags: '--try <n>', text: { en: 'The other scheduler’s try', ko: '다른 스케줄러의 시도 번호' } },
    { flags: '--max-tries <n>', text: { en: 'And how many it makes', ko: '최대 시도 수' } },
    {
      flags: '--log-format <format>',
      text: { en: 'Lines on stderr', ko: 'stderr 줄 형식' },
      choices: ['text', 'json'],
    },
    {
      flags: '--result <place>',
      text: { en: 'stdout, or also a file', ko: 'stdout 또는 파일에도' },
    },
  ],
  description: {
    en: 'run: carries out one task for another scheduler, such as an exported Airflow DAG. The last line on stdout is its result as JSON; the exit code says what to do: 75, 1, 4, 6 try again; 2, 3, 5, 7 do not; 99 skipped. failed: tasks that failed lately.',
    ko: 'run: 내보낸 Airflow DAG 같은 다른 스케줄러를 위해 작업 하나를 실행합니다. stdout의 마지막 줄이 결과 JSON이고, 종료 코드가 다음을 정합니다: 75·1·4·6 재시도, 2·3·5·7 재시도 안 함, 99 건너뜀. failed: 최근 실패한 작업.',
  },
  examples: [
    {
      line: 'millrace task run ad_data_pipeline list_accounts --date 2026-11-25',
      text: { en: 'what the others are fanned out over', ko: '나머지를 펼칠 계정 목록' },
    },
    {
      line: 'millrace task run ad_data_pipeline transform_and_load_data \\\n    --date 2026-11-25 --account meta_ads/act_1',
      text: { en: 'one account’s load', ko: '한 계정의 적재' },
    },
    { line: 'millrace task failed', text: { en: 'what went wrong', ko: '실패한 작업' } },
  ],
  run: (invocation, [action, pipeline, task], given) =>
    action === 'failed' ? failed(invocation) : runTask(invocation, { pipeline, task }, given),
}

const usage = (detail: string) => new MillraceError('CLI_USAGE', { command: 'task', detail })

async function runTask(
  invocation: Invocation,
  named: { readonly pipeline: string | undefined; readonly task: string | undefined },
  given: Given,
): Promise<number> {
  const { output, signal } = invocation
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : undefined)
  const settings = await projectSettings(invocation)
  const pipeline = configuredPipeline(settings)
  const step = await checked(pipeline, named, text('expectSpec'))
  const about = dayOf(pipeline, text)
  const account = text('account') ?? null
  const each = pipeline.tasks.find((one) => one.id === step)?.each ?? 'run'
  if ((each === 'account') !== (account !== null))
    throw usage(each === 'account' ? `${step} wants --account platform/accountId` : `${step} takes no --account`)
  const { runExternalTask } = await import('../orchestrate/external.ts')
  const { openPorts } = await import('../config.ts')
  await using ports = await openPorts(settings, openContext(invocation))
  const say = (level: string, message: string) =>
    level === 'debug'
      ? undefined
      : output.say(text('logFormat') === 'json' ? JSON.stringify({ level, message }) : message)
  const externalRun = runOf(text('externalRun'), step) ?? `task:${about}`
  const result = await runExternalTask(ports, { pipeline, step, account, day: about, externalRun }, signal, say)
  return ended(invocation, { task: step, day: about, account, file: text('result') ?? 'stdout' }, result)
}

async function checked(
  pipeline: Pipeline,
  named: { readonly pipeline: string | undefined; readonly task: string | undefined },
  expected: string | undefined,
): Promise<string> {
  const { specHash } = await import('../orchestrate/ad-graph.ts')
  const { externalSteps } = await import('../orchestrate/external.ts')
  if (named.pipeline !== pipeline.id)
    throw new MillraceError('ORCHESTRATE_PIPELINE_UNKNOWN', { pipeline: named.pipeline ?? '' })
  const actual = specHash(pipeline)
  if (expected !== undefined && expected !== actual)
    throw new MillraceError('ORCHESTRATE_SPEC_DIFFERS', { pipeline: pipeline.id, expected, actual })
  const steps = externalSteps(pipeline)
  if (named.task === undefined || !steps.includes(named.task)) throw usage(`the task is one of ${steps.join(', ')}`)
  return named.task
}

/** The local day of the interval's start: that, and not when the task runs, is what it is about. */
function dayOf({ schedule }: Pipeline, text: (name: string) => string | undefined): Day {
  const [date, start, end] = [text('date'), text('intervalStart'), text('intervalEnd')]
  if (date !== undefined) return day(date)
  if (start === undefined) throw usage('--date or --interval-start says which day')
  const [startMs, endMs] = [Date.parse(start), Date.parse(end ?? start)]
  if (Number.isNaN(startMs) || Number.isNaN(endMs) || endMs < startMs)
    throw usage(`${start} to ${end ?? '-'} is no interval`)
  return dayAt(startMs, timeZone(schedule.zone))
}

/** Some schedulers name the task behind the run; tasks of one run must find one another. */
function runOf(name: string | undefined, task: string): string | undefined {
  return name?.endsWith(`:${task}`) ? name.slice(0, -task.length - 1) : name
}

async function ended(
  { output }: Invocation,
  {
    file,
    ...about
  }: { readonly task: string; readonly day: Day; readonly account: string | null; readonly file: string },
  result: TaskResult,
): Promise<number> {
  const { errorOf } = await import('../orchestrate/run-summary.ts')
  if (result.kind === 'failed') throw errorOf(result.error)
  const { resultFacts } = await import('../orchestrate/task-result.ts')
  const facts = { ...about, state: result.kind, ...resultFacts(result) }
  // What a pod hands back to Airflow is a file.
  if (file !== 'stdout') writeFileSync(file, JSON.stringify(facts))
  output.record(facts)
  return result.kind === 'skipped' || result.kind === 'deferred' ? exitCodes.skipped : exitCodes.ok
}

async function failed(invocation: Invocation): Promise<number> {
  const { output } = invocation
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  const { failedTasks } = await import('../orchestrate/task-result.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  const rows = await failedTasks(warehouse, 50)
  printRows(output, formatOf(undefined, output), ['run', 'day', 'task', 'tries', 'code', 'ended'], rows)
  return exitCodes.ok
}
