import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '../domain/clock.ts'
import { addDays, day, dayStartMs, timeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Simulated } from '../orchestrate/simulate.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { configuredPipeline } from './pipeline.ts'
import { projectSettings } from './project.ts'
import type { Output } from './output.ts'
import type { Row } from './table.ts'
import { formatOf, printRows } from './table.ts'

export const command: CommandSpec = {
  name: 'simulate',
  arguments: [],
  options: [
    { flags: '--from <day>', text: { en: 'First day of the clock', ko: '시계의 첫날' }, required: true },
    { flags: '--to <day>', text: { en: 'Last day of the clock', ko: '시계의 마지막 날' }, required: true },
  ],
  description: {
    en: 'Runs the schedule over a range of days on a clock that jumps: what falls due, waves of accounts that close later, restatements and what becomes late, with the real tasks against the sandbox, in a warehouse and a lake of its own that are removed at the end. Models are not built and nobody is told.',
    ko: '건너뛰는 시계로 기간 동안의 일정을 실행합니다: 처리할 날, 나중에 마감되는 계정, 수정분, 지연을 샌드박스에 대해 실제 작업으로 실행하고, 전용 웨어하우스와 레이크는 끝나면 지웁니다. 모델은 만들지 않고 알림도 보내지 않습니다.',
  },
  examples: [
    {
      line: 'millrace simulate --from 2026-10-20 --to 2026-11-03',
      text: { en: 'two weeks over a change of clocks', ko: '시계가 바뀌는 2주' },
    },
  ],
  run: simulation,
}

async function simulation(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { output, signal } = invocation
  const settings = await projectSettings(invocation)
  if (Object.values(settings.connections).some((one) => !one.sandboxed && one.adapter !== 'file'))
    throw new MillraceError('CLI_USAGE', {
      command: 'simulate',
      detail: 'a simulation never asks a real platform: give the project a sandbox',
    })
  const zone = timeZone(settings.pipeline.zone)
  const [from, to] = [day(String(given['from'])), day(String(given['to']))]
  let atMs = dayStartMs(from, zone)
  const clock = {
    nowMs: () => atMs,
    async sleep(durationMs: number, stop?: AbortSignal) {
      stop?.throwIfAborted()
      atMs += durationMs
      await Promise.resolve()
    },
  }
  const folder = await mkdtemp(join(tmpdir(), 'millrace-simulate-'))
  try {
    const { openPorts } = await import('../config.ts')
    const { adapter: embedded } = await import('../warehouse/embedded.ts')
    const { adapter: lake } = await import('../lake/folder.ts')
    await using ports = await openPorts(
      {
        ...settings,
        projectDir: folder,
        warehouse: {
          adapter: 'embedded',
          options: embedded.options.parse({ dir: join(folder, 'postgres'), durable: false }),
        },
        lake: { adapter: 'folder', options: lake.options.parse({ root: join(folder, 'lake') }) },
        transform: null,
        notify: {},
      },
      { clock, random: systemRandom, fetch: globalThis.fetch, onOpening: () => undefined },
    )
    const { simulate } = await import('../orchestrate/simulate.ts')
    const events = simulate({
      ports,
      pipeline: configuredPipeline(settings),
      deadlineMs: 4 * 3_600_000,
      untilMs: dayStartMs(addDays(to, 1), zone),
      moveTo: (instantMs) => {
        atMs = Math.max(atMs, instantMs)
      },
      signal,
    })
    const sums = await print(output, events)
    if (output.json) output.record({ event: 'done', from, to, ...sums })
    return 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const columns = ['at', 'day', 'state', 'accounts', 'rows', 'restated']

/** Programs get each run as it ends, people the whole as a table; returns the sums. */
async function print(output: Output, events: AsyncIterable<Simulated>): Promise<Readonly<Record<string, number>>> {
  const sums = { runs: 0, rows: 0, restated: 0, late: 0 }
  const rows: Row[] = []
  for await (const event of events) {
    if (event.kind === 'late') sums.late += 1
    else {
      sums.runs += 1
      sums.rows += event.rows
      sums.restated += event.restated
      rows.push({ ...event, at: event.at.toISOString() })
    }
    if (output.json) output.record({ event: event.kind, ...event, run_id: undefined, kind: undefined })
    else output.footer([`${event.at.toISOString()}  ${event.day}  ${event.kind}`])
  }
  output.footer([])
  if (!output.json) printRows(output, formatOf(undefined, output), columns, rows)
  return sums
}
