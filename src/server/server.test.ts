import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../domain/clock.ts'
import { timeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { embeddedEngine } from '../orchestrate/embedded-engine.ts'
import { taskNode } from '../orchestrate/graph.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Overview } from './brief.ts'
import type { RouteOutput } from './contract.ts'
import { checkBind } from './guard.ts'
import { exposition } from './health.ts'
import { layOut } from './layout.ts'
import { lineageNodes, manifestSchema, readers } from './lineage-graph.ts'
import { openApiText } from './openapi.ts'
import { startServer } from './server.ts'
import type { Server, ServerOptions } from './server.ts'

const options: ServerOptions = {
  host: '127.0.0.1',
  port: 0,
  portSearch: false,
  key: undefined,
  clock: systemClock,
  onError: (error) => {
    throw error
  },
}
type Quality = RouteOutput<'GET /api/v1/quality'>

const key = 'a key that is long enough'

/** `fetch` sets Host and Origin itself; here they can be whatever an attacker would have them be. */
function raw(
  url: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
  body = '',
): Promise<{ readonly status: number; readonly code: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (reply) => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        const { code = '' } = (text.startsWith('{') ? JSON.parse(text) : {}) as { readonly code?: string }
        resolve({ status: reply.statusCode ?? 0, code })
      })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('a public bind without a key is refused, and so is a short key', () => {
  expect(() => checkBind('0.0.0.0', undefined)).toThrow(/without a key/)
  expect(() => checkBind('192.168.1.4', undefined)).toThrow(/without a key/)
  expect(() => checkBind('0.0.0.0', 'short')).toThrow(/shorter/)
  expect(() => checkBind('0.0.0.0', key)).not.toThrow()
  for (const host of ['127.0.0.1', 'localhost', '::1']) expect(() => checkBind(host, undefined)).not.toThrow()
})

test('docs/openapi.json is what the routes say; write it anew with: node src/server/openapi.ts', async () => {
  const text = await openApiText()
  expect(JSON.parse(text)).toMatchObject({ openapi: '3.1.0' })
  expect(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')).toBe(text)
})

test('a graph is laid out from left to right: what waits stands behind what it waits for, and no two boxes overlap', () => {
  const box = (id: string) => ({ id, width: 100, height: 40 })
  const edges = [
    { from: 'a', to: 'c' },
    { from: 'b', to: 'c' },
    { from: 'c', to: 'd' },
    { from: 'gone', to: 'd' },
  ]
  const { nodes, edges: lines, width, height } = layOut(['d', 'c', 'b', 'a'].map(box), edges)
  const at = new Map(nodes.map((node) => [node.id, node]))
  for (const { from, to } of lines) expect((at.get(from)?.x ?? 0) + 100).toBeLessThan(at.get(to)?.x ?? 0)
  expect(lines).toHaveLength(3)
  const overlapping = nodes.flatMap((one) =>
    nodes.filter((other) => one.id < other.id && Math.abs(one.x - other.x) < 100 && Math.abs(one.y - other.y) < 40),
  )
  expect(overlapping).toEqual([])
  expect(nodes.every(({ x, y }) => x >= 0 && y >= 0 && x + 100 <= width && y + 40 <= height)).toBe(true)
  expect(layOut([], [])).toEqual({ width: 0, height: 0, nodes: [], edges: [] })
})

test('lineage goes from the platforms through dbt’s models to every screen, by what its own SQL reads', () => {
  const node = (name: string, depends: readonly string[], materialized = 'view') => ({
    unique_id: `model.p.${name}`,
    resource_type: 'model',
    name,
    schema: 'analytics',
    config: { materialized },
    depends_on: { nodes: [...depends] },
  })
  const manifest = manifestSchema.parse({
    metadata: { generated_at: '2026-11-22T00:00:00Z' },
    nodes: {
      'model.p.stg': node('stg', ['source.p.raw.daily_campaign_metrics']),
      'model.p.mart': node('mart', ['model.p.stg'], 'table'),
      'test.p.x': { unique_id: 'test.p.x', resource_type: 'test', name: 'x', depends_on: { nodes: ['model.p.mart'] } },
    },
    sources: {
      'source.p.raw.daily_campaign_metrics': {
        unique_id: 'source.p.raw.daily_campaign_metrics',
        resource_type: 'source',
        name: 'daily_campaign_metrics',
      },
    },
  })
  const nodes = lineageNodes(['google_ads'], manifest, 'millrace')
  const from = new Map(nodes.map((one) => [one.id, one.from]))
  expect(from.get('model.p.mart')).toEqual(['model.p.stg'])
  expect(from.get('model.p.stg')).toEqual(['table:daily_campaign_metrics'])
  expect(from.get('table:daily_campaign_metrics')).toEqual(['table:fact_ad_daily'])
  expect(from.get('table:fact_ad_daily')).toEqual(['raw:google_ads'])
  expect(from.get('raw:google_ads')).toEqual(['platform:google_ads'])
  expect(from.get('screen:campaigns')).toContain('table:fact_ad_monthly')
  expect([...from.keys()].filter((id) => id.startsWith('test.'))).toEqual([])
  // Every screen is drawn, and each of its queries is a file that is there.
  expect(Object.keys(readers).filter((id) => !from.has(id))).toEqual([])
  // Nothing hangs in the air.
  expect(nodes.flatMap((one) => one.from).filter((id) => !from.has(id))).toEqual([])
})

test('labels of metrics may hold anything', () => {
  const text = exposition([{ name: 'millrace_partitions', labels: { state: 'a"b\\c\nd' }, value: '2' }])
  expect(text).toBe(
    '# HELP millrace_partitions Partitions by state\n# TYPE millrace_partitions gauge\nmillrace_partitions{state="a\\"b\\\\c\\nd"} 2\n',
  )
})

describe('before the database is there', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer(options)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('it is alive, not ready, and says how far it is', async () => {
    server.board.stage({ part: 'warehouse', state: 'opening', place: '', seconds: 0 })
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
    const ready = await fetch(`${server.url}/readyz?lang=ko`)
    expect(ready.status).toBe(503)
    expect(ready.headers.get('retry-after')).toBe('1')
    expect(ready.headers.get('content-type')).toContain('application/problem+json')
    expect(await ready.json()).toMatchObject({
      code: 'SERVER_STARTING',
      title: 'Millrace가 아직 시작 중입니다 (warehouse)',
    })
    expect(await (await fetch(`${server.url}/api/v1/boot`)).json()).toMatchObject({
      ready: false,
      stages: [{ part: 'warehouse', state: 'opening' }],
    })
    expect((await fetch(`${server.url}/api/v1/runs`)).status).toBe(503)
  })

  test('a start that failed is told by every route, with its remedy', async () => {
    const failing = await startServer(options)
    failing.board.fail(new MillraceError('WAREHOUSE_DISK_FULL', {}))
    const answer = await fetch(`${failing.url}/api/v1/runs`)
    expect(await answer.json()).toMatchObject({ code: 'WAREHOUSE_DISK_FULL' })
    await failing[Symbol.asyncDispose]()
  })

  test('a port that is taken is said, or the next one is had', async () => {
    const port = Number(new URL(server.url).port)
    await expect(startServer({ ...options, port })).rejects.toMatchObject({ code: 'SERVER_PORT_TAKEN' })
    const next = await startServer({ ...options, port, portSearch: true })
    expect(Number(new URL(next.url).port)).toBeGreaterThan(port)
    await next[Symbol.asyncDispose]()
  })
})

describe('who may ask', () => {
  let open: Server
  let locked: Server
  beforeAll(async () => {
    const mounts: ServerOptions['mounts'] = [
      () => ({ name: 'own', guard: 'own', plugin: async (app) => void app.post('/own', async () => ({ own: true })) }),
      () => ({
        name: 'guarded',
        guard: 'server',
        plugin: async (app) => void app.get('/api/v1/guarded', async () => ({ ok: 1 })),
      }),
    ]
    open = await startServer({ ...options, mounts })
    locked = await startServer({ ...options, key, mounts })
  })
  afterAll(async () => {
    await open[Symbol.asyncDispose]()
    await locked[Symbol.asyncDispose]()
  })

  test('without a key a foreign name in Host is refused', async () => {
    expect(await raw(`${open.url}/api/v1/boot`, { host: 'evil.example' })).toEqual({
      status: 403,
      code: 'SERVER_HOST_REFUSED',
    })
    expect((await raw(`${open.url}/api/v1/boot`, { host: 'localhost:1' })).status).toBe(200)
  })

  test('a change from a page of another origin is refused', async () => {
    const headers = { origin: 'http://evil.example', 'content-type': 'application/json' }
    expect(await raw(`${open.url}/api/v1/session`, headers, 'POST', '{"key":"x"}')).toEqual({
      status: 403,
      code: 'SERVER_ORIGIN_REFUSED',
    })
    expect((await raw(`${open.url}/own`, headers, 'POST', '{}')).status).toBe(200)
  })

  test('with a key, the key or a session is wanted, by routes of other rooms too', async () => {
    for (const path of ['/api/v1/boot', '/api/v1/guarded', '/metrics'])
      expect((await raw(`${locked.url}${path}`, {})).code).toBe('SERVER_KEY_WANTED')
    expect((await raw(`${locked.url}/api/v1/boot`, { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await raw(`${locked.url}/api/v1/guarded`, { authorization: `Bearer ${key}` })).status).toBe(200)
    expect((await raw(`${locked.url}/healthz`, {})).status).toBe(200)
    const headers = { 'content-type': 'application/json' }
    const wrong = await fetch(`${locked.url}/api/v1/session`, { method: 'POST', headers, body: '{"key":"wrong"}' })
    expect(wrong.status).toBe(401)
    const right = await fetch(`${locked.url}/api/v1/session`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ key }),
    })
    const cookie = right.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
    expect((await raw(`${locked.url}/api/v1/boot`, { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200)
  })

  test('every answer forbids the browser what does not come from here', async () => {
    const { headers } = await fetch(`${open.url}/api/v1/boot`)
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('strict-transport-security')).toBeNull()
  })

  test('what is not there, and what is not as it should be, is said in our words', async () => {
    expect(await (await fetch(`${open.url}/api/v1/nothing`)).json()).toMatchObject({
      code: 'SERVER_NOT_FOUND',
      status: 404,
    })
    const bad = await fetch(`${open.url}/api/v1/runs?limit=0`)
    expect(bad.status).toBe(400)
    expect(await bad.json()).toMatchObject({ code: 'SERVER_REQUEST_INVALID' })
  })
})

describe('runs, over a real engine', () => {
  let warehouse: Warehouse
  let server: Server
  let runId: string
  beforeAll(async () => {
    warehouse = await openTestWarehouse()
    const engine = embeddedEngine({ warehouse })
    server = await startServer(options)
    server.attach({ warehouse, engine, project: { name: 'probe', zone: timeZone('Asia/Seoul'), isDemo: false } })
    await engine.deploy({
      pipeline: 'probe',
      runsActiveMax: 1,
      tasks: [taskNode({ id: 'a', kind: 'probe' }), taskNode({ id: 'b', kind: 'probe', after: ['a'] })],
    })
    runId = ((await post('/api/v1/runs', { pipeline: 'probe', date: '2026-11-21' })) as { readonly runId: string })
      .runId
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await warehouse[Symbol.asyncDispose]()
  })

  async function post(path: string, body: object): Promise<unknown> {
    const answer = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return answer.json()
  }
  const get = async (path: string) => (await fetch(`${server.url}${path}`)).json()

  test('Overview and Quality count the same checks, what is only recorded is no verdict, and a drifted contract is a difference', async () => {
    const runId = randomUUID()
    await warehouse.query(
      `insert into dq_run (run_id, dataset, partition, load_version, stage, started_at, status, platform, account_id, level, date)
       values ($1, 'fact_ad_daily', 'meta_ads|7|campaign||2026-11-20', 'x', 'audit', now(), 'done', 'meta_ads', '7', 'campaign', '2026-11-20')`,
      [runId],
    )
    const drift = { removed: 'spend, clicks', mistyped: 'reach (bigint, "a, b")', added: '–' }
    await warehouse.query(
      `insert into dq_result (run_id, check_id, outcome, severity, dimension, blocking, on_fail, explain)
       select $1, c, o, 'error', 'accuracy', false, f, $2::jsonb
       from (values ('ads.schema_drift', 'fail', 'block'), ('ads.nonneg', 'pass', 'block'), ('ads.bot_like', 'warn', 'warn'),
         ('ads.budget_pacing', 'warn', 'record'), ('ads.restatement', 'pass', 'record')) as r (c, o, f)`,
      [runId, JSON.stringify(drift)],
    )
    const ask = async (path: string) => (await fetch(`${server.url}/api/v1/${path}?date=2026-11-20`)).json()
    const overview = (await ask('overview')) as Overview
    const { checks, contracts } = (await ask('quality')) as Quality
    const sum = (of: 'pass' | 'warn' | 'fail' | 'recorded') => checks.reduce((total, one) => total + one[of], 0)
    expect([sum('pass'), sum('warn'), sum('fail'), sum('recorded')]).toEqual([2, 1, 1, 1])
    expect(overview.cards.quality).toMatchObject({ passed: 2, judged: 4, warned: 1, failed: 1 })
    const lines = ['- spend', '- clicks', '~ reach (bigint, "a, b")']
    expect(contracts).toEqual([{ platform: 'meta_ads', accountId: '7', outcome: 'fail', lines }])
  })

  test('a run that was asked for is there, its tasks and its column of the grid', async () => {
    expect(await get('/api/v1/runs')).toMatchObject({
      runs: [{ runId, pipeline: 'probe', since: '2026-11-21', source: 'engine' }],
    })
    expect(await get(`/api/v1/runs/${runId}`)).toMatchObject({ tasks: [{ task: 'a' }, { task: 'b', after: ['a'] }] })
    expect(await get('/api/v1/runs/grid')).toMatchObject({
      runs: [{ runId }],
      tasks: [
        { task: 'a', runs: [0], states: ['ready'] },
        { task: 'b', runs: [0], states: ['waiting'] },
      ],
    })
  })

  test('a run of a day that is still to come is refused', async () => {
    const answer = await post('/api/v1/runs', { pipeline: 'probe', date: '2999-01-01' })
    expect(answer).toMatchObject({ code: 'ORCHESTRATE_DAY_AHEAD', status: 400 })
  })

  test('a second run of the day is refused in the engine’s words', async () => {
    expect(await post('/api/v1/runs', { pipeline: 'probe', date: '2026-11-21' })).toMatchObject({
      code: 'ORCHESTRATE_RUN_LIVE',
      status: 409,
    })
    expect(await get('/api/v1/runs/00000000-0000-4000-8000-000000000000')).toMatchObject({ status: 404 })
  })

  test('lines are paged, searched, followed, and resumed by their id without loss or double', async () => {
    await warehouse.query(
      `insert into engine_log (run_id, task, attempt, at, level, message)
       select $1, 'a', 1, now(), 'info', 'line ' || n from generate_series(1, 2500) n`,
      [runId],
    )
    const page = (await get(`/api/v1/runs/${runId}/logs?limit=1000`)) as {
      readonly lines: readonly { readonly id: string }[]
      readonly next: string
    }
    expect(page.lines).toHaveLength(1_000)
    expect(page.next).toBe(page.lines.at(-1)?.id)
    expect(await get(`/api/v1/runs/${runId}/logs?grep=line%202499`)).toMatchObject({
      lines: [{ message: 'line 2499' }],
      next: null,
    })

    const first = await readStream(`${server.url}/api/v1/runs/${runId}/logs/stream`, null, 700)
    const rest = readStream(`${server.url}/api/v1/runs/${runId}/logs/stream`, first.at(-1)?.id ?? null, Infinity)
    await post(`/api/v1/runs/${runId}/cancel`, {})
    const all = [...first, ...(await rest)]
    expect(all.at(-1)?.event).toBe('end')
    const messages = all.slice(0, -1).map((one) => one.message)
    expect(messages).toEqual(Array.from({ length: 2_500 }, (_, at) => `line ${at + 1}`))
  })

  test('a cleared task waits again', async () => {
    expect(await post(`/api/v1/runs/${runId}/clear`, { tasks: ['b'], downstream: false })).toEqual({ cleared: 1 })
  })

  test('metrics are what Prometheus reads', async () => {
    const text = await (await fetch(`${server.url}/metrics`)).text()
    expect(text).toMatch(
      /^millrace_runs_total\{state="\w+",pipeline="probe"\} 1$|^millrace_runs_total\{pipeline="probe",state="\w+"\} 1$/m,
    )
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  })
})

interface StreamItem {
  readonly id: string
  readonly event: string
  readonly message: string
}

/** Reads an event stream up to `count` messages or its end, as an EventSource that was cut off would go on. */
async function readStream(url: string, lastEventId: string | null, count: number): Promise<readonly StreamItem[]> {
  const reply = await fetch(url, {
    headers: { accept: 'text/event-stream', ...(lastEventId !== null && { 'last-event-id': lastEventId }) },
  })
  const items: StreamItem[] = []
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of reply.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1] ?? ''
      if (!field('data')) continue
      const { message = '' } = JSON.parse(field('data')) as { readonly message?: string }
      items.push({ id: field('id'), event: field('event'), message })
      if (items.length < count) continue
      // Leaving the loop cuts the connection, in the middle of what it was sending.
      return items
    }
    if (items.at(-1)?.event === 'end') break
  }
  return items
}
