import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { decimal } from '../domain/decimal.ts'
import { airbyteMessage, configuredCatalog, schemaPaths } from './airbyte-messages.ts'
import { adapter } from './airbyte.ts'
import type { ConnectorRig, ExpectedRow } from './connector.contract.ts'
import { canonical, connectorContract, errorOf, receive, retryWaitsMs, testContext } from './connector.contract.ts'

const root = await mkdtemp(join(tmpdir(), 'airbyte '))
afterAll(() => rm(root, { recursive: true, force: true }))

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { since: day('2026-11-10'), until: day('2026-11-12') }
const source = join(import.meta.dirname, '../../test/airbyte-source.ts')
const mapping = {
  columns: {
    date: 'day',
    campaign_id: 'campaign.id',
    campaign_name: 'campaign.name',
    cost: 'metrics.spend',
    impressions: 'metrics.shown',
    clicks: 'metrics.clicked',
    conversions: 'metrics.orders',
  },
}

/** An id beyond 2^53, as text: the fixture writes it as a number. */
const rowOf = (date: string, id: string, shown: number, spend: string, orders: number) => ({
  day: date,
  campaign: { id, name: `이름 ${id}` },
  metrics: { shown, clicked: 7, spend, orders },
})

const rows = [
  rowOf('2026-11-09', '9007199254740993', 999, '1', 0),
  rowOf('2026-11-10', '9007199254740993', 100, '12.345678', 1.5),
  rowOf('2026-11-11', '9007199254740993', 110, '13.000001', 0.25),
  rowOf('2026-11-12', '12', 5, '0.1', 0),
  rowOf('2026-11-13', '12', 999, '1', 0),
]

const truth: readonly ExpectedRow[] = rows.slice(1, 4).map(({ day: date, campaign, metrics }) => ({
  entityId: campaign.id,
  date: day(date),
  impressions: decimal(String(metrics.shown)),
  clicks: decimal('7'),
  cost: decimal(metrics.spend),
  conversions: decimal(String(metrics.orders)),
}))

async function openSource(config: object = {}, given: object = {}) {
  const parsed = adapter.options.parse({
    command: [process.execPath, source],
    config: { rows, since: '{since}', until: '{until}', ...config },
    stream: 'days',
    platform: 'linkedin_ads',
    account: 'li-1',
    currency: 'EUR',
    zone: 'Europe/Berlin',
    mapping,
    ...given,
  })
  return adapter.open(parsed)
}

connectorContract('airbyte', async (): Promise<ConnectorRig> => {
  const connector = await openSource()
  return {
    connector,
    nowMs,
    range,
    secrets: [],
    truth: (_, date) => truth.filter((row) => row.date === date),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
})

async function readWith(config: object, given: object = {}) {
  const connector = await openSource(config, given)
  const context = testContext(nowMs)
  const [account] = await connector.discover(context)
  return { connector, context, account: account!, read: receive(connector, account!, range, context) }
}

describe('states', () => {
  test('a source that dies is started again from its last state, and no row comes twice', async () => {
    const marker = join(root, 'died')
    const { connector, context, read } = await readWith({ crashOn: '2026-11-11', marker })
    const { received, result } = await read
    expect(canonical(received.rows, connector.spec.mapping)).toEqual(truth)
    expect(received.rows.length).toBe(truth.length)
    expect([result.operations, retryWaitsMs(context).length]).toEqual([2, 1])
  })

  /** Three days are read, then the two after them, then the middle of them again; the source knows no days to be asked for. */
  async function nights(config: object) {
    const kept = new Map<string, string>()
    const sourceStates = {
      before: (key: string, before: string) =>
        Promise.resolve(
          [...kept]
            .filter(([at]) => at.startsWith(key) && at.slice(64) < before)
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .at(-1)?.[1],
        ),
      keep: (key: string, through: string, state: string) => Promise.resolve(void kept.set(key + through, state)),
      forget: () => Promise.resolve(kept.clear()),
    }
    const told: string[][] = []
    const days: unknown[] = []
    for (const [since, until] of [
      ['2026-11-09', '2026-11-11'],
      ['2026-11-12', '2026-11-13'],
      ['2026-11-11', '2026-11-11'],
    ]) {
      const connector = await openSource({ since: '', until: '', ...config })
      const context = testContext(nowMs, { sourceStates })
      const [account] = await connector.discover(context)
      const asked = { since: day(since!), until: day(until!) }
      const { received } = await receive(connector, account!, asked, context)
      days.push(received.rows.map((row) => row['date']))
      told.push([...JSON.stringify(context.logged).matchAll(/tells (\d+ rows, \w+)/g)].map((one) => one[1]!))
    }
    return { told, days }
  }
  const asked = [['2026-11-09', '2026-11-10', '2026-11-11'], ['2026-11-12', '2026-11-13'], ['2026-11-11']]

  test('are kept between runs: later days begin where none of them had been told, and days are read again from before them', async () => {
    const { told, days } = await nights({})
    expect(days).toEqual(asked)
    expect(told).toEqual([['5 rows, begun'], ['2 rows, resumed'], ['3 rows, resumed']])
  })

  test('that the source refuses are forgotten, and it begins at its beginning', async () => {
    const { told, days } = await nights({ refuses: 'config_error' })
    expect(days).toEqual(asked)
    expect(told[1]).toEqual(['2 rows, resumed', '5 rows, begun'])
  })

  test('are given back digit by digit', () => {
    const line = '{"type":"STATE","state":{"type":"STREAM","cursor":9007199254740993,"share":0.10}}'
    const said = airbyteMessage(line)
    const { message } = said!
    expect(message.type === 'STATE' && JSON.stringify(message.state)).toBe(
      '{"type":"STREAM","cursor":9007199254740993,"share":0.10}',
    )
  })
})

describe('what a source says', () => {
  test('that is no message is passed over; its log is told without what is in its configuration', async () => {
    const { context, read } = await readWith({ noise: 'hello {"type":', token: 'sekret-token' })
    expect((await read).result.rows).toBe(3)
    expect(JSON.stringify(context.logged)).toContain('begins with ***')
    expect(JSON.stringify(context.logged)).not.toContain('sekret-token')
  })

  const failures = [
    ['config_error', 'CONNECTORS_SOURCE_REFUSED', 0],
    ['system_error', 'CONNECTORS_SOURCE_DEFECT', 0],
    ['transient_error', 'CONNECTORS_TRANSIENT', 1],
  ] as const
  test.each(failures)('%s is %s', async (fail, code, retries) => {
    const token = 'sekret-token'
    const { context, read } = await readWith({ fail, token }, { attemptsMax: 2 })
    const error = await errorOf(read)
    expect(error.code).toBe(code)
    expect(error.facts).toMatchObject({ platform: 'linkedin_ads', account: 'li-1', detail: 'it fails over ***' })
    expect(JSON.stringify([error, context.logged])).not.toContain(token)
    expect(retryWaitsMs(context).length).toBe(retries)
  })

  test('a stream that ended as INCOMPLETE is no reading, though the process ends well', async () => {
    const { read } = await readWith({ incomplete: true }, { attemptsMax: 1 })
    expect((await errorOf(read)).code).toBe('CONNECTORS_TRANSIENT')
  })

  test('nothing, for too long, ends it', async () => {
    const { read } = await readWith({ silent: true }, { timeoutSeconds: 0.5, attemptsMax: 1 })
    const error = await errorOf(read)
    expect([error.code, error.facts['seconds']]).toEqual(['CONNECTORS_TIMEOUT', 0.5])
  })
})

describe('a process', () => {
  test('that cannot be started is told as such', async () => {
    const { read } = await readWith({}, { command: ['/nowhere/source'] })
    const error = await errorOf(read)
    expect([error.code, error.facts['command']]).toEqual(['CONNECTORS_SOURCE_UNSTARTABLE', '/nowhere/source'])
  })

  test('ends when the work is cancelled, and leaves no file behind', async () => {
    const connector = await openSource({ silent: true })
    const before = new Set(await readdir(tmpdir()))
    const stop = new AbortController()
    const context = testContext(nowMs, { signal: stop.signal })
    const [account] = await connector.discover(context)
    const read = receive(connector, account!, range, context)
    const ended = read.catch((error: unknown) => error)
    setTimeout(() => stop.abort(new Error('people pressed Ctrl-C')), 500)
    expect(String(await ended)).toContain('people pressed Ctrl-C')
    const left = (await readdir(tmpdir())).filter((name) => name.startsWith('millrace-source-') && !before.has(name))
    expect(left).toEqual([])
  })

  test('sees none of our variables but those that every program needs and those that it is given', async () => {
    process.env['MILLRACE_TEST_HIDDEN'] = 'ours'
    const show = `console.log(JSON.stringify({type:'CONNECTION_STATUS',connectionStatus:{status:'FAILED',message:[process.env.MILLRACE_TEST_HIDDEN,process.env.GIVEN,typeof process.env.PATH].join(' ')}}));console.log('{"type":"SPEC","spec":{}}')`
    const connector = await openSource(
      {},
      { command: [process.execPath, '-e', show, '--'], environment: { GIVEN: 'g' } },
    )
    const lines = await connector.check(testContext(nowMs))
    delete process.env['MILLRACE_TEST_HIDDEN']
    expect(lines.at(-1)?.detail).toContain(' g string')
    expect(lines.at(-1)?.detail).not.toContain('ours')
  })
})

describe('a check', () => {
  const failed = async (config: object, given: object = {}) =>
    (await (await openSource(config, given)).check(testContext(nowMs))).at(-1)

  test('tells a refused configuration, a stream that is not there, and a column that the stream lacks', async () => {
    expect(await failed({ status: 'FAILED' })).toMatchObject({ outcome: 'fail', what: 'configuration accepted' })
    expect((await failed({}, { stream: 'weeks' }))?.detail).toContain('it has days')
    const lacking = { columns: { ...mapping.columns, clicks: 'metrics.taps' } }
    expect((await failed({}, { mapping: lacking }))?.detail).toContain('metrics.taps')
  })
})

test('a value that the mapping does not understand refuses the slice', async () => {
  const { read } = await readWith({ rows: [rowOf('2026-11-10', '12', 1, 'twelve', 0)] })
  const error = await errorOf(read)
  expect(error.code).toBe('FILES_NOT_UNDERSTOOD')
  expect(error.message).toContain('twelve')
})

test('members of a schema are named by their path; a stream that can is read by its cursor', () => {
  const schema = { properties: { a: { type: 'string' }, b: { properties: { c: {}, d: { properties: { e: {} } } } } } }
  expect(schemaPaths(schema)).toEqual(['a', 'b.c', 'b.d.e'])
  const stream = { name: 's', json_schema: {}, default_cursor_field: ['day'], extra: 1 }
  expect(configuredCatalog({ ...stream, supported_sync_modes: ['full_refresh'] })).toMatchObject({
    streams: [{ sync_mode: 'full_refresh', stream: { extra: 1 } }],
  })
  expect(configuredCatalog({ ...stream, supported_sync_modes: ['incremental'] })).toMatchObject({
    streams: [{ sync_mode: 'incremental', cursor_field: ['day'] }],
  })
})
