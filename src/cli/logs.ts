import { exitCodes } from '../domain/error-entry.ts'
import { isRunEnded } from '../orchestrate/run-state.ts'
import type { EngineRunState } from '../orchestrate/run-state.ts'
import { readLog } from '../orchestrate/task-log.ts'
import type { StoredLine } from '../orchestrate/task-log.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'
import { runIdOf } from './runs.ts'

const pageLines = 500
const followMs = 500

export const command: CommandSpec = {
  name: 'logs',
  arguments: [{ name: '<run>', text: { en: 'Id of the run, or its beginning', ko: '실행 id 또는 그 앞부분' } }],
  options: [
    { flags: '--task <id>', text: { en: 'Of this task only', ko: '이 작업만' } },
    { flags: '--grep <text>', text: { en: 'Lines that contain the text', ko: '이 글자가 있는 줄만' } },
    { flags: '--follow', text: { en: 'Go on until the run has ended', ko: '실행이 끝날 때까지 계속' } },
  ],
  description: {
    en: 'What the tasks of a run printed, in order, from whichever worker: the lines are in Postgres and outlive it.',
    ko: '실행의 작업들이 출력한 줄을 순서대로 보여 줍니다. 줄은 Postgres에 있어 워커가 죽어도 남습니다.',
  },
  examples: [
    { line: 'millrace logs 01a21ce1 --follow', text: { en: 'as they come', ko: '실시간으로' } },
    { line: 'millrace logs 01a21ce1 --grep quota', text: { en: 'those with a word', ko: '단어가 있는 줄' } },
  ],
  run: logs,
}

async function logs(invocation: Invocation, [name]: readonly string[], given: Given): Promise<number> {
  const { output, signal, clock } = invocation
  const settings = await projectSettings(invocation)
  const { openWarehouse } = await import('../config.ts')
  await using warehouse = await openWarehouse(settings, openContext(invocation))
  const runId = await runIdOf(warehouse, name)
  const text = (option: string) => (typeof given[option] === 'string' ? given[option] : undefined)
  let afterId = 0n
  for (;;) {
    // Asked before the lines are read: what a run printed before it ended is there when it has.
    const isOver = given['follow'] !== true || (await hasEnded(warehouse, runId))
    const lines = await readLog(warehouse, { runId, task: text('task'), grep: text('grep'), afterId, limit: pageLines })
    for (const line of lines) print(invocation, line)
    afterId = BigInt(lines.at(-1)?.logId ?? afterId)
    if (lines.length === pageLines) continue
    if (isOver) return exitCodes.ok
    await clock.sleep(followMs, signal)
  }
  function print(_: Invocation, { at, task, attempt, level, message }: StoredLine): void {
    if (output.json || !output.isTerminal) output.record({ at: at.toISOString(), task, attempt, level, message })
    else output.data(`${at.toISOString().slice(11, 23)} ${task} ${level === 'info' ? '' : `${level} `}${message}\n`)
  }
}

async function hasEnded(warehouse: Pick<Warehouse, 'query'>, runId: string): Promise<boolean> {
  const [row] = await warehouse.query('select state from engine_run where run_id = $1', [runId])
  return isRunEnded(row?.['state'] as EngineRunState)
}
