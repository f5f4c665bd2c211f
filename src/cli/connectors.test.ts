import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../domain/clock.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import { secretKey } from '../warehouse/secret-cipher.ts'
import { secretsOf } from '../warehouse/secrets.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

/*
 * Connections as a person makes them: the program itself, a real Postgres, the sandbox's own sign-in over a real redirect. What the
 * processes said, what lies in the project's folder and what stands in any table is kept and searched for secrets at the end.
 */
const project = mkdtempSync(join(tmpdir(), 'millrace-connectors-'))
const inputs = mkdtempSync(join(tmpdir(), 'millrace-inputs-'))
const keyFile = join(project, '.millrace/secrets.key')
let sandbox: Sandbox
let warehouse: Warehouse
let said = ''
/** Every secret that the sandbox gives out, by its form. */
const secrets = /GOCSPX-|1\/\/sandbox|EAASandbox|sandbox-app-secret|ya29\.|4\/0sandbox/

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 8, googleApp: 'testing' })
  warehouse = await openTestWarehouse()
  const { clientId, clientSecret } = sandbox.credentials
  const installed = { client_id: clientId, client_secret: clientSecret }
  writeFileSync(join(inputs, 'client.json'), JSON.stringify({ installed }))
  const config = {
    sandbox: { seed: 1 },
    transform: false,
    connections: { broken: { connector: 'meta_ads', baseUrl: 'x' } },
  }
  writeFileSync(join(project, 'millrace.config.json'), JSON.stringify(config))
})
afterAll(async () => {
  await sandbox.stop()
  await warehouse[Symbol.asyncDispose]()
  for (const folder of [project, inputs]) rmSync(folder, { recursive: true })
})

interface Ran {
  readonly code: number | null
  readonly records: readonly Record<string, unknown>[]
  readonly stderr: string
}

/** Runs the program; a sign-in that it asks for is done as a browser does it, by following the redirect. */
async function millrace(...args: readonly string[]): Promise<Ran> {
  const { host, port, user, password, database } = warehouse.connection
  const env = {
    PATH: process.env['PATH'],
    HOME: project,
    NODE_COMPILE_CACHE: join(tmpdir(), 'millrace-test-compile-cache'),
    MILLRACE_DATABASE_URL: `postgres://${user}:${password ?? ''}@${encodeURIComponent(host)}:${port}/${database}`,
    MILLRACE_GOOGLE_ADS_BASE_URL: sandbox.googleAdsUrl,
    MILLRACE_GOOGLE_OAUTH_URL: sandbox.googleOauthUrl,
    MILLRACE_GOOGLE_AUTHORIZE_URL: String(sandbox.connections.google_ads['authorizeUrl']),
    MILLRACE_META_BASE_URL: sandbox.metaUrl,
    META_TOKEN: sandbox.credentials.metaUserToken,
    META_APP_SECRET: sandbox.credentials.metaAppSecret,
  }
  const main = join(import.meta.dirname, 'main.ts')
  const child = spawn(process.execPath, [main, ...args, '--project', project, '--json'], { env, cwd: project })
  const records: Record<string, unknown>[] = []
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  createInterface({ input: child.stdout }).on('line', (line) => {
    said += `${line}\n`
    const record = JSON.parse(line) as Record<string, unknown>
    records.push(record)
    if (record['event'] === 'sign_in') void fetch(String(record['url']))
  })
  const [code] = (await once(child, 'close')) as [number | null]
  said += stderr
  return { code, records, stderr }
}

async function kept(connection: string, name: string) {
  const key = secretKey(readFileSync(keyFile, 'utf8'))
  return secretsOf(warehouse, key, systemClock, connection).read(name)
}

const days = (expiresAtMs: number | null | undefined) => Math.round(((expiresAtMs ?? 0) - sandbox.nowMs()) / 86_400_000)
const add = (name: string, connector: string, ...more: readonly string[]) => [
  'connectors',
  'add',
  name,
  '--connector',
  connector,
  ...more,
]
const client = () => join(inputs, 'client.json')
const app = ['--option', `appId=1000000000000001`, '--option', 'appSecret=env:META_APP_SECRET'] as const

test('Google is added by a sign-in in the browser: a file without secrets, a key of its own, accounts that answer', async () => {
  const added = await millrace(
    ...add('google', 'google_ads', '--from', client()),
    '--option',
    `loginCustomerId=${sandbox.credentials.loginCustomerId}`,
    '--option',
    'conversionsByAction=true',
  )
  expect([added.code, added.records.filter(({ outcome }) => outcome === 'fail')]).toEqual([0, []])
  const reached = added.records.filter(({ event }) => event === 'account')
  const google = sandbox.accounts.filter(({ platform }) => platform === 'google_ads')
  expect(
    reached.map(({ manager, account, state }) => `${String(manager)} ${String(account)} ${String(state)}`).toSorted(),
  ).toEqual(google.map(({ accountId }) => `${sandbox.credentials.loginCustomerId} ${accountId} reached`).toSorted())
  expect(added.stderr).toMatch(/Desktop app[^]*7 days[^]*adwords[^]*manager[^]*in 6 days[^]*publish/)
  expect(statSync(keyFile).mode & 0o777).toBe(0o600)
  const file = readFileSync(join(project, 'connections/google.yaml'), 'utf8')
  expect(file).toContain('refreshToken: stored:refreshToken')
  expect(file).toContain('clientSecret: stored:clientSecret')
  expect(file).toContain('conversionsByAction: true')
  expect(file).not.toMatch(secrets)
  expect(days((await kept('google', 'refreshToken'))?.expiresAtMs)).toBe(7)
})

test('a person’s token of Meta is exchanged for sixty days, beside a connection that is broken', async () => {
  const added = await millrace(
    ...add('meta', 'meta_ads', ...app, '--option', 'businesses=["all"]', '--option', 'accessToken=env:META_TOKEN'),
  )
  expect([added.code, added.stderr]).toEqual([
    0,
    expect.stringMatching(/system\s+user[^]*exchanged[^]*in (59|60) days/),
  ])
  expect(days((await kept('meta', 'accessToken'))?.expiresAtMs)).toBe(60)
  writeFileSync(
    join(project, 'millrace.config.json'),
    JSON.stringify({ transform: false, notify: { box: { notifier: 'file' } } }),
  )
})

test('rotate brings new ones, and Google is told to forget the old', async () => {
  const before = [await kept('google', 'refreshToken'), await kept('meta', 'accessToken')]
  const google = await millrace('connectors', 'rotate', 'google', '--no-test')
  const meta = await millrace('connectors', 'rotate', 'meta', '--no-test')
  expect([google.code, meta.code]).toEqual([0, 0])
  const after = [await kept('google', 'refreshToken'), await kept('meta', 'accessToken')]
  expect(after.map((one) => one?.value)).not.toEqual(expect.arrayContaining(before.map((one) => one?.value)))
  const { clientId, clientSecret } = sandbox.credentials
  const spoken = await fetch(sandbox.googleOauthUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: before[0]?.value ?? '',
    }),
  })
  expect(await spoken.json()).toMatchObject({ error: 'invalid_grant' })
})

test('they load data, and what is listed and examined says when a sign-in ends', async () => {
  const day = new Date(sandbox.nowMs() - 3 * 86_400_000).toISOString().slice(0, 10)
  expect((await millrace('run', '--date', day)).code).toBe(0)
  const told = await warehouse.query<{ subject: string }>(
    `select subject from outbox where idempotency_key ~ '^expiring'`,
  )
  expect(told).toEqual([{ subject: 'Sign-in ends soon · google' }])
  const listed = await millrace('connectors', 'list')
  expect(listed.records).toMatchObject([
    { name: 'google', keeps: 'clientSecret refreshToken', state: 'ends_soon' },
    { name: 'meta', keeps: 'accessToken', state: 'live' },
  ])
  const { records } = await millrace('doctor')
  expect(records).toContainEqual(expect.objectContaining({ what: 'google: refreshToken', outcome: 'warn' }))
  expect(records).toContainEqual(expect.objectContaining({ what: 'meta: token', outcome: 'ok' }))
})

test('with the key lost the connection says so, and a new sign-in is the way back', async () => {
  rmSync(keyFile)
  writeFileSync(keyFile, Buffer.alloc(32, 7).toString('base64'))
  const locked = await millrace('connectors', 'test', 'google')
  expect([locked.code, locked.records]).toEqual([
    7,
    [expect.objectContaining({ outcome: 'fail', fix: expect.stringContaining('connectors auth google') as string })],
  ])
  const half = await millrace('connectors', 'auth', 'google')
  expect([half.code, half.stderr]).toEqual([2, expect.stringMatching(/--from\s+client_secret\.json/)])
  const again = await millrace('connectors', 'auth', 'google', '--from', client())
  expect([again.code, again.records.filter(({ outcome }) => outcome === 'fail')]).toEqual([0, []])
})

test('a secret on the command line is refused, and remove asks first', async () => {
  const plain = await millrace(
    'connectors',
    'add',
    'x',
    '--connector',
    'meta_ads',
    '--option',
    'accessToken=PLANTEDtoken',
  )
  expect([plain.code, plain.stderr]).toEqual([2, expect.not.stringContaining('PLANTEDtoken')])
  expect((await millrace('connectors', 'remove', 'google')).code).toBe(2)
  expect((await millrace('connectors', 'remove', 'google', '--yes')).records).toMatchObject([{ secrets: 2 }])
  expect(globSync('connections/*', { cwd: project })).toEqual(['connections/meta.yaml'])
})

test('no secret was said, written to a file of the project, or stands in a table', async () => {
  expect(said).not.toMatch(secrets)
  const files = readdirSync(project, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
  expect(files.filter(({ name }) => name.endsWith('.parquet')).length).toBeGreaterThan(3)
  const telling = files.filter((one) => secrets.test(readFileSync(join(one.parentPath, one.name), 'latin1')))
  expect(telling.map(({ name }) => name)).toEqual([])
  const tables = await warehouse.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
  )
  for (const { name } of tables) {
    const rows = await warehouse.query<{ row: string }>(`select t::text as row from ${name} t where t::text ~ $1`, [
      secrets.source,
    ])
    expect([name, rows]).toEqual([name, []])
  }
}, 60_000)
