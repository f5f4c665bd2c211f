// A planted secret is shown nowhere: not in answers, logs, errors, mails, and not in a dump of the database.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom, systemClock } from '../src/domain/clock.ts'
import { timeZone } from '../src/domain/day.ts'
import { startServer } from '../src/server/server.ts'
import type { Server } from '../src/server/server.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { root } from './bootstrap-fixture.ts'

const rounds = process.env['MILLRACE_LONG'] === '1' ? 200 : 6
const seed = 20_261_127
const random = seededRandom(seed)
const signs = Array.from('abcdefghijkmnpqrstuvwxyzABCDEFGHIJKLMNPQRSTUVWXYZ23456789')
const odd = Array.from(`!"#$%&'()*+,-./:;<=>?@[]^_{|}~ \\é한`)

/** Of every kind that people choose: with quotes, signs of addresses, of JSON, of other alphabets. */
function secret(isPlain = false): string {
  const one = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? 'x'
  return Array.from({ length: 20 }, (_, at) => one(!isPlain && at % 4 === 1 ? odd : signs)).join('')
}

/** The forms in which a text travels. */
const formsOf = (text: string): readonly string[] => [
  text,
  encodeURIComponent(text),
  JSON.stringify(text).slice(1, -1),
  JSON.stringify(JSON.stringify(text).slice(1, -1)).slice(1, -1),
]

let warehouse: Warehouse

/** Every row of every table, as text. */
async function dump(): Promise<string> {
  const tables = await warehouse.query<{ readonly name: string }>(
    `select quote_ident(c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = current_schema() and c.relkind = 'r' order by 1`,
  )
  const rows = await Promise.all(
    tables.map(({ name }) => warehouse.query<{ readonly row: string }>(`select t::text as row from ${name} t`)),
  )
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n')
}

function shownIn(place: string, text: string, secrets: readonly string[]): readonly string[] {
  return secrets.filter((one) => formsOf(one).some((form) => text.includes(form))).map((one) => `${place}: ${one}`)
}

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(() => warehouse[Symbol.asyncDispose]())

describe('the API', () => {
  let server: Server
  const accidents: string[] = []
  const serverKey = secret()
  beforeAll(async () => {
    server = await startServer({
      host: '127.0.0.1',
      port: 0,
      portSearch: false,
      key: serverKey,
      access: { login: true, scryptCost: 2 ** 10 },
      // An hour a request: what limits guesses is not what is looked at here.
      clock: { ...systemClock, nowMs: () => systemClock.nowMs() + (hours += 1) * 3_600_000 },
      onError: (error) => void accidents.push(`${error.stack} ${String((error.cause as Error | undefined)?.stack)}`),
    })
    server.attach({ warehouse, project: { name: 'probe', zone: timeZone('UTC'), isDemo: false } })
  })
  let hours = 0
  afterAll(() => server[Symbol.asyncDispose]())

  /** Requests that carry a secret, as they should be and broken in the ways that parsers complain about. */
  const requests = (planted: string): readonly (readonly [path: string, init: RequestInit])[] => {
    const json = { 'content-type': 'application/json', authorization: `Bearer ${encodeURIComponent(planted)}` }
    const known = { 'content-type': 'application/json', authorization: `Bearer ${serverKey}` }
    const post = (path: string, body: unknown, headers: Record<string, string> = known) =>
      [path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) }] as const
    return [
      post('/api/v1/session', { name: 'ada', password: planted }),
      post('/api/v1/session', { name: 'ada', password: [planted] }),
      post('/api/v1/session', { name: 'ada', password: planted, more: planted }),
      post('/api/v1/session', { key: planted }),
      post('/api/v1/session', `{"name":"ada","password":"${planted}`),
      post('/api/v1/session', `{"name":"ada","password":${planted}}`),
      post('/api/v1/session', `password=${planted}`, { ...known, 'content-type': 'application/x-www-form-urlencoded' }),
      post('/api/v1/setup', { token: planted, name: 'ada', password: planted }),
      post('/api/v1/users', { name: 'ada', password: planted, role: 'viewer' }),
      post('/api/v1/users', { name: 'ada', password: planted, role: planted }),
      post('/api/v1/users/ada/password', { password: planted }),
      post('/api/v1/users', { name: 'ada', password: planted, role: 'viewer' }, json),
      post('/api/v1/me/password', { before: planted, password: planted }),
      ['/api/v1/runs', { headers: { authorization: `Bearer ${encodeURIComponent(planted)}` } }],
      ['/api/v1/runs', { headers: { cookie: `millrace_session=${encodeURIComponent(planted)}` } }],
      ['/api/v1/login/oidc/callback', { headers: { cookie: `millrace_oidc=${encodeURIComponent(planted)}` } }],
    ]
  }

  test(`says, logs and keeps no secret that is sent to it (seed ${seed}, ${rounds} rounds)`, async () => {
    const planted: string[] = [serverKey]
    const shown: string[] = []
    for (let round = 0; round < rounds; round++) {
      const one = secret()
      planted.push(one)
      for (const [path, init] of requests(one)) {
        const reply = await fetch(`${server.url}${path}`, { ...init, redirect: 'manual' })
        const told = `${JSON.stringify([...reply.headers])} ${await reply.text()}`
        shown.push(...shownIn(`${init.method ?? 'GET'} ${path}`, told, planted))
      }
    }
    expect(shown).toEqual([])
    expect(shownIn('log', accidents.join('\n'), planted)).toEqual([])
    expect(shownIn('dump', await dump(), planted)).toEqual([])
    const users = await warehouse.query('select count(*)::int as n from access_user')
    expect(users).toEqual([{ n: 1 }])
  })
})

describe('a run', () => {
  const project = mkdtempSync(join(tmpdir(), 'millrace-redaction-'))
  const planted = Object.fromEntries(
    ['META', 'CLIENT', 'REFRESH', 'DEVELOPER', 'HOOK', 'MAIL'].map((name) => [name, secret(true)]),
  )
  let hookUrl = ''
  /** A platform that says everything back that it was told, as some do in their errors. */
  const echo = createServer((request, reply) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (/act_1\?fields=account_id/.test(request.url ?? '')) {
        const account = {
          account_id: '1',
          id: 'act_1',
          name: 'one',
          currency: 'USD',
          timezone_name: 'UTC',
          account_status: 1,
        }
        reply.writeHead(200, { 'content-type': 'application/json' })
        return reply.end(JSON.stringify(account))
      }
      const told = `${request.url} ${JSON.stringify(request.headers)} ${Buffer.concat(chunks).toString()}`
      reply.writeHead(400, { 'content-type': 'application/json' })
      return reply.end(JSON.stringify({ error: { message: told, type: told, code: 100 }, error_description: told }))
    })
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(echo.address() as AddressInfo).port}`
    const config = {
      transform: false,
      connections: {
        meta: { connector: 'meta_ads', accessToken: 'env:META', baseUrl: url, attemptsMax: 1, accounts: ['1'] },
        google: {
          connector: 'google_ads',
          clientId: 'id',
          clientSecret: 'env:CLIENT',
          refreshToken: 'env:REFRESH',
          developerToken: 'env:DEVELOPER',
          baseUrl: url,
          oauthUrl: `${url}/token`,
          attemptsMax: 1,
          accounts: ['2'],
        },
      },
      notify: {
        file: { notifier: 'file', folder: 'outbox' },
        mail: {
          notifier: 'smtp',
          host: '127.0.0.1',
          port: 9,
          user: 'u',
          password: 'env:MAIL',
          from: 'a@b.co',
          to: ['c@d.co'],
        },
        hook: { notifier: 'slack', url: 'env:HOOK_URL', allowHosts: ['127.0.0.1'] },
      },
    }
    hookUrl = `${url}/services/${planted['HOOK']}`
    writeFileSync(join(project, 'millrace.config.json'), JSON.stringify(config))
  })
  afterAll(() => {
    echo.close()
    rmSync(project, { recursive: true, force: true })
  })

  async function millrace(...args: readonly string[]): Promise<string> {
    const { host, port, user, password, database } = warehouse.connection
    const url = `postgres://${user}:${password ?? ''}@${encodeURIComponent(host)}:${port}/${database}`
    const env = {
      PATH: process.env['PATH'],
      HOME: project,
      MILLRACE_DEBUG: '1',
      MILLRACE_DATABASE_URL: url,
      ...planted,
      HOOK_URL: hookUrl,
    }
    const main = join(root, 'src', 'cli', 'main.ts')
    const child = spawn(process.execPath, [main, ...args], { cwd: project, env })
    const told: string[] = []
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => told.push(chunk.toString()))
    await once(child, 'close')
    return told.join('')
  }

  test('over platforms that repeat what they are told shows no token: not said, not kept, not mailed', async () => {
    const secrets = Object.values(planted)
    const said = await millrace('run', '--date', '2026-11-20', '--json')
    expect(said).toMatch(/CONNECTORS_\w+/)
    const status = await millrace('status', '--json')
    const files = globSync('{outbox,.millrace/lake}/**/*', { cwd: project, withFileTypes: true }).filter((one) =>
      one.isFile(),
    )
    const mails = files.map((one) => readFileSync(join(one.parentPath, one.name), 'utf8')).join('\n')
    expect(mails).not.toBe('')
    expect([
      ...shownIn('said', said, secrets),
      ...shownIn('status', status, secrets),
      ...shownIn('files', mails, secrets),
      ...shownIn('dump', await dump(), secrets),
    ]).toEqual([])
  }, 120_000)
})
