import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listAudit, verifyAudit } from '../access/audit.ts'
import { warehouseFor } from '../access/client-warehouse.ts'
import { declareClients } from '../access/clients.ts'
import { createKey } from '../access/keys.ts'
import type { KeyScope } from '../access/keys.ts'
import { systemClock } from '../domain/clock.ts'
import { timeZone } from '../domain/day.ts'
import type { Role } from '../domain/role.ts'
import { covers, roles } from '../domain/role.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { changes } from './changes.ts'
import { contract } from './contract.ts'
import type { RouteKey } from './contract.ts'
import type { RouteRole, RouteSpec } from './contract-role.ts'
import { startServer } from './server.ts'
import type { Server } from './server.ts'

const serverKey = 'the one key of the server'
const password = 'four words nobody guesses'
const clock = { offsetMs: 0 }
const setClock = (offsetMs: number) => (clock.offsetMs = offsetMs)
const json = { 'content-type': 'application/json' }

let warehouse: Warehouse
let server: Server
let held: Readonly<Record<KeyScope, string>>

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  server = await startServer({
    host: '127.0.0.1',
    port: 0,
    portSearch: false,
    key: serverKey,
    access: { login: true, scryptCost: 2 ** 10 },
    clock: { ...systemClock, nowMs: () => systemClock.nowMs() + clock.offsetMs },
    onError: (error) => {
      throw error
    },
  })
  server.attach({ warehouse, project: { name: 'probe', zone: timeZone('Asia/Seoul'), isDemo: false } })
  const made = async (scope: KeyScope) => {
    const wanted = {
      name: `key-${scope}`,
      scope,
      clients: null,
      expiresAtMs: null,
      by: 'test',
      nowMs: systemClock.nowMs(),
    }
    return (await warehouse.transaction((session) => createKey(session, wanted))).key
  }
  held = {
    viewer: await made('viewer'),
    operator: await made('operator'),
    admin: await made('admin'),
    collect: await made('collect'),
  }
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
})

interface Asked {
  readonly method?: string
  readonly key?: string
  readonly cookie?: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

async function ask(path: string, { method = 'GET', key, cookie, body, headers = {} }: Asked = {}) {
  const reply = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      ...(body && json),
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(cookie !== undefined && { cookie, 'sec-fetch-site': 'same-origin' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await reply.text()
  const isJson = (reply.headers.get('content-type') ?? '').includes('json')
  const answer = (isJson ? JSON.parse(text) : {}) as Readonly<Record<string, never>> & { readonly code?: string }
  return { status: reply.status, code: answer.code, answer, cookie: reply.headers.get('set-cookie')?.split(';')[0] }
}

const post = (path: string, asked: Omit<Asked, 'method'>) => ask(path, { ...asked, method: 'POST' })

/** Routes outside of the contract, by hand: what is registered and not here, the test below finds. */
const plainRoutes: Readonly<Record<string, RouteRole>> = {
  'GET /healthz': 'anyone',
  'GET /readyz': 'anyone',
  'GET /metrics': 'viewer',
  'GET /api/v1/campaigns/export': 'viewer',
  'GET /api/v1/boot/stream': 'viewer',
  'GET /api/v1/runs/:runId/logs/stream': 'viewer',
}

const specs = contract as Readonly<Record<RouteKey, RouteSpec>>
const table: readonly (readonly [key: string, role: RouteRole])[] = [
  ...Object.entries(specs).map(([key, { role }]) => [key, role] as const),
  ...Object.entries(plainRoutes),
]

describe('every route for every role', () => {
  const holders = ['nobody', 'collect', ...roles] as const

  test.for(table)('%s wants %s', async ([route, wanted]) => {
    const [method = 'GET', path = '/'] = route.split(' ')
    const url = path.replaceAll(/:\w+/g, '00000000-0000-4000-8000-000000000000')
    const found: string[] = []
    const expected: string[] = []
    for (const holder of holders) {
      // An event stream that is let in would stay open: its doors are tried with those who are refused.
      const isLetIn = wanted === 'anyone' || (roles.some((role) => role === holder) && covers(holder as Role, wanted))
      if (isLetIn && path.endsWith('/stream')) continue
      // A body that no route takes: whoever is let in is told so, and nothing is changed.
      const body = method === 'GET' ? {} : { body: { nothing: 'of the kind' } }
      const { status } = await ask(url, { method, ...(holder !== 'nobody' && { key: held[holder] }), ...body })
      const refused = holder === 'nobody' || holder === 'collect' ? 401 : 403
      expected.push(`${holder} ${isLetIn ? 'let in' : refused}`)
      found.push(`${holder} ${status === 401 || status === 403 ? status : 'let in'}`)
    }
    expect(found).toEqual(expected)
  })

  test('a changing route is known to the audit log', () => {
    const changing = Object.keys(contract).filter((key) => !key.startsWith('GET '))
    expect(Object.keys(changes).sort()).toEqual(changing.sort())
  })
})

describe('a person', () => {
  let admin: string
  const signIn = async (name: string, given = password, from: Asked = {}) =>
    post('/api/v1/session', { body: { name, password: given }, ...from })

  test('is the first admin with the token of the start, once', async () => {
    expect((await ask('/api/v1/me')).answer).toMatchObject({ login: true, who: null, setup: true })
    const token = await server.setupToken()
    const wanted = { name: 'Ada', password }
    expect((await post('/api/v1/setup', { body: { ...wanted, token: 'another' } })).code).toBe('ACCESS_SETUP_REFUSED')
    const weak = await post('/api/v1/setup', { body: { name: 'ada', password: 'password12345', token } })
    expect(weak).toMatchObject({ status: 400, code: 'ACCESS_PASSWORD_WEAK' })
    const first = await post('/api/v1/setup', { body: { ...wanted, token } })
    expect(first.status).toBe(200)
    admin = first.cookie ?? ''
    expect((await ask('/api/v1/me', { cookie: admin })).answer).toMatchObject({
      who: { kind: 'user', name: 'ada', role: 'admin', clients: null },
      setup: false,
    })
    expect((await post('/api/v1/setup', { body: { ...wanted, name: 'eve', token } })).code).toBe('ACCESS_SETUP_REFUSED')
    expect(await server.setupToken()).toBeNull()
  })

  test('signs in, looks, signs out, and the cookie is worth nothing after that', async () => {
    const body = { name: 'vera', password, role: 'viewer' }
    expect((await post('/api/v1/users', { cookie: admin, body })).status).toBe(200)
    expect((await post('/api/v1/users', { cookie: admin, body })).code).toBe('ACCESS_USER_TAKEN')
    const { cookie = '', status } = await signIn('VERA')
    expect(status).toBe(200)
    expect((await ask('/api/v1/runs', { cookie })).status).toBe(200)
    expect((await post('/api/v1/keys', { cookie, body: { name: 'x', scope: 'admin' } })).code).toBe(
      'ACCESS_ROLE_WANTED',
    )
    await post('/api/v1/session/end', { cookie })
    expect((await ask('/api/v1/runs', { cookie })).status).toBe(401)
    expect((await signIn('vera', 'not the password')).code).toBe('ACCESS_SIGN_IN_REFUSED')
    expect((await signIn('nobody', 'not the password')).code).toBe('ACCESS_SIGN_IN_REFUSED')
  })

  test('who is disabled is out at once; a new password ends every session; the last admin stays', async () => {
    const { cookie = '' } = await signIn('vera')
    const { answer } = await ask('/api/v1/users', { cookie: admin })
    const users = (
      answer as unknown as { readonly users: readonly { readonly name: string; readonly userId: string }[] }
    ).users
    const idOf = (name: string) => users.find((one) => one.name === name)?.userId ?? ''
    const vera = `/api/v1/users/${idOf('vera')}`
    await post(`${vera}/disable`, { cookie: admin })
    expect((await ask('/api/v1/runs', { cookie })).status).toBe(401)
    expect((await signIn('vera')).status).toBe(401)
    await post(`${vera}/enable`, { cookie: admin })
    const again = (await signIn('vera')).cookie ?? ''
    const change = { before: password, password: 'another four words altogether' }
    expect((await post('/api/v1/me/password', { cookie: again, body: { ...change, before: 'wrong' } })).status).toBe(
      401,
    )
    expect((await post('/api/v1/me/password', { cookie: again, body: change })).status).toBe(200)
    expect((await ask('/api/v1/runs', { cookie: again })).status).toBe(401)
    expect((await signIn('vera', change.password)).status).toBe(200)
    expect((await post(`/api/v1/users/${idOf('ada')}/disable`, { cookie: admin })).code).toBe('ACCESS_LAST_ADMIN')
    const lower = { role: 'viewer', clients: null }
    expect((await post(`/api/v1/users/${idOf('ada')}/role`, { cookie: admin, body: lower })).code).toBe(
      'ACCESS_LAST_ADMIN',
    )
  })

  test('a session ends when nobody uses it, and after its time', async () => {
    const hourMs = 3_600_000
    const { cookie = '' } = await signIn('ada')
    setClock(11 * hourMs)
    expect((await ask('/api/v1/runs', { cookie })).status).toBe(200)
    setClock(22 * hourMs)
    expect((await ask('/api/v1/runs', { cookie })).status).toBe(200)
    setClock(35 * hourMs)
    expect((await ask('/api/v1/runs', { cookie })).status).toBe(401)
    const { cookie: used = '' } = await signIn('ada')
    for (let hours = 45; hours < 35 + 7 * 24; hours += 10) {
      setClock(hours * hourMs)
      expect((await ask('/api/v1/runs', { cookie: used })).status).toBe(200)
    }
    setClock((36 + 7 * 24) * hourMs)
    expect((await ask('/api/v1/runs', { cookie: used })).status).toBe(401)
    setClock(0)
  })

  test('a change by cookie wants a browser that says where it comes from', async () => {
    const { cookie = '' } = await signIn('ada')
    const send = (headers: Record<string, string>) =>
      fetch(`${server.url}/api/v1/keys`, {
        method: 'POST',
        headers: { ...json, cookie, ...headers },
        body: '{"name":"csrf","scope":"viewer"}',
      })
    expect((await send({})).status).toBe(403)
    expect((await send({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect((await send({ origin: 'https://evil.example' })).status).toBe(403)
    expect((await send({ origin: 'null' })).status).toBe(403)
    const form = { cookie, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
    const asForm = await fetch(`${server.url}/api/v1/keys`, { method: 'POST', headers: form, body: 'name=csrf' })
    expect(asForm.status).toBe(400)
    expect((await send({ origin: server.url })).status).toBe(200)
  })

  test('may try five passwords a minute, the right one is not looked at after that', async () => {
    const at = systemClock.nowMs()
    setClock(120_000)
    for (let tries = 0; tries < 5; tries++) expect((await signIn('vera', 'wrong one')).status).toBe(401)
    const limited = await signIn('vera', 'another four words altogether')
    expect(limited).toMatchObject({ status: 429, code: 'ACCESS_SIGN_IN_LIMITED' })
    setClock(120_000 + 61_000 + systemClock.nowMs() - at)
    expect((await signIn('vera', 'another four words altogether')).status).toBe(200)
    setClock(0)
  })
})

describe('a key', () => {
  test('opens what its role may until it is revoked or over; the database holds no key', async () => {
    const expiresAt = new Date(systemClock.nowMs() + 3_600_000).toISOString()
    const body = { name: 'nightly', scope: 'operator', expiresAt }
    const { answer } = await post('/api/v1/keys', { key: held.admin, body })
    const { key, made } = answer as unknown as { readonly key: string; readonly made: { readonly keyId: string } }
    expect((await ask('/api/v1/runs', { key })).status).toBe(200)
    setClock(3_700_000)
    expect((await ask('/api/v1/runs', { key })).status).toBe(401)
    setClock(0)
    const kept = JSON.stringify([
      await warehouse.query('select * from access_key'),
      await warehouse.query('select * from audit_line'),
    ])
    for (const secret of [key, ...Object.values(held)]) expect(kept).not.toContain(secret.slice(20))
    await post(`/api/v1/keys/${made.keyId}/revoke`, { key: held.admin })
    expect((await ask('/api/v1/runs', { key })).status).toBe(401)
    const listed = await ask('/api/v1/keys?all=true', { key: held.admin })
    expect(listed.answer).toMatchObject({
      keys: expect.arrayContaining([expect.objectContaining({ name: 'nightly' })]),
    })
  })

  test('signs a browser in, as the server’s own key does', async () => {
    for (const key of [held.viewer, serverKey]) {
      const { cookie = '', status } = await post('/api/v1/session', { body: { key } })
      expect(status).toBe(200)
      expect((await ask('/api/v1/runs', { cookie })).status).toBe(200)
      await post('/api/v1/session/end', { cookie })
      expect((await ask('/api/v1/runs', { cookie })).status).toBe(401)
    }
    expect((await post('/api/v1/session', { body: { key: held.collect } })).status).toBe(401)
  })
})

describe('somebody who is limited to clients', () => {
  const days = ['2026-11-20', '2026-11-21']
  let limited: string
  beforeAll(async () => {
    await warehouse.query(
      `with account as (
         insert into dim_account (platform, account_id, name, currency, timezone, first_seen, last_seen)
         select platform, id, 'account ' || id, 'USD', 'UTC', now(), now()
         from (values ('google_ads', '1'), ('google_ads', '2'), ('meta_ads', '3')) a (platform, id) returning platform, account_id),
       part as (
         insert into partition_state (platform, account_id, level, breakdown_key, date, day_end, state, rows, published_at, completeness)
         select platform, account_id, 'campaign', '', d::date, d::date + 1, 'published', 1, now(), 'final'
         from account, unnest($1::text[]) d returning *),
       checked as (
         insert into dq_run (run_id, dataset, partition, load_version, stage, started_at, status, platform, account_id, level, date)
         select gen_random_uuid(), 'fact_ad_daily', concat_ws('|', platform, account_id, level, breakdown_key, date), 'x', 'audit', now(), 'done',
                platform, account_id, level, date from part returning run_id, account_id)
       , sampled as (
         insert into dq_sample (run_id, check_id, place, row)
         select run_id, 'ads.cost', 1, jsonb_build_object('secret of', account_id) from checked)
       insert into fact_ad_daily (partition_id, entity_id, platform, account_id, level, breakdown_key, date, currency, cost, impressions,
         clicks, conversions, extract_id)
       select partition_id, 'c' || account_id, platform, account_id, level, breakdown_key, date, 'USD', 10, 100, 10, 1, gen_random_uuid() from part`,
      [days],
    )
    const declared = { by: 'test', nowMs: 0 }
    const clients = { acme: ['google_ads/1'], globex: ['google_ads/*', 'meta_ads/act_3'] }
    await warehouse.transaction((session) => declareClients(session, clients, declared))
    const wanted = {
      name: 'acme-sheet',
      scope: 'viewer',
      clients: ['acme'],
      expiresAtMs: null,
      by: 'test',
      nowMs: 0,
    } as const
    limited = (await warehouse.transaction((session) => createKey(session, wanted))).key
  })

  const seen = async (key: string) => {
    const paths = [
      '/api/v1/overview?date=2026-11-21',
      '/api/v1/campaigns?from=2026-11-20&to=2026-11-21',
      '/api/v1/campaigns/export?from=2026-11-20&to=2026-11-21',
      '/api/v1/connectors?date=2026-11-21',
      '/api/v1/quality?date=2026-11-21',
      '/api/v1/alerts?days=30',
      '/api/v1/project',
    ]
    const all: string[] = []
    for (const path of paths) {
      const reply = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${key}` } })
      const text = (await reply.text()).replaceAll(/"sources":.*/g, '')
      all.push(
        `${reply.status} ${path.replace(/\?.*/, '')} ${[...new Set(text.match(/account \d|c\d(?=")|secret of[^}]*/g))].sort().join()}`,
      )
    }
    return all
  }

  test('sees those clients’ rows alone, in every screen and export', async () => {
    expect(await seen(limited)).toEqual([
      '200 /api/v1/overview account 1',
      '200 /api/v1/campaigns account 1,c1',
      '200 /api/v1/campaigns/export account 1',
      '200 /api/v1/connectors account 1',
      '200 /api/v1/quality secret of":"1"',
      '200 /api/v1/alerts ',
      '200 /api/v1/project ',
    ])
    expect((await seen(held.viewer)).slice(0, 3)).toEqual([
      '200 /api/v1/overview account 1,account 2,account 3',
      '200 /api/v1/campaigns account 1,account 2,account 3,c1,c2,c3',
      '200 /api/v1/campaigns/export account 1,account 2,account 3',
    ])
  })

  test('sees the runs, the lines and the live counters of those clients’ accounts, and of no other', async () => {
    const runId = '0190a000-0000-7000-8000-00000000a001'
    const otherId = '0190a000-0000-7000-8000-00000000a002'
    await warehouse.query(`insert into engine_version values ('narrow', 'v', '{}', now())`)
    await warehouse.query(
      `insert into engine_pipeline (pipeline, runs_active_max, version, updated_at) values ('narrow', 9, 'v', now())`,
    )
    await warehouse.query(
      `insert into engine_run (run_id, pipeline, version, partition_key, kind, generation, state, queued_at, started_at, ended_at)
       select id::uuid, 'narrow', 'v', '2026-11-2' || place, 'scheduled', 1, 'success', now(), now(), now() from unnest($1::text[]) with ordinality r (id, place)`,
      [[runId, otherId]],
    )
    await warehouse.query(
      `insert into engine_task (run_id, task, kind, account, after, trigger_rule, input, state, tries_max, retry, not_before, pool, timeout_ms, started_at, ended_at)
       select r.id::uuid, t.task, 'load', t.account, t.after, 'all_success', 'null', 'success', 1, '{}', now(), 'default', 1000, now(), now()
       from (values ($1, 'load:1', 'google_ads/1', '{}'::text[]), ($1, 'load:2', 'google_ads/2', '{}'), ($1, 'models', null, '{load:1,load:2}'),
         ($2, 'load:2', 'google_ads/2', '{}')) t (run, task, account, after) join unnest(array[$1, $2]) r (id) on r.id = t.run`,
      [runId, otherId],
    )
    await warehouse.query(
      `insert into engine_log (run_id, task, attempt, at, level, message)
       select run_id, task, 1, now(), 'info', 'line of ' || task from engine_task where run_id = any ($1::uuid[])`,
      [[runId, otherId]],
    )
    await warehouse.query(`insert into stream_job (job_id, job) overriding system value values (77, 'narrow')`)
    await warehouse.query(`insert into stream_live (job_id) values (77)`)
    await warehouse.query('create table rt_minute_probe partition of rt_minute default')
    await warehouse.query(
      `with series as (
         insert into stream_series (platform, account_id, campaign_id, currency, timezone)
         values ('google_ads', '1', 'c1', '', 'UTC'), ('google_ads', '2', 'c2', '', 'UTC') returning series_id, account_id)
       insert into rt_minute (job_id, series_id, minute, impressions, clicks, conversions, revenue_micros, cost_micros, ivt_impressions, ivt_clicks, ivt_conversions)
       select 77, series_id, floor(extract(epoch from now()) / 60)::int, case account_id when '1' then 10 else 1000 end, 0, 0, 0, 0, 0, 0, 0 from series`,
    )
    const read = async (path: string, key: string) => {
      const reply = await fetch(`${server.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${key}` } })
      return [reply.status, await reply.text()] as const
    }
    const told = async (key: string) => {
      const asked = [
        'runs',
        'runs/grid',
        `runs/${runId}`,
        `runs/${runId}/graph`,
        `runs/${runId}/logs`,
        `runs/${runId}/logs?offset=0`,
        `runs/${runId}/logs/text`,
      ]
      const answers = await Promise.all(
        [...asked, `runs/${otherId}`, `runs/${otherId}/logs`].map((path) => read(path, key)),
      )
      return answers.map(
        ([status, text]) =>
          `${status} ${[...new Set(text.match(/(?<=")(load:\d|models)(?=")|line of [\w:]+|a00\d(?=")/g))].sort().join()}`,
      )
    }
    expect(await told(limited)).toEqual([
      '200 a001',
      '200 a001,load:1',
      '200 a001,load:1',
      '200 load:1',
      '200 line of load:1,load:1',
      '200 line of load:1,load:1',
      '200 line of load:1',
      // It repeats what was asked for.
      '404 a002',
      '200 ',
    ])
    expect((await told(held.viewer))[2]).toBe('200 a001,load:1,load:2,models')
    const impressions = async (key: string) => {
      const live = JSON.parse((await read('live?minutes=5', key))[1]) as {
        readonly minutes: readonly { readonly impressions: string }[]
      }
      return live.minutes.reduce((sum, one) => sum + Number(one.impressions), 0)
    }
    expect([await impressions(limited), await impressions(held.viewer)]).toEqual([10, 1010])
    expect((await read('live/events', limited))[0]).toBe(200)
  })

  test('is refused where rows are nobody’s in particular, by every route that does not say otherwise', async () => {
    const open = Object.entries(specs).filter(([, { role, perClient }]) => role === 'anyone' || perClient)
    const others = Object.keys(specs).filter((key) => !open.some(([one]) => one === key))
    expect(others.length).toBeGreaterThan(10)
    const found = new Set<string>()
    for (const route of others) {
      const [method = 'GET', path = '/'] = route.split(' ')
      const url = path.replaceAll(/:\w+/g, '00000000-0000-4000-8000-000000000000')
      const { status, code } = await ask(url, { method, key: limited, ...(method !== 'GET' && { body: {} }) })
      found.add(`${status} ${code}`)
    }
    expect([...found].sort()).toEqual(['403 ACCESS_CLIENTS_ONLY', '403 ACCESS_ROLE_WANTED'])
    const own = { kind: 'key', id: 'x', name: 'x', role: 'viewer', clients: ['acme'] } as const
    const narrow = warehouseFor(own, warehouse)
    for (const query of ['select * from access_user', 'select * from account_client', 'select * from outbox_nothing'])
      await expect(narrow.query(query)).rejects.toMatchObject({ code: 'ACCESS_CLIENTS_ONLY' })
    await expect(narrow.query(`with x as (delete from dim_account returning 1) select * from x`)).rejects.toThrow(/.+/)
    expect(await narrow.query('select account_id from dim_account')).toEqual([{ account_id: '1' }])
  })
})

describe('the audit log', () => {
  test('says who did what from where, before and after, and who was refused', async () => {
    await post('/api/v1/keys', { key: held.viewer, body: { name: 'no', scope: 'admin' } })
    const { answer } = await post('/api/v1/keys', { key: held.admin, body: { name: 'told', scope: 'viewer' } })
    const keyId = (answer as unknown as { readonly made: { readonly keyId: string } }).made.keyId
    await post(`/api/v1/keys/${keyId}/revoke`, { key: held.admin })
    const [done, begun] = await listAudit(warehouse, { action: 'revoke', limit: 2 })
    expect(begun).toMatchObject({
      outcome: 'begun',
      who: 'key-admin',
      subject: keyId,
      origin: '127.0.0.1',
      afterHash: null,
    })
    expect(done).toMatchObject({ outcome: 'done', deed: begun?.deed, beforeHash: begun?.beforeHash })
    expect(done?.afterHash).toMatch(/^[0-9a-f]{64}$/)
    expect(done?.afterHash).not.toBe(done?.beforeHash)
    const [refused] = await listAudit(warehouse, { who: 'key-viewer', limit: 1 })
    expect(refused).toMatchObject({
      outcome: 'refused',
      action: 'POST /api/v1/keys',
      detail: { error: 'ACCESS_ROLE_WANTED' },
    })
    expect((await ask('/api/v1/audit?limit=5', { key: held.admin })).answer).toMatchObject({ lines: { length: 5 } })
  })

  test('holds no password', async () => {
    const kept = JSON.stringify(await warehouse.query('select * from audit_line'))
    expect(kept).not.toContain('four words')
  })

  test('is never changed; whoever does it as the database’s owner breaks the chain', async () => {
    for (const change of ['update audit_line set who = $1', 'delete from audit_line where who <> $1'])
      await expect(warehouse.query(change, ['nobody'])).rejects.toThrow(/audit log|WAREHOUSE|refused/)
    await expect(warehouse.query('truncate audit_line')).rejects.toThrow(/audit log|WAREHOUSE|refused/)
    const whole = await verifyAudit(warehouse)
    expect(whole).toMatchObject({ brokenAt: null })
    expect(whole.lines).toBeGreaterThan(20)
    const seen: (string | null)[] = []
    const undo = new Error('undone')
    const tampered = warehouse.transaction(async (session) => {
      await session.query('alter table audit_line disable trigger audit_line_stays')
      await session.query('update audit_line set who = $1 where audit_id = 7', ['somebody'])
      seen.push((await verifyAudit(session)).brokenAt)
      await session.query('delete from audit_line where audit_id = 7')
      seen.push((await verifyAudit(session)).brokenAt)
      throw undo
    })
    await expect(tampered).rejects.toBe(undo)
    expect(seen).toEqual(['7', '8'])
    expect(await verifyAudit(warehouse)).toEqual(whole)
  })
})
