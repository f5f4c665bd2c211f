import { expect, test } from 'vitest'
import { accountKey } from '../src/domain/account.ts'
import type { Day } from '../src/domain/day.ts'
import { timeZone } from '../src/domain/day.ts'
import { isMillraceError } from '../src/domain/errors.ts'
import { embeddedEngine } from '../src/orchestrate/embedded-engine.ts'
import { runExternalTask } from '../src/orchestrate/external.ts'
import { adDataPipeline } from '../src/orchestrate/pipeline.ts'
import type { Json } from '../src/orchestrate/graph.ts'
import { resultFacts } from '../src/orchestrate/task-result.ts'
import { dayMs, nowMs, openFaultJob } from './fault-job.ts'
import type { Job } from './job.ts'

/*
 * The nightly job as another scheduler carries it out: one process a task, in an order that it decides, again when it wants to.
 */

const pipeline = adDataPipeline(['google_ads', 'meta_ads'], timeZone('Asia/Seoul'))
const about = new Date(nowMs - 3 * dayMs).toISOString().slice(0, 10) as Day

function call(job: Job, step: string, account: string | null = null, externalRun = 'airflow:dag:1') {
  const asked = { pipeline, step, account, day: about, externalRun }
  return runExternalTask(job.ports, asked, new AbortController().signal, () => undefined)
}

async function wholeRun(job: Job, externalRun: string): Promise<void> {
  const listed = resultFacts(await call(job, 'list_accounts', null, externalRun))
  for (const account of listed['accounts'] as readonly string[]) {
    const platform = account.split('/')[0] ?? ''
    await call(job, `extract_${platform}_data`, account, externalRun)
    await call(job, 'transform_and_load_data', account, externalRun)
  }
  await call(job, 'notify', null, externalRun)
}

test('the tasks of one run of another scheduler are one run here, and end with it', async () => {
  await using job = await openFaultJob()
  await wholeRun(job, 'airflow:dag:1')
  const engine = embeddedEngine({ warehouse: job.ports.warehouse })
  const [row, ...others] = await engine.runs({ limit: 5 })
  expect(others).toEqual([])
  const run = await engine.inspect(row?.runId ?? '')
  expect(run).toMatchObject({ kind: 'external', state: 'success', partitionKey: about })
  expect(run.tasks.map((one) => one.state)).toEqual(run.tasks.map(() => 'success'))
  const published = await job.ports.warehouse.query(
    `select count(distinct account_id)::int as accounts, bool_or(date = $1::date) as has_day from fact_ad_daily`,
    [about],
  )
  expect(published).toEqual([{ accounts: 2, has_day: true }])
  expect(await job.ports.warehouse.query('select state from pipeline_run')).toEqual([{ state: 'success' }])
})

test('a task that is done again is another attempt of the same row, and what the first reports later is refused', async () => {
  await using job = await openFaultJob()
  await call(job, 'list_accounts')
  const [account] = (await job.ports.connections[0]?.connector.discover(
    { ...job.ports, signal: new AbortController().signal, log: () => undefined },
    () => undefined,
  )) ?? [undefined]
  const key = account ? accountKey(account) : ''
  const both = await Promise.allSettled([1, 2].map(() => call(job, 'extract_google_ads_data', key)))
  const done = both.filter((one) => one.status === 'fulfilled')
  const refused = both.filter(
    (one) => one.status === 'rejected' && isMillraceError(one.reason, 'ORCHESTRATE_TASK_STOPPED'),
  )
  expect([done.length, refused.length]).toEqual([1, 1])
  const attempts = await job.ports.warehouse.query(
    `select state from engine_attempt where task like 'extract%' order by attempt`,
  )
  expect(attempts).toEqual([{ state: 'lost' }, { state: 'success' }])
})

test('a day of which a run of our own is under way is refused until it has ended', async () => {
  await using job = await openFaultJob()
  await call(job, 'list_accounts')
  const { warehouse } = job.ports
  await warehouse.query(`update engine_run set kind = 'manual', external_ref = null`)
  const refused = await call(job, 'list_accounts', null, 'airflow:dag:2').catch((error: unknown) => error)
  expect(isMillraceError(refused, 'ORCHESTRATE_RUN_LIVE')).toBe(true)
  await warehouse.query(`update engine_run set state = 'success', ended_at = now()`)
  const facts: { readonly [name: string]: Json } = resultFacts(await call(job, 'list_accounts', null, 'airflow:dag:2'))
  expect(facts['accounts']).toHaveLength(2)
})

test('an account that nobody knows is named, and no task is written down for it', async () => {
  await using job = await openFaultJob()
  const refused = await call(job, 'extract_google_ads_data', 'google_ads/1').catch((error: unknown) => error)
  expect(isMillraceError(refused, 'ORCHESTRATE_NO_ACCOUNTS')).toBe(true)
  expect(await job.ports.warehouse.query('select task from engine_task')).toEqual([])
})
