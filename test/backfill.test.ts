import { expect, test } from 'vitest'
import type { Day } from '../src/domain/day.ts'
import { addDays, timeZone } from '../src/domain/day.ts'
import { isMillraceError } from '../src/domain/errors.ts'
import { seededRandom } from '../src/domain/clock.ts'
import { adBodies } from '../src/orchestrate/ad-bodies.ts'
import { adGraph } from '../src/orchestrate/ad-graph.ts'
import { reachAccounts } from '../src/orchestrate/accounts.ts'
import type { BackfillAsk } from '../src/orchestrate/backfill.ts'
import {
  cancelBackfill,
  daysFor,
  listBackfills,
  pauseBackfill,
  planBackfill,
  resumeBackfill,
  startBackfill,
} from '../src/orchestrate/backfill.ts'
import { performTask } from '../src/orchestrate/body.ts'
import { connectorContext } from '../src/orchestrate/connector-context.ts'
import { embeddedEngine } from '../src/orchestrate/embedded-engine.ts'
import { adDataPipeline } from '../src/orchestrate/pipeline.ts'
import type { Reprocess } from '../src/orchestrate/reprocess.ts'
import { retireRuns } from '../src/orchestrate/retire.ts'
import { markFailed } from '../src/warehouse/partition-state.ts'
import { accountOf, nowMs, openFaultJob } from './fault-job.ts'

/*
 * Backfills that workers carry out. A worker that calls functions does one task at a time, so that a test can look in between.
 */

const pipeline = adDataPipeline(['google_ads', 'meta_ads'], timeZone('Asia/Seoul'))
const range = { since: '2026-08-20' as Day, until: '2026-08-29' as Day }
const signal = new AbortController().signal

async function openStage() {
  const job = await openFaultJob()
  const { ports } = job
  const { warehouse } = ports
  const engine = embeddedEngine({ warehouse })
  const reached = await reachAccounts(
    ports,
    {},
    connectorContext(ports, signal, () => undefined),
  )
  await engine.deploy(adGraph({ pipeline, ...reached, manner: 'scheduled' }))
  const accounts = reached.accounts.map(({ account, spec }) => ({ account, ...spec }))
  const askOf = (reprocess: Reprocess): BackfillAsk => ({ pipeline: pipeline.id, range, reprocess, accounts, nowMs })
  const bodies = adBodies(ports)
  return {
    job,
    warehouse,
    engine,
    plan: (reprocess: Reprocess) => planBackfill(warehouse, askOf(reprocess), 3),
    async start(reprocess: Reprocess, runsActiveMax = 3): Promise<string> {
      const plan = await planBackfill(warehouse, askOf(reprocess), runsActiveMax)
      return startBackfill(warehouse, askOf(reprocess), plan, { runsActiveMax, random: seededRandom(3) })
    },
    /** Does tasks until none is ready or so many are done; says how many runs were active at the most. */
    async work(tasksMax = Number.POSITIVE_INFINITY): Promise<number> {
      let most = 0
      for (let done = 0; done < tasksMax; done += 1) {
        const [task] = await engine.queue.claim('w', 1)
        if (!task) break
        const [active] = await warehouse.query(
          `select count(*)::int as runs from engine_run where state = 'running' and backfill_id is not null`,
        )
        most = Math.max(most, Number(active?.['runs']))
        await engine.queue.finish(task.fence, await performTask(bodies, { task, signal, log: () => undefined }))
      }
      return most
    },
    states: () => warehouse.query(`select state, count(*)::int as runs from engine_run group by state order by state`),
    [Symbol.asyncDispose]: () => job[Symbol.asyncDispose](),
  }
}

test('the plan names days and questions before anything begins, and is what is done', async () => {
  await using stage = await openStage()
  const plan = await stage.plan('missing')
  expect(plan.days.map((one) => one.day)).toEqual(
    Array.from({ length: 10 }, (_, index) => addDays(range.until, -index)),
  )
  const quotaOf = (perDay: number | null, used = 0, callsOfDay: number | null = null) => ({
    accountDays: 10,
    callsOfDay,
    used,
    perDay,
    days: 1,
  })
  expect(plan.operations).toEqual({ google_ads: 10, meta_ads: 10 })
  expect(plan.quotas).toEqual({ google_ads: quotaOf(15_000), meta_ads: quotaOf(null) })
  expect(await stage.states()).toEqual([])
  const id = await stage.start('missing')
  expect(await stage.work()).toBe(3)
  const [extracts] = await stage.warehouse.query('select count(*)::int as extracts from run_extract')
  expect(extracts).toEqual({ extracts: 20 })
  expect(await listBackfills(stage.warehouse, 5)).toMatchObject([{ backfill: id, state: 'done', done: 10, open: 0 }])
  // Nothing is missing any more; everything is loaded again when that is asked for.
  expect((await stage.plan('missing')).days).toEqual([])
  // What a day of an account has cost is known by now, and the plan is what was used.
  const again = await stage.plan('all')
  const [used] = await stage.warehouse.query(
    `select sum(operations) filter (where platform = 'google_ads')::int as google_ads,
       sum(operations) filter (where platform = 'meta_ads')::int as meta_ads from extract`,
  )
  expect([again.days.length, again.operations]).toEqual([10, used])
  expect(again.quotas['google_ads']).toEqual(quotaOf(15_000, Number(used?.['google_ads']), 1))
  expect(again.minutes).toBeGreaterThan(0)
})

test('a quota spreads the calls over days, the present one as far as it is free', () => {
  expect([daysFor(100, 0, 100), daysFor(101, 0, 100), daysFor(100, 1, 100), daysFor(350, 50, 100)]).toEqual([
    1, 2, 2, 4,
  ])
  expect(daysFor(10, 200, 100)).toBe(2)
})

test('failed and stale days are chosen by account', async () => {
  await using stage = await openStage()
  const fail = (platform: 'google_ads' | 'meta_ads', date: string) =>
    stage.warehouse.transaction((session) =>
      markFailed(
        session,
        [
          {
            platform,
            accountId: accountOf(stage.job, platform).accountId,
            level: 'campaign',
            breakdownKey: '',
            date: date as Day,
          },
        ],
        { code: 'ORCHESTRATE_UNEXPECTED', message: 'broken by hand', atMs: nowMs },
      ),
    )
  await fail('google_ads', '2026-08-21')
  await stage.start('missing')
  await stage.work()
  await fail('meta_ads', '2026-08-22')
  const chosen = async (reprocess: Reprocess) =>
    (await stage.plan(reprocess)).days.map(({ day, accounts }) =>
      [day, ...accounts.map((one) => one.split('/')[0])].join(' '),
    )
  expect(await chosen('failed')).toEqual(['2026-08-21 google_ads'])
  expect(await chosen('stale')).toEqual(['2026-08-22 meta_ads'])
})

test('pause begins nothing more, resume goes on, and today’s run goes before what waits', async () => {
  await using stage = await openStage()
  const id = await stage.start('missing', 2)
  await stage.work(2)
  await pauseBackfill(stage.warehouse, id)
  await stage.work()
  expect(await stage.states()).toEqual([
    { state: 'queued', runs: 8 },
    { state: 'success', runs: 2 },
  ])
  await resumeBackfill(stage.warehouse, id)
  const today = await stage.engine.trigger({ pipeline: pipeline.id, partitionKey: '2026-09-03', kind: 'scheduled' })
  // Two extracts, two loads and the models of today's run are the next five tasks.
  await stage.work(5)
  expect((await stage.engine.inspect(today)).state).toBe('success')
  await stage.work()
  expect(await stage.states()).toEqual([{ state: 'success', runs: 11 }])
})

test('cancel stops what waits, keeps what is done, and cannot be taken back', async () => {
  await using stage = await openStage()
  const id = await stage.start('missing', 1)
  await stage.work(5)
  expect(await cancelBackfill(stage.warehouse, stage.engine, id.slice(0, 13))).toBe(9)
  await stage.work()
  expect(await stage.states()).toEqual([
    { state: 'cancelled', runs: 9 },
    { state: 'success', runs: 1 },
  ])
  const refused = await resumeBackfill(stage.warehouse, id).catch((error: unknown) => error)
  expect(isMillraceError(refused, 'ORCHESTRATE_BACKFILL_UNKNOWN')).toBe(true)
})

test('old runs go when there is a newer one of the day, and the newest stays', async () => {
  await using stage = await openStage()
  for (let round = 0; round < 3; round += 1) {
    await stage.engine.trigger({ pipeline: pipeline.id, partitionKey: '2026-09-01', kind: 'manual' })
    await stage.work()
  }
  const later = Date.now() + 3_600_000
  expect(await retireRuns(stage.warehouse, later, true)).toMatchObject({ runs: 2 })
  expect(await stage.states()).toEqual([{ state: 'success', runs: 3 }])
  expect(await retireRuns(stage.warehouse, later, false)).toMatchObject({ runs: 2 })
  expect(await stage.states()).toEqual([{ state: 'success', runs: 1 }])
  expect(await stage.warehouse.query('select generation from engine_run')).toEqual([{ generation: 3 }])
})
