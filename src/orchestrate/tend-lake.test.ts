import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Job } from '../../test/job.ts'
import { openJob } from '../../test/job.ts'
import { day } from '../domain/day.ts'
import { readManifest } from '../lake/manifest.ts'
import { tendLake } from './tend-lake.ts'

const dayMs = 86_400_000
const range = { since: day('2026-11-18'), until: day('2026-11-19') }
let job: Job

beforeAll(async () => {
  job = await openJob({ sandbox: { seed: 4, nowMs: Date.parse('2026-11-22T12:00:00Z') } })
})
afterAll(() => job[Symbol.asyncDispose]())

async function landed(): Promise<number> {
  const entries = await Promise.all(job.sandbox.accounts.map((one) => readManifest(job.ports.lake, one)))
  return entries.flat().filter(({ status }) => status === 'landed').length
}

test('at a run’s end superseded extracts go after their retention, once a day, and what readers see stays', async () => {
  await job.run(range)
  job.sandbox.setClock(job.sandbox.nowMs() + 3 * dayMs)
  await job.run(range)
  const accounts = job.sandbox.accounts.length
  expect(await landed()).toBe(2 * accounts)
  const said: string[] = []
  const tend = (retentionRawDays: number) =>
    tendLake({ ...job.ports, retentionRawDays }, (event) => event.event === 'log' && said.push(event.message))
  await tend(10)
  expect([await landed(), said]).toEqual([2 * accounts, []])
  await tend(2)
  expect([await landed(), said]).toEqual([2 * accounts, []])
  job.sandbox.setClock(job.sandbox.nowMs() + 21 * 3_600_000)
  await tend(2)
  expect([await landed(), said]).toEqual([
    accounts,
    [`lake: ${accounts} superseded extracts and 0 leftover files went after their retention`],
  ])
  expect((await job.run(range)).state).toBe('success')
})
