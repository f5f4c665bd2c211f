import { exitCodes } from '../domain/error-entry.ts'
import { MillraceError } from '../domain/errors.ts'
import type { BackfillAsk, BackfillPlan } from '../orchestrate/backfill.ts'
import type { Ports } from '../orchestrate/ports.ts'
import type { Reprocess } from '../orchestrate/reprocess.ts'
import { confirmed } from './ask.ts'
import type { Given, Invocation } from './command.ts'
import { configuredPipeline } from './pipeline.ts'
import { openContext, projectSettings } from './project.ts'
import { requestOf } from './run.ts'
import { formatOf, printRows } from './table.ts'
import { wholeOf } from './up.ts'

export const queueActions = ['plan', 'start', 'list', 'pause', 'resume', 'cancel'] as const

export type QueueAction = (typeof queueActions)[number]

const runsDefault = 3

const words = {
  en: {
    question: (days: number, asked: number) => `Queue ${days} days (${asked} questions to platforms)?`,
    declined: 'Nothing was queued.',
    started: (id: string) => `Queued as ${id}; workers carry it out: millrace up, millrace worker`,
  },
  ko: {
    question: (days: number, asked: number) => `${days}일(플랫폼 조회 ${asked}회)을 대기열에 넣을까요?`,
    declined: '아무것도 넣지 않았습니다.',
    started: (id: string) => `${id}(으)로 대기열에 넣었습니다. 실행은 워커가 합니다: millrace up, millrace worker`,
  },
} as const

/** Backfills that workers carry out: planned, begun, paused, stopped. */
export async function queueBackfill(
  invocation: Invocation,
  action: QueueAction,
  name: string | undefined,
  given: Given,
): Promise<number> {
  const settings = await projectSettings(invocation)
  if (action === 'plan' || action === 'start') return plan(invocation, action, given)
  const { openWarehouse } = await import('../config.ts')
  const { cancelBackfill, listBackfills, pauseBackfill, resumeBackfill } = await import('../orchestrate/backfill.ts')
  const { embeddedEngine } = await import('../orchestrate/embedded-engine.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  if (action !== 'list') {
    if (name === undefined)
      throw new MillraceError('CLI_USAGE', { command: 'backfill', detail: `${action} wants the backfill’s id` })
    if (action === 'pause') await pauseBackfill(warehouse, name)
    else if (action === 'resume') await resumeBackfill(warehouse, name)
    else await cancelBackfill(warehouse, embeddedEngine({ warehouse }), name)
  }
  const rows = await listBackfills(warehouse, 20)
  const columns = ['backfill', 'since', 'until', 'reprocess', 'state', 'done', 'failed', 'open']
  printRows(invocation.output, formatOf(undefined, invocation.output), columns, rows)
  return exitCodes.ok
}

async function plan(invocation: Invocation, action: 'plan' | 'start', given: Given): Promise<number> {
  const { output, language } = invocation
  const settings = await projectSettings(invocation)
  const { openPorts } = await import('../config.ts')
  const { planBackfill, startBackfill } = await import('../orchestrate/backfill.ts')
  await using ports = await openPorts(settings, openContext(invocation))
  const { ask, deploy } = await asked(invocation, ports, given)
  const runsActiveMax = wholeOf(given, 'runs', runsDefault, 64)
  const planned = await planBackfill(ports.warehouse, ask, runsActiveMax)
  print(invocation, planned)
  if (action === 'plan' || planned.days.length === 0) return exitCodes.ok
  const total = Object.values(planned.operations).reduce((sum, one) => sum + one, 0)
  if (!(await confirmed(invocation, words[language].question(planned.days.length, total)))) {
    output.say(words[language].declined)
    return exitCodes.skipped
  }
  await deploy()
  const id = await startBackfill(ports.warehouse, ask, planned, { runsActiveMax, random: ports.random })
  output.record({ event: 'backfill_started', backfill: id, days: planned.days.length })
  output.say(words[language].started(id))
  return exitCodes.ok
}

async function asked(
  invocation: Invocation,
  ports: Ports,
  given: Given,
): Promise<{ readonly ask: BackfillAsk; readonly deploy: () => Promise<string> }> {
  const settings = await projectSettings(invocation)
  const request = requestOf(given, 'backfill', settings.pipeline.zone, ports.clock.nowMs())
  if (request.range === null)
    throw new MillraceError('CLI_USAGE', { command: 'backfill', detail: '--since says from which day' })
  const { askBackfill } = await import('./backfill-desk.ts')
  const { embeddedEngine } = await import('../orchestrate/embedded-engine.ts')
  const { output, signal } = invocation
  const engine = embeddedEngine({ warehouse: ports.warehouse })
  return askBackfill(
    { ports, pipeline: configuredPipeline(settings), engine, signal, say: (message) => output.say(message) },
    {
      range: request.range,
      reprocess: (given['reprocess'] as Reprocess | undefined) ?? 'missing',
      platforms: request.platforms,
      accountIds: request.accountIds,
    },
  )
}

function print({ output }: Invocation, { days, operations, minutes }: BackfillPlan): void {
  if (output.json) {
    output.record({ event: 'plan', days: days.length, operations, minutes, dates: days.map((one) => one.day) })
    return
  }
  const rows = Object.entries(operations).map(([platform, count]) => ({
    platform,
    days: days.filter((one) => one.accounts.some((key) => key.startsWith(`${platform}/`))).length,
    first: days.at(-1)?.day,
    last: days[0]?.day,
    questions: count,
    minutes: minutes === null ? null : minutes.toFixed(1),
  }))
  printRows(output, formatOf(undefined, output), ['platform', 'days', 'first', 'last', 'questions', 'minutes'], rows)
}
