import { join } from 'node:path'
import type { Day } from '../domain/day.ts'
import { addDays, day, dayAt, timeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { RunSummary } from '../orchestrate/events.ts'
import { alsoToBoard, bootRelay, lateUse, startDashboard, stayUp } from './dashboard.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import type { DemoTime } from './demo-clock.ts'
import { demoEventsPerSecond, demoNoonMs, readDemoTime, writeDemoTime } from './demo-clock.ts'
import { demoWork } from './demo-hands.ts'
import { showProgress } from './progress.ts'
import { openContext, projectSettings } from './project.ts'
import { screenServices } from './screen-services.ts'
import { exitCodeOf, printSummary } from './summary.ts'
import { liveEvents } from './up-stream.ts'
import { showLive } from './demo-events.ts'
import { copyTemplate, millraceCommand, quoted } from './template.ts'

const daysDefault = 30
const daysMax = 400

export const command: CommandSpec = {
  name: 'demo',
  arguments: [],
  options: [
    {
      flags: '--once',
      text: { en: 'End when the job is done; no dashboard', ko: '작업이 끝나면 종료. 대시보드 없음' },
    },
    {
      flags: '--port <port>',
      text: { en: 'The dashboard’s; 4400 or the next free one', ko: '대시보드 포트. 4400 또는 다음 빈 포트' },
    },
    {
      flags: '--days <n>',
      text: { en: 'How many days are loaded; 30 when left out', ko: '적재할 날 수. 생략하면 30' },
    },
    {
      flags: '--events <n>',
      text: { en: 'Live events a second; 1,000 when left out', ko: '초당 실시간 이벤트. 생략하면 1,000' },
    },
    {
      flags: '--as-of <day>',
      text: { en: 'The demo’s today; kept from the first demo on', ko: '데모의 오늘. 첫 데모부터 유지됨' },
    },
  ],
  description: {
    en: 'Does the whole nightly job on this machine, without an account: starts the embedded Postgres and the fake ad platforms, loads 2 platforms with 3 accounts each through the real clients, audits, publishes, builds and tests the dbt models, and writes the notice; the dashboard is there meanwhile and stays until Ctrl-C. Everything lies in .millrace/demo; running it again changes nothing.',
    ko: '계정 없이 이 컴퓨터에서 야간 작업 전체를 실행합니다. 내장 Postgres와 가짜 광고 플랫폼을 띄우고, 실제 클라이언트로 플랫폼 2개·계정 3개씩을 적재·감사·공개하고, dbt 모델을 만들어 검사하고, 알림을 씁니다. 그동안 대시보드가 열려 Ctrl-C까지 유지됩니다. 모두 .millrace/demo에 있으며 다시 실행해도 결과는 같습니다.',
  },
  examples: [
    { line: 'millrace demo', text: { en: '30 days, as people read it', ko: '30일, 사람이 읽는 출력' } },
    {
      line: 'millrace demo --once --json',
      text: { en: 'events for a program; the last line is `done`', ko: '프로그램용 이벤트, 마지막 줄은 done' },
    },
  ],
  run: demo,
}

async function demo(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const startedAt = performance.now()
  const { output, language, signal } = invocation
  const projectDir = join(invocation.projectDir, '.millrace', 'demo')
  const days = daysOf(given)
  const time = demoTime(projectDir, given, invocation)
  // The template is the program's own and may be newer than the last demo.
  copyTemplate(projectDir, { language, overwrite: true })
  const inside: Invocation = { ...invocation, projectDir }
  const settings = await projectSettings(inside)
  const clocks = openContext(inside)
  const live = given['once'] === true ? undefined : await liveEvents(settings, inside, clocks.clock)
  // The database begins to start before the server is read and listens: the one is another process's work, the other this one's.
  const relay = bootRelay(clocks)
  const { openPorts } = await import('../config.ts')
  await using opened = lateUse(openPorts(settings, relay.context))
  await using dashboard =
    live && (await startDashboard(inside, { port: portOf(given), context: clocks, live: live.look }))
  relay.to(dashboard)
  const { context } = relay
  const { runPipeline } = await import('../orchestrate/run.ts')
  const ports = await opened.value
  const zone = timeZone(settings.pipeline.zone)
  // Told before it is ready: a page that found it ready and idle would look again only in half a minute.
  dashboard?.board.progress({ done: 0, total: 0, rows: 0 })
  const services = screenServices(inside, settings, ports)
  dashboard?.attach({ warehouse: ports.warehouse, project: { name: settings.name, zone, isDemo: true }, ...services })
  const summary = await runPipeline(
    ports,
    {
      range: { since: addDays(time.asOf, -days), until: addDays(time.asOf, -1) },
      kind: 'repair',
      zone,
    },
    alsoToBoard(showProgress(output, language), dashboard),
    signal,
  )
  writeDemoTime(projectDir, { ...time, clockMs: context.clock.nowMs() + 1_000 })
  const seconds = Math.round(performance.now() - startedAt) / 1_000
  if (output.json) output.record(doneOf(summary, days, seconds))
  else {
    printSummary(output, { ...summary, seconds }, language)
    output.data(placesText(invocation, projectDir, { warehouse: ports.warehouse.place, lake: ports.lake.place }))
  }
  if (live) {
    const showing = { invocation: inside, settings, time, clock: context.clock, ports }
    await Promise.all([showLive(showing, live), stayUp(inside), demoWork(inside, ports, services)])
  }
  return exitCodeOf(summary)
}

/** Where the search for a free port begins. */
const portDefault = 4400

function portOf(given: Given): number {
  const text = given['port']
  const port = typeof text === 'string' ? Number(text) : portDefault
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new MillraceError('CLI_USAGE', { command: 'demo', detail: '--port wants a number from 0 to 65535' })
}

function daysOf(given: Given): number {
  const text = given['days']
  const days = typeof text === 'string' ? Number(text) : daysDefault
  if (Number.isInteger(days) && days >= 1 && days <= daysMax) return days
  throw new MillraceError('CLI_USAGE', { command: 'demo', detail: `--days wants a whole number from 1 to ${daysMax}` })
}

const eventsMax = 100_000

function eventsOf(given: Given): number {
  const text = given['events']
  const events = typeof text === 'string' ? Number(text) : demoEventsPerSecond
  if (Number.isInteger(events) && events >= 1 && events <= eventsMax) return events
  throw new MillraceError('CLI_USAGE', {
    command: 'demo',
    detail: `--events wants a whole number from 1 to ${eventsMax}`,
  })
}

/** The demo's time, kept since the first one; `--as-of` moves it. Written before anything else, so that a killed demo keeps its day. */
function demoTime(projectDir: string, given: Given, { clock }: Invocation): DemoTime {
  const kept = readDemoTime(projectDir)
  const asked: Day | undefined = typeof given['asOf'] === 'string' ? day(given['asOf']) : undefined
  const asOf = asked ?? kept?.asOf ?? dayAt(clock.nowMs(), timeZone('Asia/Seoul'))
  const clockMs = kept?.asOf === asOf ? kept.clockMs : demoNoonMs(asOf)
  // A minute ahead: if this demo is killed, the next one's extracts are still younger than those it made.
  const time = { asOf, clockMs, eventsPerSecond: eventsOf(given) }
  writeDemoTime(projectDir, { ...time, clockMs: clockMs + 60_000 })
  return time
}

/** The last line of `demo --json`; its keys are what other programs rely on. */
export function doneOf(summary: RunSummary, days: number, seconds: number): object {
  return {
    event: 'done',
    days,
    platforms: summary.platforms,
    accounts: summary.accounts,
    rows: summary.rows,
    models: summary.models,
    dbt_tests: { pass: summary.dbtTests.pass, fail: summary.dbtTests.fail },
    checks: summary.checks,
    cost_total: summary.costTotal,
    seconds,
  }
}

const words = {
  en: { lies: 'The data lies here', next: 'Next' },
  ko: { lies: '데이터 위치', next: '다음' },
} as const

function placesText(
  { language, projectDir: from }: Invocation,
  projectDir: string,
  places: { readonly warehouse: string; readonly lake: string },
): string {
  const said = words[language]
  const millrace = millraceCommand()
  const project = `--project ${quoted(join(from, '.millrace', 'demo') === projectDir ? '.millrace/demo' : projectDir)}`
  return [
    `${said.lies}:`,
    `  ${places.warehouse}`,
    `  ${places.lake}`,
    `${said.next}:`,
    `  ${millrace} status ${project}`,
    `  ${millrace} sql ${project} "select platform, currency, sum(cost) as cost from daily_campaign_metrics group by platform, currency"`,
    `  ${millrace} init my-ads`,
    '',
  ].join('\n')
}
