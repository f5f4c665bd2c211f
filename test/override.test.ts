import { afterAll, beforeAll, expect, test } from 'vitest'
import { openReadOnly } from '../src/warehouse/read-only.ts'
import { checkQuality } from '../src/quality/config-check.ts'
import { compileSuite } from '../src/quality/suite.ts'
import { findRefused, publishRefused } from '../src/orchestrate/override.ts'
import type { Ports } from '../src/orchestrate/ports.ts'
import { planReload, reload } from '../src/orchestrate/reload.ts'
import { accountOf, dayMs, factsOf, interval, nowMs, openFaultJob, statesOf } from './fault-job.ts'
import type { Job } from './job.ts'

/* The circuit breaker by hand: a refused day stays unseen until somebody says, with a reason, that it may be seen. */

let job: Job
let ports: Ports

beforeAll(async () => {
  job = await openFaultJob()
  const { parsed } = checkQuality({
    dataset: 'daily_campaign_metrics',
    checks: { own: { type: 'sql', query: 'select * from {dataset} where {partition} and cost > 0', mustBe: 0 } },
  })
  ports = { ...job.ports, quality: { suite: compileSuite([parsed]), reader: openReadOnly(job.ports.warehouse) } }
})

afterAll(async () => {
  await ports.quality?.reader[Symbol.asyncDispose]()
  await job[Symbol.asyncDispose]()
})

test('a refused day is published by whoever gives a reason, which is kept, and the next load refuses it again', async () => {
  await job.run(interval)
  const account = accountOf(job, 'google_ads')
  const day = { platform: 'google_ads', accountId: account.accountId, date: interval.since } as const
  await expect(findRefused(ports, day)).rejects.toMatchObject({
    code: 'QUALITY_NOTHING_REFUSED',
    facts: { reason: 'published' },
  })

  job.sandbox.setClock(nowMs + dayMs)
  const before = await factsOf(job, account)
  const load = async () => {
    for await (const _ of reload(
      ports,
      await planReload(ports, { range: interval, accountIds: [account.accountId] }),
      AbortSignal.timeout(60_000),
    ));
  }
  await load()
  expect(await factsOf(job, account)).toEqual(before)
  const refused = await findRefused(ports, day)
  expect(refused).toMatchObject({ refusedBy: ['own'], isStale: true })

  const decision = { reason: 'the check is wrong', by: 'ops', role: 'local' }
  const { partitions } = await publishRefused(ports, refused, decision)
  expect(partitions.find((one) => one.date === day.date)?.refusedBy).toEqual([])
  const others = partitions.filter((one) => one.date !== day.date)
  expect(others.every((one) => one.outcome === 'refused')).toBe(true)
  const kept = await ports.warehouse.query('select partition, refused_by, reason, overridden_by, role from dq_override')
  expect(kept).toEqual([
    {
      partition: `google_ads|${account.accountId}|campaign||${day.date}`,
      refused_by: ['own'],
      reason: 'the check is wrong',
      overridden_by: 'ops',
      role: 'local',
    },
  ])
  await expect(findRefused(ports, day)).rejects.toMatchObject({ code: 'QUALITY_NOTHING_REFUSED' })
  const [result] = await ports.warehouse.query(
    `select q.outcome from dq_newest_run r join dq_result q using (run_id) where r.date = $1 and r.account_id = $2 and q.check_id = 'own'`,
    [day.date, account.accountId],
  )
  // What the check found is not changed by what somebody decided.
  expect(result).toEqual({ outcome: 'fail' })

  await load()
  expect((await findRefused(ports, day)).isStale).toBe(true)
  expect(Object.values(await statesOf(job, account))).not.toContain('failed')
})
