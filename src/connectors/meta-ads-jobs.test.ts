import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, day, daysOf } from '../domain/day.ts'
import type { RemoteJob } from '../domain/remote-job.ts'
import type { Fault } from '../sandbox/scenario.ts'
import type { SandboxOptions } from '../sandbox/sandbox.ts'
import { startSandbox } from '../sandbox/sandbox.ts'
import { errorOf, receive, testContext } from './connector.contract.ts'
import type { RemoteJobs } from './connector.ts'
import { adapter, openMetaAds } from './meta-ads.ts'
import type { Part } from './meta-ads-split.ts'
import { halves } from './meta-ads-split.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const range = { since: day('2026-11-10'), until: day('2026-11-19') }
/** Too large for any answer at once, not for a report. */
const small: Partial<SandboxOptions> = { metaCellsMax: 50 }

function jobsInMemory() {
  const kept = new Map<string, RemoteJob>()
  const jobs: RemoteJobs = {
    find: (of) => Promise.resolve(kept.get(of.question)),
    keep: (job) => Promise.resolve(void kept.set(job.question, job)),
    forget: (job) => Promise.resolve(void kept.delete(job.question)),
  }
  return { jobs, kept }
}

async function openSandbox(options: Partial<SandboxOptions> = {}) {
  const sandbox = await startSandbox({ seed: 20261122, nowMs, ...options })
  const { metaAccessToken: accessToken } = sandbox.credentials
  const connector = openMetaAds(
    adapter.options.parse({ baseUrl: sandbox.metaUrl, accessToken, pageLimit: 20, jobIdleSecondsMax: 60 }),
  )
  return { sandbox, connector }
}

/** Reads the first account whole, then again in a world of those limits and faults. */
async function readUnder(options: Partial<SandboxOptions>, faults: readonly Fault[] = []) {
  const whole = await openSandbox()
  await using _healthy = whole.sandbox
  const [account] = await whole.connector.discover(testContext(nowMs))
  const clean = await receive(whole.connector, account!, range, testContext(nowMs))
  const { sandbox, connector } = await openSandbox(options)
  await using running = sandbox
  running.scenario({ faults })
  const { jobs, kept } = jobsInMemory()
  const context = { ...testContext(nowMs), remoteJobs: jobs }
  const sorted = (rows: readonly Record<string, string | null>[]) => rows.map((row) => JSON.stringify(row)).toSorted()
  const read = await receive(connector, account!, range, context).catch((error: unknown) => ({ error }))
  const routes = running.log().map(({ route }) => route)
  return {
    error: 'error' in read ? read.error : undefined,
    rows: 'error' in read ? [] : sorted(read.received.rows),
    totals: 'error' in read ? null : read.result.controlTotals,
    clean: { rows: sorted(clean.received.rows), totals: clean.result.controlTotals },
    submits: routes.filter((route) => route === 'meta.job_submit').length,
    kept,
  }
}

describe('what is too large for an answer is a report', () => {
  test('with the rows and totals of the answer, and no job is left behind', async () => {
    const { rows, totals, clean, submits, kept } = await readUnder(small)
    expect(rows).toEqual(clean.rows)
    expect(totals).toEqual(clean.totals)
    expect([submits, kept.size]).toEqual([1, 0])
  })

  test('that is not there yet on the first looks is waited for', async () => {
    const faults: Fault[] = [{ kind: 'job_unseen', route: 'meta.job', times: 3 }]
    const { rows, clean, submits } = await readUnder(small, faults)
    expect(rows).toEqual(clean.rows)
    expect(submits).toBe(1)
  })

  test.for(['job_failed', 'job_skipped', 'job_stuck'] as const)('that ends as %s is asked for again', async (kind) => {
    const { rows, clean, submits } = await readUnder(small, [{ kind, nth: 1, route: 'meta.job_submit' }])
    expect(rows).toEqual(clean.rows)
    expect(submits).toBe(2)
  })

  test('that fails every time is an error that says so', async () => {
    const { error, kept, submits } = await readUnder(small, [{ kind: 'job_failed' }])
    expect(error).toMatchObject({ code: 'CONNECTORS_TRANSIENT', retryable: true })
    expect([submits, kept.size]).toEqual([3, 0])
  })

  test('of another process is waited for, not asked for again', async () => {
    const { sandbox, connector } = await openSandbox(small)
    await using running = sandbox
    const { jobs, kept } = jobsInMemory()
    const [account] = await connector.discover(testContext(nowMs))
    const stop = new AbortController()
    // The first process dies while it waits: at its second look.
    let looks = 0
    const dying = { ...testContext(nowMs, { signal: stop.signal }), remoteJobs: jobs }
    const clock = { ...dying.clock, sleep: async () => void ((looks += 1) === 2 && stop.abort(new Error('killed'))) }
    await expect(receive(connector, account!, range, { ...dying, clock })).rejects.toThrow('killed')
    expect(kept.size).toBe(1)
    const context = { ...testContext(nowMs), remoteJobs: jobs }
    const { received } = await receive(connector, account!, range, context)
    expect(received.rows.length).toBeGreaterThan(50)
    expect(running.log().filter(({ route }) => route === 'meta.job_submit').length).toBe(1)
    expect(kept.size).toBe(0)
  })
})

describe('what is too large for a report', () => {
  test('is asked for in halves of its days, and the sums are those of the whole', async () => {
    const { rows, totals, clean, submits } = await readUnder({ ...small, metaJobCellsMax: 500 })
    expect(rows).toEqual(clean.rows)
    expect(totals).toEqual(clean.totals)
    expect(submits).toBeGreaterThan(2)
  })

  test('on a single day is asked for in halves of its campaigns', async () => {
    const { error, rows, totals, clean } = await readUnder({ ...small, metaJobCellsMax: 45 })
    expect(error).toBeUndefined()
    expect(rows).toEqual(clean.rows)
    expect(totals).toEqual(clean.totals)
  })

  test.each([8, 5])('down to one campaign is asked for in parts of its fields, %i cells at a time', async (cells) => {
    const { error, rows, totals, clean } = await readUnder({ metaCellsMax: cells, metaJobCellsMax: cells })
    expect(error).toBeUndefined()
    expect(rows).toEqual(clean.rows)
    expect(totals).toEqual(clean.totals)
  })

  test('down to one field of one campaign is an error', async () => {
    const { error } = await readUnder({ metaCellsMax: 1, metaJobCellsMax: 1 })
    expect(error).toMatchObject({ code: 'CONNECTORS_TOO_MUCH_DATA' })
  })

  test('any split is the whole, and no row is in two parts', () => {
    const campaigns = ['a', 'b', 'c', 'd', 'e']
    const rows = daysOf(range).flatMap((date) => [...campaigns, 'unlisted'].map((id) => ({ date, id })))
    const has = ({ since, until, within, without }: Part, { date, id }: (typeof rows)[number]) =>
      since <= date && date <= until && (within ? within.includes(id) : !without.includes(id))
    fc.assert(
      fc.property(fc.array(fc.nat(7), { maxLength: 40 }), fc.nat(9), (choices, length) => {
        const whole: Part = { since: range.since, until: addDays(range.since, length), within: null, without: [] }
        let parts: readonly Part[] = [whole]
        for (const choice of choices) {
          const index = choice % parts.length
          const split = halves(parts[index]!, campaigns)
          if (split.length > 0) parts = parts.toSpliced(index, 1, ...split)
        }
        for (const row of rows) expect(parts.filter((part) => has(part, row)).length).toBe(has(whole, row) ? 1 : 0)
      }),
      { seed: 20261127 },
    )
  })
})

test('a refusal of the account is not taken for size', async () => {
  const { error } = await readUnder(small, [{ kind: 'permission_lost', route: 'meta.job_submit' }])
  expect(await errorOf(Promise.reject(error))).toMatchObject({ code: 'CONNECTORS_PERMISSION' })
})
