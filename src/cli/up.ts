import { hostname } from 'node:os'
import type { Settings } from '../config-check.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { WorkerOptions } from '../orchestrate/worker.ts'
import type { AccessOptions } from '../server/access-options.ts'
import type { Server } from '../server/server.ts'
import type { CommandSpec, Given, Invocation } from './command.ts'
import { configuredPipeline } from './pipeline.ts'
import { openContext, projectSettings } from './project.ts'
import { referenced } from './reference.ts'
import type { UpEvent } from './up-lines.ts'
import { upLine } from './up-lines.ts'

const slotsDefault = 4
const portDefault = 4400
/** After a day is due for an account; a platform's slow morning is not yet an alarm. */
const deadlineHoursDefault = 4

const slotsOption = {
  flags: '--slots <n>',
  text: { en: `Tasks at a time; ${slotsDefault} when left out`, ko: `동시 작업 수. 생략하면 ${slotsDefault}` },
} as const

export const command: CommandSpec = {
  name: 'up',
  arguments: [],
  options: [
    { flags: '--host <name>', text: { en: 'Address to listen on; 127.0.0.1', ko: '열 주소. 기본 127.0.0.1' } },
    { flags: '--login', text: { en: 'People sign in; see millrace users', ko: '로그인 사용(millrace users)' } },
    {
      flags: '--port <port>',
      text: { en: `Port; ${portDefault}, or the next free`, ko: `포트. ${portDefault} 또는 다음` },
    },
    {
      flags: '--key <ref>',
      text: { en: 'Bearer key: env:NAME or file:/path', ko: '베어러 키: env:이름 또는 file:/경로' },
    },
    slotsOption,
    {
      flags: '--deadline <hours>',
      text: { en: `Late after; ${deadlineHoursDefault}`, ko: `지연 기준(시간). ${deadlineHoursDefault}` },
    },
    { flags: '--no-worker', text: { en: 'Scheduler and server only', ko: '스케줄러와 서버만' } },
  ],
  description: {
    en: 'Starts scheduler, workers and server in one command and stays until Ctrl-C or SIGTERM, then drains: nothing new begins, tasks end or are given back. More hands on other machines: millrace worker.',
    ko: '스케줄러, 워커, 서버를 한 번에 시작하고 Ctrl-C나 SIGTERM까지 동작합니다. 멈출 때는 새 작업을 시작하지 않고 진행 중인 작업을 끝내거나 돌려놓습니다. 다른 컴퓨터의 일손은 millrace worker 입니다.',
  },
  examples: [
    { line: 'millrace up', text: { en: 'on this machine', ko: '이 컴퓨터에서' } },
    { line: 'millrace up --json', text: { en: 'the first line names the address', ko: '첫 줄에 주소를 출력' } },
  ],
  run: up,
}

async function up(invocation: Invocation, _args: readonly string[], given: Given): Promise<number> {
  const { output, signal, clock } = invocation
  const settings = await projectSettings(invocation)
  const { kept, serveDashboard, webDir } = await import('./dashboard.ts')
  const { startServer } = await import('../server/server.ts')
  const context = openContext(invocation)
  const { liveEvents } = await import('./up-stream.ts')
  const live = await liveEvents(settings, invocation, context.clock)
  const started = await startServer({
    host: typeof given['host'] === 'string' ? given['host'] : '127.0.0.1',
    port: wholeOf(given, 'port', portDefault, 65_535),
    portSearch: given['port'] === undefined,
    key: await keyOf(given['key'], invocation),
    access: accessOf(settings, given['login'] === true),
    clock,
    webDir,
    mounts: live.mounts,
    live: live.look,
    onError: (error) => output.warn(`${error.code} ${error.message}`),
  })
  await using server = kept(invocation, started)
  const { openPorts } = await import('../config.ts')
  await using ports = await openPorts(settings, {
    ...context,
    onOpening(opening) {
      context.onOpening(opening)
      server.board.stage(opening)
    },
  })
  const { checkSharedLake } = await import('../orchestrate/shared-lake.ts')
  await checkSharedLake(ports.warehouse, ports.lake)
  await declareAccounts(invocation, settings, ports.warehouse)
  serveDashboard(invocation)
  const zone = timeZone(settings.pipeline.zone)
  const { screenServices } = await import('./screen-services.ts')
  const services = screenServices(invocation, settings, ports)
  const { engine } = services
  server.attach({
    warehouse: ports.warehouse,
    ...services,
    project: { name: settings.name, zone, isDemo: false },
  })
  if (output.json) output.record({ event: 'ready', url: server.url })
  else output.data(`${server.url}\n`)
  await tellSetup(invocation, server)
  const { runScheduler } = await import('../orchestrate/scheduler.ts')
  const { keepBriefing } = await import('./brief-send.ts')
  const scheduling = runScheduler(
    {
      ports,
      pipeline: configuredPipeline(settings),
      engine,
      deadlineMs: wholeOf(given, 'deadline', deadlineHoursDefault, 72) * 3_600_000,
      incidents: true,
      onEvent: (event) => tell(invocation, event),
    },
    signal,
  )
  await Promise.all([
    scheduling,
    live.count(ports, signal),
    keepBriefing(ports, settings.brief, signal, (event) => tell(invocation, event)),
    given['worker'] === false ? undefined : work(invocation, given, ports, engine),
  ])
  return 0
}

/** Takes tasks until the signal, then drains. */
export async function work(
  invocation: Invocation,
  given: Given,
  { warehouse }: Pick<WorkerOptions, 'warehouse'>,
  engine: WorkerOptions['engine'],
): Promise<void> {
  const { runWorker } = await import('../orchestrate/worker.ts')
  const { systemClock, systemRandom } = await import('../domain/clock.ts')
  await runWorker(
    {
      warehouse,
      engine,
      name: `${hostname()} ${process.pid} ${Math.floor(systemRandom() * 1e6)}`,
      slots: wholeOf(given, 'slots', slotsDefault, 256),
      // Compiled, the file beside this one ends in .js.
      bodies: import.meta.url.replace(/up\.(ts|js)$/, 'task-bodies.$1'),
      clock: systemClock,
      env: { ...invocation.env, MILLRACE_TASK_PROJECT: invocation.projectDir, MILLRACE_LANG: invocation.language },
      onEvent: (event) => tell(invocation, event),
    },
    invocation.signal,
  )
}

/** Programs get events, people a line for what they want to know of. */
function tell({ output, language }: Invocation, event: UpEvent): void {
  if (output.json) return output.record(event)
  const line = upLine(event, language)
  if (event.event === 'trouble' || event.event === 'late') output.warn(line)
  else output.say(line)
}

export function wholeOf(given: Given, name: string, fallback: number, max: number): number {
  const text = given[name]
  const number = typeof text === 'string' ? Number(text) : fallback
  if (Number.isInteger(number) && number >= 0 && number <= max) return number
  throw new MillraceError('CLI_USAGE', { command: 'up', detail: `--${name} wants a whole number up to ${max}` })
}

/** A key never stands in the arguments, where every process of the machine can read it. */
async function keyOf(reference: Given[string], invocation: Invocation): Promise<string | undefined> {
  const key = await referenced(reference, invocation)
  if (key === undefined && reference !== undefined)
    throw new MillraceError('CLI_USAGE', {
      command: 'up',
      detail: '--key wants env:NAME or file:/path with a key in it',
    })
  return key
}

const hourMs = 3_600_000

/** An issuer to sign in by is reason enough for a login. */
function accessOf({ access }: Settings, login: boolean): AccessOptions {
  return {
    login: login || access.login || access.oidc !== undefined,
    limits: { wholeMs: access.sessionHours * hourMs, idleMs: access.idleHours * hourMs },
    publicUrl: access.publicUrl,
    oidc: access.oidc,
  }
}

/** For whom each account advertises is what the configuration says; a change of it is in the audit log. */
async function declareAccounts({ deed, clock }: Invocation, { access }: Settings, warehouse: Warehouse): Promise<void> {
  const { declareClients } = await import('../access/clients.ts')
  await warehouse.transaction(async (session) => {
    const declared = { by: deed.who.name, nowMs: clock.nowMs() }
    if (!(await declareClients(session, access.clients, declared))) return
    await deed.write(session, { outcome: 'done', subject: 'clients', detail: access.clients })
  })
}

const setup = {
  en: (url: string) => ['Nobody is admin yet. Make the first one here; the link works once:', `  ${url}`],
  ko: (url: string) => ['아직 admin이 없습니다. 다음 링크에서 한 번 만들 수 있습니다:', `  ${url}`],
} as const

/** The token stands behind the #, which a browser keeps to itself: it is in no log of a proxy. */
async function tellSetup({ output, language }: Invocation, server: Server): Promise<void> {
  const token = await server.setupToken()
  if (token !== null) for (const line of setup[language](`${server.url}/#setup=${token}`)) output.warn(line)
}
