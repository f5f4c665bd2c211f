import { afterEach, beforeEach, expect, test } from 'vitest'
import fc from 'fast-check'
import { isoInstant, seededRandom, standingClock } from '../domain/clock.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import { addDays, dayEndMs } from '../domain/day.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { catchUp } from './catch-up.ts'
import type { CatchupPolicy } from './catch-up.ts'
import { embeddedEngine } from './embedded-engine.ts'
import { taskNode } from './graph.ts'
import { registerPipeline } from './ledger.ts'
import type { LedgerAccount } from './ledger.ts'
import { planTick } from './planner.ts'
import type { TickReport } from './planner.ts'

const hour = 3_600_000
const seoul = 'Asia/Seoul' as TimeZone

let warehouse: Warehouse
beforeEach(async () => {
  warehouse = await openTestWarehouse()
})
afterEach(() => warehouse[Symbol.asyncDispose]())

function account(accountId: string, zone: string): LedgerAccount {
  return { account: { platform: 'google_ads', accountId, zone: zone as TimeZone }, settleMs: 3 * hour }
}

const noAccounts: readonly LedgerAccount[] = []

async function planned(catchup: CatchupPolicy, startMs: number, accounts: readonly LedgerAccount[] = noAccounts) {
  const clock = standingClock(startMs)
  const engine = embeddedEngine({ warehouse, virtual: clock, random: seededRandom(7), leaseMs: 60_000 })
  await engine.deploy({ pipeline: 'ads', runsActiveMax: 4, tasks: [taskNode({ id: 'load', kind: 'x' })] })
  await warehouse.transaction((session) =>
    registerPipeline(session, {
      pipeline: 'ads',
      cron: '0 2 * * *',
      zone: seoul,
      startDay: '2026-11-10' as Day,
      catchup,
      deadlineMs: 4 * hour,
    }),
  )
  const tick = (): Promise<TickReport> =>
    planTick({
      warehouse,
      random: seededRandom(clock.nowMs()),
      nowMs: clock.nowMs(),
      engineNow: () => isoInstant(clock.nowMs()),
      accounts: new Map([['ads', accounts]]),
    })
  const work = async () => {
    for (const one of await engine.queue.claim('w', 50))
      await engine.queue.finish(one.fence, { kind: 'success', output: null })
  }
  const states = async () =>
    Object.fromEntries(
      (await warehouse.query('select day, state from ledger_day order by day')).map((row) => [
        row['day'],
        row['state'],
      ]),
    )
  return { clock, engine, tick, work, states }
}

const at = (text: string) => Date.parse(text)

test('days are in the ledger before any run and without one', async () => {
  const { tick, states, engine } = await planned('none', at('2026-11-22T12:00+09:00'))
  expect(await tick()).toMatchObject({ isLeader: true, days: 2, runs: [], skipped: 0 })
  expect(await states()).toEqual({ '2026-11-22': 'expected', '2026-11-23': 'expected' })
  expect(await engine.runs({ limit: 9 })).toEqual([])
  expect(await tick()).toMatchObject({ days: 0, runs: [] })
})

test('a day gets its run when it is due, and the ledger takes over how that went', async () => {
  const { clock, tick, work, states } = await planned('none', at('2026-11-22T12:00+09:00'))
  await tick()
  await clock.sleep(at('2026-11-23T01:59+09:00') - clock.nowMs())
  expect((await tick()).runs).toEqual([])
  await clock.sleep(60_000)
  expect((await tick()).runs.map((one) => one.day)).toEqual(['2026-11-22'])
  expect(await states()).toMatchObject({ '2026-11-22': 'running' })
  await work()
  expect((await tick()).runs).toEqual([])
  expect(await states()).toMatchObject({ '2026-11-22': 'ok', '2026-11-23': 'expected' })
})

test.each([
  ['all', 12, 0],
  ['latest', 1, 3],
  ['none', 0, 4],
] as const)('catch-up %s after four days without a scheduler: %i runs, %i skipped', async (policy, runs, skipped) => {
  const { clock, tick, states } = await planned(policy, at('2026-11-18T12:00+09:00'))
  const before = await tick()
  await clock.sleep(4 * 24 * hour)
  const after = await tick()
  const made = [...before.runs, ...after.runs].filter((one) => policy === 'all' || one.day > '2026-11-17')
  expect([made.length, after.skipped]).toEqual([runs, skipped])
  expect(Object.values(await states()).filter((one) => one === 'due')).toEqual([])
})

test.each(['latest', 'none'] as const)(
  'a project that starts in the morning with catch-up %s is late with nothing before it could work',
  async (policy) => {
    const accounts = [account('1', 'Asia/Seoul')]
    const { clock, tick, states } = await planned(policy, at('2026-11-22T10:18+09:00'), accounts)
    const first = await tick()
    expect(first.late).toEqual([])
    expect(first.runs.map((one) => one.day)).toEqual(policy === 'latest' ? ['2026-11-21'] : [])
    // Nobody works on the run, so that its day misses the deadline that counts from the start.
    await clock.sleep(at('2026-11-22T15:19+09:00') - clock.nowMs())
    const late = (await tick()).late.map((one) => `${one.account ?? '*'} ${one.day}`)
    expect(late).toEqual(policy === 'latest' ? ['* 2026-11-21', 'google_ads/1 2026-11-21'] : [])
    expect(await states()).toMatchObject({ '2026-11-22': 'expected' })
  },
)

test('what is due within minutes of the first start gets its run also without catch-up', async () => {
  const { clock, tick } = await planned('none', at('2026-11-22T01:59+09:00'))
  expect((await tick()).runs).toEqual([])
  await clock.sleep(2 * 60_000)
  expect((await tick()).runs.map((one) => one.day)).toEqual(['2026-11-21'])
})

test('a run that was never created is noticed: its day is late once its deadline has passed', async () => {
  const { clock, tick, states } = await planned('none', at('2026-11-22T12:00+09:00'))
  await tick()
  await warehouse.query('update ledger_pipeline set paused = true')
  await clock.sleep(at('2026-11-23T05:59+09:00') - clock.nowMs())
  expect((await tick()).late).toEqual([])
  await clock.sleep(61_000)
  expect((await tick()).late).toEqual([{ pipeline: 'ads', account: null, day: '2026-11-22' }])
  expect(await states()).toMatchObject({ '2026-11-22': 'late' })
  expect((await tick()).late).toEqual([])
})

test('each account is due on its own clock: at 02:00 in Seoul neither Berlin nor Los Angeles has closed the day', async () => {
  const accounts = [account('1', 'Asia/Seoul'), account('2', 'Europe/Berlin'), account('3', 'America/Los_Angeles')]
  const { tick } = await planned('none', at('2026-11-22T12:00+09:00'), accounts)
  await tick()
  const rows = await warehouse.query(
    `select account_id, due_at from ledger_account where day = '2026-11-22' order by account_id`,
  )
  const hours = rows.map((row) => (Number(row['due_at']) - at('2026-11-22T15:00Z')) / hour)
  expect(hours).toEqual([3, 11, 20])
})

test('an account’s day is there when its partition is published, whoever did it', async () => {
  const { clock, tick } = await planned('none', at('2026-11-22T12:00+09:00'), [account('1', 'Asia/Seoul')])
  await tick()
  await clock.sleep(at('2026-11-23T12:00+09:00') - clock.nowMs())
  const insert = `insert into partition_state (platform, account_id, level, breakdown_key, date, state, problem_at)
    values ('google_ads', '1', 'campaign', '', '2026-11-22', $1, now())
    on conflict (platform, account_id, level, breakdown_key, date) do update set state = excluded.state`
  const state = async () =>
    (await warehouse.query(`select state from ledger_account where day = '2026-11-22'`))[0]?.['state']
  await tick()
  expect(await state()).toBe('late')
  await warehouse.query(insert, ['failed'])
  await tick()
  expect(await state()).toBe('failed')
})

test('two planners at once make each run once', async () => {
  const { clock, tick, engine } = await planned('all', at('2026-11-22T12:00+09:00'))
  const reports = await Promise.all(Array.from({ length: 6 }, tick))
  expect(reports.filter((one) => one.isLeader).length).toBeGreaterThanOrEqual(1)
  await clock.sleep(1_000)
  await Promise.all(Array.from({ length: 6 }, tick))
  const runs = await engine.runs({ limit: 99 })
  expect(runs).toHaveLength(12)
  expect(new Set(runs.map((one) => one.partitionKey)).size).toBe(12)
})

test('a clock that jumps an hour back or forth makes no day twice and leaves none out', async () => {
  const { clock, tick, engine, work } = await planned('all', at('2026-11-20T12:00+09:00'))
  for (const jump of [1, -1, 2, -1, 20, -1, 1, 30, -1, 24]) {
    await clock.sleep(jump * hour)
    await tick()
    await work()
  }
  await tick()
  const runs = (await engine.runs({ limit: 99 })).map((one) => one.partitionKey).sort()
  const last = runs.at(-1) as Day
  expect(runs).toEqual(daysBetween('2026-11-10' as Day, last))
  expect(dayEndMs(last, seoul)).toBeLessThan(clock.nowMs())
})

function daysBetween(since: Day, until: Day): readonly Day[] {
  const days: Day[] = []
  for (let day = since; day <= until; day = addDays(day, 1)) days.push(day)
  return days
}

test('catch-up runs or skips each owed day exactly once, in order', () => {
  const owed = fc
    .uniqueArray(fc.nat(400), { maxLength: 30 })
    .map((days) => days.map((one) => ({ day: addDays('2026-01-01' as Day, one), dueMs: one * 24 * hour })))
  fc.assert(
    fc.property(
      owed,
      fc.constantFrom<CatchupPolicy>('all', 'latest', 'none'),
      fc.nat(400 * 24),
      (days, policy, now) => {
        const { run, skip } = catchUp(policy, days, now * hour)
        expect([...run, ...skip].sort()).toEqual(days.map((one) => one.day).sort())
        expect([...run]).toEqual([...run].sort())
        expect(policy !== 'all' || skip.length === 0).toBe(true)
        expect(policy !== 'latest' || days.length === 0 || run.length > 0).toBe(true)
      },
    ),
    { seed: 20261123, numRuns: 500 },
  )
})
