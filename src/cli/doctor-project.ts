import { connect } from 'node:net'
import type { Settings } from '../config-check.ts'
import { findConfigFile } from '../config-read.ts'
import { inspectConfig } from '../config-inspect.ts'
import { openConnections, openLake, openWarehouse } from '../config.ts'
import { endOf } from '../connectors/token-line.ts'
import type { Language } from '../domain/errors.ts'
import type { KeptSecret } from '../warehouse/secrets.ts'
import { keptSecrets } from '../warehouse/secrets.ts'
import { dayAt, timeZone } from '../domain/day.ts'
import type { Invocation } from './command.ts'
import { durableLines } from './doctor-durable.ts'
import type { DoctorLine } from './doctor-line.ts'
import { attempted, linesOf } from './doctor-line.ts'
import { versionLines } from './doctor-versions.ts'
import { openContext } from './project.ts'

/** The configuration with the variables that it refers to. Settings only when it is in order. */
export async function configLines(
  invocation: Invocation,
): Promise<{ readonly lines: readonly DoctorLine[]; readonly settings: Settings | undefined }> {
  const { projectDir, env, secrets, language } = invocation
  const { ok, warn, failed } = linesOf('project', language)
  const what = { en: 'Configuration', ko: '설정' }
  if (findConfigFile(projectDir) === undefined) {
    const fix = {
      en: 'None is needed to look around; make one with: millrace init my-ads.',
      ko: '둘러보는 데는 필요 없습니다. 만들기: millrace init my-ads.',
    }
    return { lines: [warn(what, projectDir, fix)], settings: undefined }
  }
  try {
    const { file, settings, problems } = await inspectConfig({ projectDir, env, secrets, language })
    const lines = problems.map(({ place, key, message }): DoctorLine => ({
      area: 'project',
      what: key,
      outcome: 'fail',
      detail: `${place}: ${message}`,
      fix: 'millrace config check',
    }))
    return { lines: problems.length === 0 ? [ok(what, file)] : lines, settings }
  } catch (thrown) {
    return { lines: [failed(what, thrown)], settings: undefined }
  }
}

const warehouseWhat = { en: 'Warehouse', ko: '웨어하우스' }

/** The project's own warehouse: reachable, how quick, its version, its schema up to date. */
export function warehouseLines(invocation: Invocation, settings: Settings): Promise<readonly DoctorLine[]> {
  const { language } = invocation
  return attempted('services', warehouseWhat, language, async () => {
    const { ok } = linesOf('services', language)
    let applied = ''
    const context = openContext(invocation)
    await using warehouse = await openWarehouse(settings, {
      ...context,
      onOpening: ({ part, state, place }) => {
        if (part === 'schema' && state === 'open') applied = place
      },
    })
    const askedAt = performance.now()
    const [row] = await warehouse.query<{ readonly version: string }>('show server_version')
    const latencyMs = (performance.now() - askedAt).toFixed(1)
    return [
      ok(warehouseWhat, `${warehouse.place}, ${row?.['server_version' as 'version'] ?? ''}, ${latencyMs} ms`),
      ok({ en: 'Migrations', ko: '마이그레이션' }, applied || { en: 'up to date', ko: '최신' }[language]),
      ...(await durableLines(warehouse, settings.stream.log.adapter, language)),
    ]
  })
}

/** Whether the lake answers; for S3 this is where wrong keys and missing buckets show. */
export function lakeLines(invocation: Invocation, settings: Settings): Promise<readonly DoctorLine[]> {
  const what = { en: 'Lake', ko: '레이크' }
  return attempted('services', what, invocation.language, async () => {
    await using lake = await openLake(settings)
    const askedAt = performance.now()
    await lake.get('raw/doctor')
    return [
      linesOf('services', invocation.language).ok(
        what,
        `${lake.place}, ${(performance.now() - askedAt).toFixed(1)} ms`,
      ),
    ]
  })
}

const connectMsMax = 2_000

/** Mail servers: whether anything listens. Logging in would be noticed there, so that it is left to the first message. */
export async function mailLines({ language }: Invocation, { notify }: Settings): Promise<readonly DoctorLine[]> {
  const servers = Object.entries(notify).filter(([, { adapter }]) => adapter === 'smtp')
  return Promise.all(
    servers.map(async ([name, { options }]) => {
      const { ok, fail } = linesOf('services', language)
      const what = { en: `Mail (${name})`, ko: `메일(${name})` }
      const place = `${String(options['host'])}:${String(options['port'])}`
      const problem = await reach(String(options['host']), Number(options['port']))
      const fix = {
        en: 'Correct host and port, or open the way to it.',
        ko: '호스트와 포트를 고치거나 통신을 허용하세요.',
      }
      return problem === undefined ? ok(what, place) : fail(what, `${place} ${problem}`, fix)
    }),
  )
}

function reach(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectMsMax })
    const end = (problem: string | undefined) => {
      socket.destroy()
      resolve(problem)
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end('ETIMEDOUT'))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
}

/** Kept secrets that end; Meta tells of its own. */
function keptLines(
  { connections }: Settings,
  kept: readonly KeptSecret[],
  nowMs: number,
  language: Language,
): readonly DoctorLine[] {
  return kept
    .filter(({ connection, expiresAtMs }) => expiresAtMs !== null && connections[connection]?.adapter !== 'meta_ads')
    .map(({ connection, name, expiresAtMs }): DoctorLine => {
      const { outcome, detail } = endOf(expiresAtMs, nowMs, language)
      const fix = outcome === 'ok' ? null : `millrace connectors auth ${connection}`
      return { area: 'credentials', what: `${connection}: ${name}`, outcome, detail, fix }
    })
}

/** Every connection asks its platform for one small thing a capability. */
export function credentialLines(invocation: Invocation, settings: Settings): Promise<readonly DoctorLine[]> {
  const { language, signal } = invocation
  return attempted('credentials', { en: 'Connections', ko: '연결' }, language, async () => {
    await using opening = new AsyncDisposableStack()
    const context = openContext(invocation)
    const quiet = { ...context, onOpening: () => {} }
    const warehouse = opening.use(await openWarehouse(settings, quiet))
    const { connections } = await openConnections(settings, quiet, opening, warehouse)
    const { clock, random, fetch } = context
    const today = dayAt(clock.nowMs(), timeZone('UTC'))
    const checked = await Promise.all(
      connections.map(async ({ name, connector }) => {
        // As it was configured: a check may go to a later version.
        const { spec } = connector
        const lines = await connector.check({ clock, random, fetch, signal, language, log: () => {} })
        return [
          ...lines.map((line): DoctorLine => ({ area: 'credentials', ...line, what: `${name}: ${line.what}` })),
          ...versionLines(name, spec, today, language),
        ]
      }),
    )
    return [...checked.flat(), ...keptLines(settings, await keptSecrets(warehouse), clock.nowMs(), language)]
  })
}
