import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { QuotaHolder } from '../domain/platform-quota.ts'
import { spacingMs } from '../domain/platform-quota.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { day } from '../domain/day.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import { platformQuotaOf } from '../warehouse/platform-quota.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { operationsOfPlan } from './plan-operations.ts'
import type { QuotaAskerOptions, QuotaAskerReply } from './quota-asker.fixture.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const childFile = fileURLToPath(new URL('quota-asker.fixture.ts', import.meta.url))

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})

/** A process of its own that asks, to its end. */
async function asker(options: Omit<QuotaAskerOptions, 'connection'>): Promise<QuotaAskerReply> {
  const argument = JSON.stringify({ ...options, connection: warehouse.connection } satisfies QuotaAskerOptions)
  const child = spawn(process.execPath, [childFile, argument], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [said] = await Promise.all([text(child.stdout), once(child, 'exit')])
  return JSON.parse(said) as QuotaAskerReply
}

test('what one process is told of a budget another keeps to, without asking', async () => {
  const running = await startSandbox({ seed: 20261122, nowMs })
  try {
    const ask = { baseUrl: running.metaUrl, accessToken: running.credentials.metaAccessToken }
    running.scenario({ faults: [{ kind: 'status_429', route: 'meta.insights', from: 1, retryAfterSeconds: 1_800 }] })
    expect(await asker({ nowMs, ask })).toEqual({ code: 'CONNECTORS_QUOTA', retryAfterMs: 1_800_000 })
    running.scenario({ faults: [] })
    const before = running.log().length
    const minuteMs = 60_000
    // The account's own list of campaigns counts against the same budget: it is not asked for either.
    expect(await asker({ nowMs: nowMs + minuteMs, ask })).toEqual({ code: 'CONNECTORS_QUOTA', retryAfterMs: 1_740_000 })
    const routes = () =>
      running
        .log()
        .slice(before)
        .map(({ route }) => route)
    expect(routes()).toEqual(['meta.accounts'])
    expect(await asker({ nowMs: nowMs + 30 * minuteMs, ask })).toEqual({ code: 'ok' })
    const kept = JSON.stringify(await warehouse.query('select * from platform_quota'))
    expect(kept).not.toContain(running.credentials.metaAccessToken)
  } finally {
    await running.stop()
  }
})

test('two processes at once share one pace: no two turns are nearer than it allows', async () => {
  const turns = 10
  const replies = await Promise.all([1, 2].map(() => asker({ nowMs, ask: { turns } })))
  const all = replies.flatMap(({ turnsMs }) => turnsMs ?? []).sort((a, b) => a - b)
  expect(all).toEqual(Array.from({ length: 2 * turns }, (_, turn) => nowMs + turn * 5_000))
})

test('calls are spread from sixty percent on, of an account or of all, until a younger word says otherwise', async () => {
  const quota = platformQuotaOf(warehouse)
  const holder: QuotaHolder = { platform: 'meta_ads', credential: 'two', account: '7' }
  const turns = async (of: QuotaHolder, atMs = nowMs) =>
    [await quota.turn(of, atMs), await quota.turn(of, atMs)].map((turnMs) => turnMs - atMs)
  await quota.tell(holder, [{ scope: 'account', percent: 59, resetMs: 0 }], nowMs)
  expect(await quota.turn(holder, nowMs)).toBe(nowMs)
  await quota.tell(holder, [{ scope: 'account', percent: 75, resetMs: 0 }], nowMs)
  expect(await turns(holder)).toEqual([0, 2_500])
  expect(await turns({ ...holder, account: '8' })).toEqual([0, 0])
  await quota.tell({ ...holder, account: '' }, [{ scope: 'app', percent: 100, resetMs: 90_000 }], nowMs)
  expect(await turns({ ...holder, account: '8' })).toEqual([90_000, 91_000])
  expect(await turns({ ...holder, credential: 'other' })).toEqual([0, 0])
  await quota.tell(holder, [{ scope: 'account', percent: 10, resetMs: 0 }], nowMs - 1)
  expect(await turns(holder, nowMs + 90_001)).toEqual([0, 2_500])
  await quota.tell(holder, [{ scope: 'account', percent: 10, resetMs: 0 }], nowMs + 90_002)
  expect(await turns(holder, nowMs + 90_003)).toEqual([0, 0])
  await quota.tell(holder, [{ scope: 'account', percent: 99, resetMs: 0 }], nowMs)
  expect(await turns(holder, nowMs + 3_600_001)).toEqual([0, 0])
})

test('the pause grows with what is used and never falls', () => {
  const pauses = Array.from({ length: 121 }, (_, percent) => spacingMs(percent))
  expect(pauses).toEqual(pauses.toSorted((a, b) => a - b))
  expect([59, 60, 75, 90, 95, 100, 120].map((percent) => spacingMs(percent))).toEqual([
    0, 0, 2_500, 5_000, 32_500, 60_000, 60_000,
  ])
})

test('a plan counts the calls of its slices as measured, against what is left of the day', async () => {
  const extracts: readonly (readonly [string, string, string, number])[] = [
    ['meta_ads', 'campaign', '2026-11-20T10:00:00Z', 3],
    ['meta_ads', 'campaign', '2026-11-21T10:00:00Z', 5],
    ['meta_ads', 'campaign', '2026-11-22T10:00:00Z', 4],
    ['meta_ads', 'ad', '2026-11-22T11:00:00Z', 9],
    ['google_ads', 'campaign', '2026-11-22T00:30:00Z', 2],
  ]
  for (const [platform, level, at, operations] of extracts)
    await warehouse.query(
      `insert into extract (extract_id, platform, account_id, level, breakdown_key, kind, since, until, requested_at, finished_at,
         rows, api_version, request_ids, map_version, raw_keys, loaded_at, operations)
       values (gen_random_uuid(), $1, '1', $2, '', 'advance', '2026-11-01', '2026-11-02', $3, $3, 1, 'v1', '{}', 1, '{}', $3, $4)`,
      [platform, level, at, operations],
    )
  const slice = (platform: 'google_ads' | 'meta_ads' | 'kakao_moment', level: 'campaign' | 'ad') =>
    ({
      platform,
      accountId: '1',
      level,
      breakdownKey: '',
      kind: 'advance',
      since: day('2026-11-01'),
      until: day('2026-11-02'),
    }) as const
  const slices = [
    slice('google_ads', 'campaign'),
    slice('meta_ads', 'campaign'),
    slice('meta_ads', 'campaign'),
    slice('meta_ads', 'ad'),
    slice('kakao_moment', 'campaign'),
  ]
  const connections = [{ connector: { spec: { platform: 'google_ads', operationsPerDayMax: 15_000 } } }] as never
  const found = await operationsOfPlan(
    { warehouse, clock: { nowMs: () => nowMs }, connections },
    { accounts: [{ slices }] as never },
  )
  expect(found.platforms).toEqual([
    { platform: 'google_ads', slices: 1, calls: 2, measured: true, used: 2, perDay: 15_000 },
    { platform: 'meta_ads', slices: 3, calls: 17, measured: true, used: 13, perDay: null },
    { platform: 'kakao_moment', slices: 1, calls: 1, measured: false, used: 0, perDay: null },
  ])
  expect(found.callsOf(slices.slice(1, 3))).toBe(8)
})
