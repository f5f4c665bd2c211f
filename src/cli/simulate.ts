import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../config-check.ts'
import { seededRandom } from '../domain/clock.ts'
import { addDays, day, dayAt, dayStartMs, timeZone } from '../domain/day.ts'
import type { Language } from '../domain/errors.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import { platforms } from '../domain/platform.ts'
import type { Ports } from '../orchestrate/ports.ts'
import type { LateDay, Simulated } from '../orchestrate/simulate.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { configuredPipeline } from './pipeline.ts'
import { projectSettings } from './project.ts'
import { wholeOf } from './up.ts'
import type { Output } from './output.ts'
import type { Row } from './table.ts'
import { formatOf, printRows } from './table.ts'

export const command: CommandSpec = {
  name: 'simulate',
  arguments: [],
  options: [
    { flags: '--from <day>', text: { en: 'First day of the clock', ko: '시계의 첫날' }, required: true },
    { flags: '--to <day>', text: { en: 'Last day of the clock', ko: '시계의 마지막 날' }, required: true },
    {
      flags: '--outage <which>',
      text: { en: 'PLATFORM@INSTANT/HOURS; may be repeated', ko: 'PLATFORM@시각/시간. 반복 가능' },
      many: true,
    },
    { flags: '--outages <n>', text: { en: 'So many more, drawn by the seed', ko: '시드로 정하는 장애 수' } },
    { flags: '--seed <n>', text: { en: 'Of all chance; 1', ko: '모든 우연의 시드. 1' } },
    { flags: '--whole', text: { en: 'Raw files and models too; slower', ko: '원본 파일과 모델까지. 느림' } },
  ],
  description: {
    en: 'Runs the schedule over a range of days on a clock that jumps: what falls due, waves of accounts that close later, restatements, outages of platforms, what they make late and when it came after all. Planner, queue, the platforms’ clients, audit and load are real, against the sandbox. It writes a warehouse of its own into a folder of the system’s for temporary files, with --whole the raw files and the dbt models too, and removes all of it at the end; the project stays as it is, and nobody is told. Prints a line for each day, and at the end what was late.',
    ko: '건너뛰는 시계로 기간 동안의 일정을 실행합니다: 처리할 날, 나중에 마감되는 계정, 수정분, 플랫폼 장애, 그로 인한 지연과 회복. 플래너, 대기열, 플랫폼 클라이언트, 감사, 적재는 실제이며 샌드박스를 씁니다. 임시 폴더에 전용 웨어하우스를 만들고, --whole이면 원본 파일과 dbt 모델도 만든 뒤 끝나면 모두 지웁니다. 프로젝트는 그대로이고 알림도 보내지 않습니다. 날마다 한 줄, 끝에는 지연 목록을 출력합니다.',
  },
  examples: [
    {
      line: 'millrace simulate --from 2026-10-20 --to 2026-11-03',
      text: { en: 'two weeks over a change of clocks', ko: '시계가 바뀌는 2주' },
    },
    {
      line: 'millrace simulate --from 2026-10-01 --to 2026-10-31 --outages 3',
      text: {
        en: 'a month with three outages that the seed draws',
        ko: '시드가 정하는 장애 셋이 있는 한 달',
      },
    },
  ],
  run: simulation,
}

const words = {
  en: {
    late: (late: number, came: number, hours: number) =>
      late === 0
        ? 'Nothing was late.'
        : `${late} account days were late; ${came} came after all, at most ${hours.toFixed(1)} h behind their deadline; ${late - came} had not by the end.`,
    due: (at: string) => `deadline ${at}`,
    came: (at: string) => `came ${at}`,
    missing: 'missing',
    made: (files: number, models: number) =>
      `${files} raw files were written and ${models} models built; all is removed.`,
  },
  ko: {
    late: (late: number, came: number, hours: number) =>
      late === 0
        ? '늦은 것이 없습니다.'
        : `계정-날짜 ${late}건이 늦었고, ${came}건은 들어왔습니다(기한 뒤 최대 ${hours.toFixed(1)}시간). ${late - came}건은 끝까지 없었습니다.`,
    due: (at: string) => `기한 ${at}`,
    came: (at: string) => `도착 ${at}`,
    missing: '누락',
    made: (files: number, models: number) =>
      `원본 파일 ${files}개를 쓰고 모델을 ${models}번 만들었으며, 모두 지웠습니다.`,
  },
} as const satisfies Record<Language, unknown>

async function simulation(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { output, signal, language } = invocation
  const random = seededRandom(wholeOf(given, 'seed', 1, 2 ** 31))
  const whole = given['whole'] === true
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
        transform: whole ? await copiedModels(settings, folder) : null,
        notify: {},
      },
      { clock, random, fetch: globalThis.fetch, onOpening: () => undefined },
    )
    const { lateDays, madeBy, simulate } = await import('../orchestrate/simulate.ts')
    const { drawOutages, outageOf } = await import('../orchestrate/outage.ts')
    const named = ((given['outage'] as readonly string[] | undefined) ?? []).map(outageOf)
    const drawn = wholeOf(given, 'outages', 0, 1_000)
    const between = { sinceMs: atMs, untilMs: dayStartMs(addDays(to, 1), zone) }
    const events = simulate({
      ports,
      pipeline: configuredPipeline(settings),
      deadlineMs: 4 * 3_600_000,
      untilMs: between.untilMs,
      outages: [...named, ...drawOutages(drawn, between, platformsOf(ports), random)].toSorted(
        (a, b) => a.fromMs - b.fromMs,
      ),
      whole,
      moveTo: (instantMs) => {
        atMs = Math.max(atMs, instantMs)
      },
      signal,
    })
    const sums = await print(output, events, (at) => dayAt(at.getTime(), zone))
    const late = await lateDays(ports.warehouse)
    const made = whole ? await madeBy(ports) : null
    if (output.json) output.record({ event: 'done', from, to, ...sums, ...made, lateDays: late })
    else report(output, language, late)
    if (!output.json && made) output.say(words[language].made(made.files, made.models))
    return 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The project's models in a folder of the simulation, so that what a build leaves behind is not in the project. */
async function copiedModels(
  { transform }: Pick<Settings, 'transform'>,
  folder: string,
): Promise<Settings['transform']> {
  if (transform === null) return null
  const project = join(folder, 'dbt')
  await cp(transform.project, project, { recursive: true })
  const profiles = transform.profiles === transform.project ? project : transform.profiles
  return { ...transform, project, profiles }
}

function platformsOf({ connections }: Pick<Ports, 'connections'>): readonly Platform[] {
  return platforms.filter((one) => connections.some(({ connector }) => connector.spec.platform === one))
}

const columns = ['date', 'runs', 'failed', 'rows', 'restated', 'late', 'recovered', 'outage']

/** What happened on one day of the clock. */
interface DayLine extends Row {
  readonly date: string
  runs: number
  failed: number
  rows: number
  restated: number
  late: number
  recovered: number
  outage: string
}

/** Programs get each event as it happens and each day as it ends, people the days as a table; returns the sums. */
async function print(
  output: Output,
  events: AsyncIterable<Simulated>,
  dateOf: (at: Date) => string,
): Promise<Readonly<Record<string, number>>> {
  const days = new Map<string, DayLine>()
  const begin = (date: string): DayLine => {
    for (const day of output.json ? days.values() : []) output.record({ event: 'day', ...day })
    if (output.json) days.clear()
    const day = { date, runs: 0, failed: 0, rows: 0, restated: 0, late: 0, recovered: 0, outage: '' }
    days.set(date, day)
    return day
  }
  const sums = { runs: 0, failed: 0, rows: 0, restated: 0, late: 0, recovered: 0, outages: 0 }
  for await (const event of events) {
    const date = dateOf(event.at)
    count(days.get(date) ?? begin(date), sums, event)
    if (output.json) output.record({ event: event.kind, ...event, run_id: undefined, kind: undefined })
    else output.footer([`${event.at.toISOString()}  ${event.kind}`])
  }
  output.footer([])
  if (output.json) for (const day of days.values()) output.record({ event: 'day', ...day })
  else printRows(output, formatOf(undefined, output), columns, [...days.values()])
  return sums
}

function count(
  day: DayLine,
  sums: Record<'runs' | 'failed' | 'rows' | 'restated' | 'late' | 'recovered' | 'outages', number>,
  event: Simulated,
): void {
  if (event.kind === 'outage') {
    sums.outages += 1
    day.outage = [day.outage, `${event.platform} ${event.hours} h`].filter(Boolean).join(', ')
    return
  }
  for (const one of [day, sums]) {
    if (event.kind !== 'run') {
      one[event.kind] += 1
      continue
    }
    one.runs += 1
    one.failed += event.state === 'success' ? 0 : 1
    one.rows += event.rows
    one.restated += event.restated
  }
}

const linesMax = 20

/** What was late and whether it came, to people; a program gets it with the last line. */
function report(output: Output, language: Language, late: readonly LateDay[]): void {
  const say = words[language]
  const came = late.filter((one) => one.recovered !== null)
  const hours = came.map((one) => ((one.recovered?.getTime() ?? 0) - one.deadline.getTime()) / 3_600_000)
  output.say(say.late(late.length, came.length, Math.max(0, ...hours)))
  for (const { account, day: about, deadline, recovered } of late.slice(0, linesMax)) {
    const end = recovered === null ? say.missing : say.came(recovered.toISOString())
    output.say(`  ${about}  ${account}  ${say.due(deadline.toISOString())}, ${end}`)
  }
  if (late.length > linesMax) output.say(`  … ${late.length - linesMax}`)
}
