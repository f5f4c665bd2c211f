import { expect, test } from 'vitest'
import { isMillraceError } from '../src/domain/errors.ts'
import type { Day } from '../src/domain/day.ts'
import { embeddedEngine } from '../src/orchestrate/embedded-engine.ts'
import { accountOf, interval, openFaultJob } from './fault-job.ts'

/*
 * The nightly job as the engine sees it: its rows are what a command, a screen and a scheduler read of it.
 */

test('a run is a run of the engine: each account has its tasks and attempts, and the day is free again', async () => {
  await using job = await openFaultJob()
  const summary = await job.run(interval)
  const engine = embeddedEngine({ warehouse: job.ports.warehouse })
  const run = await engine.inspect(summary.runId)
  expect(run).toMatchObject({ state: 'success', kind: 'manual', partitionKey: '2026-09-01/2026-09-03' })
  const told = run.tasks.map(({ kind, state, attempts }) => `${kind} ${state} ${attempts.length}`)
  expect(told.toSorted()).toEqual([
    'dbt skipped 1',
    'extract success 1',
    'extract success 1',
    'load success 1',
    'load success 1',
  ])
  const again = await job.run(interval)
  const second = await engine.inspect(again.runId)
  expect(second.tasks.filter((one) => one.kind === 'load').map((one) => one.state)).toEqual(['unchanged', 'unchanged'])
})

test('a published row leads to the run that asked for it', async () => {
  await using job = await openFaultJob()
  const summary = await job.run(interval)
  const rows = await job.ports.warehouse.query(
    `select distinct r.run_id, r.task, r.attempt, t.state
     from fact_ad_daily f join partition_state p on p.partition_id = f.partition_id
     join run_extract r on r.extract_id = p.extract_id join run_task t on t.run_id = r.run_id and t.task = r.task
     order by r.task`,
  )
  const key = (platform: 'google_ads' | 'meta_ads') => `${platform}/${accountOf(job, platform).accountId}`
  expect(rows).toEqual(
    (['google_ads', 'meta_ads'] as const).map((platform) => ({
      run_id: summary.runId,
      task: `extract_${platform}_data:${key(platform)}`,
      attempt: 1,
      state: 'success',
    })),
  )
})

test('when the loads of a run are done, its months are counted and none waits', async () => {
  await using job = await openFaultJob()
  await job.run(interval)
  const [sums] = await job.ports.warehouse.query(
    `select (select sum(cost)::text from fact_ad_monthly) as months, (select sum(cost)::text from fact_ad_daily where level = 'campaign') as days,
       (select count(*)::int from fact_ad_month_stale) as waiting`,
  )
  expect(sums).toEqual({ months: sums?.['days'], days: expect.stringMatching(/^\d+\.\d{6}$/) as string, waiting: 0 })
})

test('a failed account fails its tasks only: engine, summary and rows say partial', async () => {
  await using job = await openFaultJob()
  const account = accountOf(job, 'meta_ads')
  const connections = job.ports.connections.map((one) =>
    one.name === 'meta'
      ? {
          ...one,
          connector: {
            ...one.connector,
            spec: one.connector.spec,
            discover: one.connector.discover.bind(one.connector),
            extract: () => Promise.reject(new Error('the platform said something new')),
          },
        }
      : one,
  )
  const broken = { ...job, ports: { ...job.ports, connections } } as unknown as typeof job
  const { runWith } = await import('./fault-job.ts')
  const summary = await runWith(broken, { connections })
  expect(summary.state).toBe('partial')
  const run = await embeddedEngine({ warehouse: job.ports.warehouse }).inspect(summary.runId)
  expect(run.state).toBe('partial')
  const own = run.tasks.filter((one) => one.account === `meta_ads/${account.accountId}`)
  expect(own.map((one) => `${one.kind} ${one.state}`).toSorted()).toEqual(['extract failed', 'load upstream_failed'])
})

test('a day that has closed nowhere is not due: no run, no notice, and a code of its own', async () => {
  await using job = await openFaultJob()
  const open = { since: '2026-09-20' as Day, until: '2026-09-20' as Day }
  const refused = await job.run(open).catch((error: unknown) => error)
  expect(isMillraceError(refused, 'ORCHESTRATE_NOTHING_DUE')).toBe(true)
  expect(isMillraceError(refused) ? refused.exitCode : 0).toBe(99)
  expect(await job.ports.warehouse.query('select run_id from engine_run')).toEqual([])
  expect(await job.ports.warehouse.query('select outbox_id from outbox')).toEqual([])
})

test('a stopped run is given up at once, and the next one of the same days begins', async () => {
  await using job = await openFaultJob()
  const stop = new AbortController()
  const reason = new Error('enough')
  const stopped = job.run(interval, {
    signal: stop.signal,
    emit: ({ event }) => {
      if (event === 'task_finished') stop.abort(reason)
    },
  })
  await expect(stopped).rejects.toBe(reason)
  const states = () =>
    job.ports.warehouse.query('select state, count(*)::int as runs from engine_run group by state order by state')
  expect(await states()).toEqual([{ state: 'cancelled', runs: 1 }])
  expect((await job.run(interval)).state).toBe('success')
  expect(await states()).toEqual([
    { state: 'cancelled', runs: 1 },
    { state: 'success', runs: 1 },
  ])
})

test('a run whose process is gone is given up by the next one, without waiting', async () => {
  await using job = await openFaultJob()
  await job.run(interval)
  // As kill -9 leaves it: live, with the number of a process that is no more.
  await job.ports.warehouse.query(
    `update engine_run set state = 'running', ended_at = null, attended_by = split_part(attended_by, ' ', 1) || ' 999999'`,
  )
  const begunAtMs = performance.now()
  expect((await job.run(interval)).state).toBe('success')
  expect(performance.now() - begunAtMs).toBeLessThan(55_000)
  expect(await job.ports.warehouse.query('select state from engine_run order by generation')).toEqual([
    { state: 'cancelled' },
    { state: 'success' },
  ])
})
