import { describe, expect, test } from 'vitest'
import type { Day, DayRange } from '../src/domain/day.ts'
import { addDays, day, daysOf } from '../src/domain/day.ts'
import { normalised, sumDecimals } from '../src/domain/decimal.ts'
import { readExtract } from '../src/unify/remap.ts'
import { readManifest } from '../src/lake/manifest.ts'
import { readStatus } from '../src/warehouse/partition-state.ts'
import type { TruthRow } from '../src/sandbox/report.ts'
import {
  accountOf,
  dayMs,
  expectTruth,
  factsOf,
  hourMs,
  interval,
  nowMs,
  openFaultJob,
  outcomeOf,
  plans,
  statesOf,
  success,
} from './fault-job.ts'
import type { Job } from './job.ts'

/* What can be wrong with numbers and days, seen from the whole job: what readers see afterwards, and what the ledger says. */
const { google, meta } = plans
const [dayOne, dayTwo] = [interval.since, addDays(interval.since, 1)]

const truthOn = (job: Job, platform: 'google_ads' | 'meta_ads', date: Day, atMs = job.sandbox.nowMs()) =>
  job.sandbox.truth(platform, accountOf(job, platform).accountId, date, atMs)

interface Ledger {
  readonly date: Day
  readonly entity_id: string
  readonly action: string
  readonly old_cost: string | null
  readonly new_cost: string | null
  readonly old_clicks: string | null
  readonly new_clicks: string | null
  readonly [column: string]: unknown
}

const ledgerOf = (job: Job) =>
  job.ports.warehouse.query<Ledger>(
    `select date, entity_id, action, old_cost, new_cost, old_clicks::text, new_clicks::text
     from fact_ad_daily_history order by date, entity_id`,
  )

describe('rows that do not sum to the control total', () => {
  test.for(['google_ads', 'meta_ads'] as const)(
    'of %s are refused; the old ones stay, marked stale, status says why, and the next good run heals',
    async (platform) => {
      await using job = await openFaultJob()
      expect(outcomeOf(await job.run(interval))).toEqual(success)
      const account = accountOf(job, platform)
      const before = await factsOf(job, account)
      // A night later there are other numbers, so that anything of them that became visible would show.
      job.sandbox.setClock(nowMs + dayMs)
      const route = platform === 'google_ads' ? 'google.stream' : 'meta.insights'
      job.sandbox.scenario({ faults: [{ kind: 'missing_rows', route, account: account.accountId }] })
      const summary = await job.run(interval)
      expect(outcomeOf(summary)).toEqual({
        state: 'partial',
        troubles: [`${platform}/${account.accountId} QUALITY_PARTITION_REFUSED 01 02 03`],
      })
      expect(summary.checks.fail).toBeGreaterThan(0)
      expect(await factsOf(job, account)).toEqual(before)

      const status = (await readStatus(job.ports.warehouse, interval)).filter(
        (one) => one.accountId === account.accountId,
      )
      for (const one of status) {
        expect(one).toMatchObject({ state: 'stale', problemCodes: ['ads.control_total'] })
        expect(one.refusedExtractId).not.toBe(one.extractId)
        expect(one.refusingChecks).toMatchObject([{ checkId: 'ads.control_total', outcome: 'fail' }])
        expect(Object.keys(one.refusingChecks[0]?.explain ?? {}).length).toBeGreaterThan(0)
      }
      job.sandbox.scenario({ faults: [] })
      expect(outcomeOf(await job.run(interval))).toEqual(success)
      expect(await statesOf(job, account)).toEqual(['published', 'published', 'published'])
      expect(await factsOf(job, account)).not.toEqual(before)
      await expectTruth(job)
    },
  )
})

describe('what the platform changes afterwards', () => {
  test('a restated day is replaced, and the ledger has every old and new number and nothing else', async () => {
    await using job = await openFaultJob([google])
    expect(outcomeOf(await job.run(interval))).toEqual(success)
    const old = truthOn(job, 'google_ads', dayTwo)
    job.sandbox.setClock(nowMs + 1)
    job.sandbox.scenario({ faults: [{ kind: 'restated_day', day: dayTwo, factor: 1.5 }] })
    const summary = await job.run(interval)
    expect(outcomeOf(summary)).toEqual(success)
    expect(summary.partitions).toMatchObject({ published: 1, unchanged: 2 })
    await expectTruth(job)
    const now = new Map(truthOn(job, 'google_ads', dayTwo).map((row) => [row.campaignId, row]))
    const changed = old.filter((row) => now.get(row.campaignId)?.cost !== row.cost)
    expect(changed.length).toBeGreaterThan(3)
    const number = (value: unknown) => normalised(String(value))
    expect(
      (await ledgerOf(job)).map((one) => [
        one.date,
        one.entity_id,
        one.action,
        ...[one.old_cost, one.new_cost, one.old_clicks, one.new_clicks].map(number),
      ]),
    ).toEqual(
      changed
        .map((row) => {
          const { cost, clicks } = now.get(row.campaignId)!
          return [dayTwo, row.campaignId, 'update', ...[row.cost, cost, row.clicks, clicks].map(number)]
        })
        .sort((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1)),
    )
  })

  test('a withdrawn campaign is deleted from its day, and the ledger says what it was', async () => {
    await using job = await openFaultJob([google])
    await job.run(interval)
    const [gone] = truthOn(job, 'google_ads', dayOne)
    job.sandbox.setClock(nowMs + 1)
    const fault = { kind: 'withdrawn_campaign', day: dayOne, campaignId: gone!.campaignId } as const
    job.sandbox.scenario({ faults: [fault] })
    const summary = await job.run(interval)
    expect(outcomeOf(summary)).toEqual(success)
    expect(summary.rowsChanged).toBe(1)
    await expectTruth(job)
    const rows = await job.ports.warehouse.query(
      'select 1 from daily_campaign_metrics where date = $1 and campaign_id = $2',
      [dayOne, gone!.campaignId],
    )
    expect(rows).toEqual([])
    const [entry, ...others] = await ledgerOf(job)
    expect(others).toEqual([])
    expect(entry).toMatchObject({ date: dayOne, entity_id: gone!.campaignId, action: 'delete', new_cost: null })
    expect(normalised(entry!.old_cost!)).toBe(normalised(gone!.cost))
  })
})

describe('days', () => {
  test('one that has not closed in the account’s zone waits, is named, and is loaded by a later run', async () => {
    const accounts = [google, meta]
    // 02:00 on September 6 in Seoul: there the fifth has closed, in Los Angeles it is 10:00 of that day.
    const atTwo = Date.parse('2026-09-05T17:00:00Z')
    await using job = await openFaultJob(accounts, { sandbox: { nowMs: atTwo } })
    const fifth = day('2026-09-05')
    const range: DayRange = { since: fifth, until: fifth }
    const [losAngeles, seoul] = [accountOf(job, 'google_ads'), accountOf(job, 'meta_ads')]
    const summary = await job.run(range)
    expect(outcomeOf(summary)).toEqual(success)
    expect(summary.waiting).toEqual([
      { platform: 'google_ads', accountId: losAngeles.accountId, zone: losAngeles.zone, dates: [fifth] },
    ])
    expect(summary.partitions).toMatchObject({ published: 1, waiting: 1, failed: 0 })
    expect(await factsOf(job, losAngeles)).toEqual([])
    await expectTruth(job, range, [seoul])
    job.sandbox.setClock(atTwo + dayMs)
    expect((await job.run(range)).waiting).toEqual([])
    await expectTruth(job, range)
  })

  const berlin = { platform: 'meta_ads', currency: 'EUR', zone: 'Europe/Berlin' } as const
  const changes = [
    ['spring in Los Angeles', '2026-03-08', google.zone],
    ['spring in Berlin', '2026-03-29', berlin.zone],
    ['autumn in Berlin', '2026-10-25', berlin.zone],
    ['autumn in Los Angeles', '2026-11-01', google.zone],
  ] as const

  test.for(changes)('across %s the nightly run loads every day once and the right one', async (one) => {
    const [, change, zone] = one
    await using job = await openFaultJob([google, berlin])
    const range: DayRange = { since: addDays(day(change), -1), until: addDays(day(change), 1) }
    // Each night just after the day has closed: an hour wrong is a day wrong there.
    for (const date of daysOf({ since: range.since, until: addDays(range.until, 1) })) {
      const atMs = tenPastOne(zone, addDays(date, 1))
      job.sandbox.setClock(atMs)
      const summary = await job.run(null)
      expect(outcomeOf(summary)).toEqual(success)
      for (const account of summary.perAccount)
        expect([...account.dates].sort().at(-1)).toBe(newestClosed(account.zone, atMs))
    }
    await expectTruth(job, range)
    const states = await readStatus(job.ports.warehouse, range)
    for (const { accountId } of job.sandbox.accounts) {
      expect(states.filter((state) => state.accountId === accountId).map(({ date, state }) => [date, state])).toEqual(
        daysOf(range).map((date) => [date, 'published']),
      )
    }
    const doubled = await job.ports.warehouse.query(
      'select 1 from fact_ad_daily group by platform, account_id, date, entity_id having count(*) > 1',
    )
    expect(doubled).toEqual([])
  })
})

const wallClock = (zone: string, atMs: number) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(atMs)

/** The first instant at which clocks in the zone show ten past one on that day, ten minutes after the day before has settled. */
function tenPastOne(zone: string, date: Day): number {
  const from = Date.parse(`${date}T00:10:00Z`) - 24 * hourMs
  const hours = Array.from({ length: 48 }, (_, hour) => from + hour * hourMs)
  return hours.find((atMs) => wallClock(zone, atMs) === `${date} 01:10`)!
}

/** The day before the one that it was in the zone an hour ago, by the machine's own calendar: no code of the domain. */
function newestClosed(zone: string, atMs: number): string {
  const [year, month, date] = wallClock(zone, atMs - hourMs)
    .slice(0, 10)
    .split('-')
    .map(Number)
  return new Date(Date.UTC(year!, month! - 1, date! - 1)).toISOString().slice(0, 10)
}

describe('numbers', () => {
  test('ids that no double can hold arrive digit for digit, in the lake and in the facts', async () => {
    await using job = await openFaultJob([meta])
    await job.run(interval)
    const account = accountOf(job, 'meta_ads')
    const ids = new Set(daysOf(interval).flatMap((date) => truthOn(job, 'meta_ads', date).map((row) => row.campaignId)))
    expect([...ids].filter((id) => String(Number(id)) !== id).length).toBeGreaterThan(0)
    const facts = (await factsOf(job, account)) as readonly { readonly entity_id: string }[]
    expect(new Set(facts.map((one) => one.entity_id))).toEqual(ids)
    const [entry] = await readManifest(job.ports.lake, account)
    const { mapping } = job.ports.connections[0]!.connector.spec
    const inLake = new Set<string>()
    for await (const batch of readExtract(job.ports.lake, entry!, mapping, account))
      for (const { entityId } of batch) inLake.add(entityId)
    expect(inLake).toEqual(ids)
  })

  test('a negative cost is a credit: warned of, published, and part of the sum', async () => {
    await using job = await openFaultJob([google])
    const date = findDay(job, 'google_ads', (rows) => rows.some(({ cost }) => cost.startsWith('-')))
    job.sandbox.setClock(Date.parse(`${addDays(date, 45)}T12:00:00Z`))
    const summary = await job.run({ since: date, until: date })
    expect(outcomeOf(summary)).toEqual(success)
    expect(summary.checks.warn).toBeGreaterThan(0)
    const warned = await job.ports.warehouse.query(
      `select r.check_id, r.outcome from dq_result r join dq_run using (run_id) where r.check_id = 'ads.nonneg' and partition like $1`,
      [`%|${date}`],
    )
    expect(warned).toEqual([{ check_id: 'ads.nonneg', outcome: 'warn' }])
    await expectTruth(job, { since: date, until: date })
    const sum = sumDecimals(truthOn(job, 'google_ads', date).map((row) => row.cost))
    expect(summary.costTotal).toEqual({ USD: normalised(sum) })
  })

  test('fractional conversions keep every digit', async () => {
    await using job = await openFaultJob([google])
    await job.run(interval)
    const truth = daysOf(interval).flatMap((date) => truthOn(job, 'google_ads', date))
    expect(truth.filter((row) => /\.\d*[1-9]/.test(row.conversions)).length).toBeGreaterThan(3)
    await expectTruth(job)
    const [found] = await job.ports.warehouse.query<{ conversions: string }>(
      'select sum(conversions)::text as conversions from daily_campaign_metrics',
    )
    expect(normalised(found!.conversions)).toBe(normalised(sumDecimals(truth.map((row) => row.conversions))))
  })

  test('won have no decimals, from the rows to the total of the notice', async () => {
    await using job = await openFaultJob([{ ...google, currency: 'KRW', zone: 'Asia/Seoul' }, meta])
    const summary = await job.run(interval)
    expect(outcomeOf(summary)).toEqual(success)
    expect(Object.keys(summary.costTotal)).toEqual(['KRW'])
    expect(summary.costTotal['KRW']).toMatch(/^\d{4,}$/)
    const fractions = await job.ports.warehouse.query('select 1 from fact_ad_daily where cost <> trunc(cost)')
    expect(fractions).toEqual([])
    await expectTruth(job)
  })
})

/** The first day of the year before `nowMs` whose settled truth is as asked. */
function findDay(job: Job, platform: 'google_ads', is: (rows: readonly TruthRow[]) => boolean): Day {
  const { accountId } = accountOf(job, platform)
  const days = daysOf({ since: day('2025-09-01'), until: day('2026-07-01') })
  const found = days.find((date) => is(job.sandbox.truth(platform, accountId, date)))
  expect(found, 'a day of that kind in the world of this seed').toBeDefined()
  return found!
}
