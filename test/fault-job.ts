import { expect } from 'vitest'
import type { AdAccount } from '../src/domain/account.ts'
import type { Day, DayRange } from '../src/domain/day.ts'
import { daysOf } from '../src/domain/day.ts'
import type { RunSummary } from '../src/orchestrate/events.ts'
import type { Ports } from '../src/orchestrate/ports.ts'
import { runPipeline } from '../src/orchestrate/run.ts'
import { timeZone } from '../src/domain/day.ts'
import type { SandboxOptions } from '../src/sandbox/sandbox.ts'
import type { AccountPlan } from '../src/sandbox/world.ts'
import { readStatus } from '../src/warehouse/partition-state.ts'
import type { Job, JobOptions } from './job.ts'
import { openJob } from './job.ts'
import { publishedLines, truthLines } from './truth.ts'

export const hourMs = 3_600_000
export const dayMs = 24 * hourMs
/** Three closed days everywhere, and the instant at which they are looked at. */
export const nowMs = Date.parse('2026-09-06T12:00:00Z')
export const interval: DayRange = { since: '2026-09-01' as Day, until: '2026-09-03' as Day }

const google = { platform: 'google_ads', currency: 'USD', zone: 'America/Los_Angeles', name: 'Google' } as const
const meta = { platform: 'meta_ads', currency: 'KRW', zone: 'Asia/Seoul', name: 'Meta' } as const
const googleTwo = { ...google, currency: 'EUR', zone: 'Europe/Berlin', name: 'Google two' } as const
export const plans = { google, meta, googleTwo } as const satisfies Record<string, AccountPlan>

export function openFaultJob(
  accounts: readonly AccountPlan[] = [google, meta],
  more: Partial<Omit<JobOptions, 'sandbox'>> & { readonly sandbox?: Partial<SandboxOptions> } = {},
): Promise<Job> {
  const { sandbox, ...rest } = more
  return openJob({ sandbox: { seed: 7, nowMs, world: { accounts }, ...sandbox }, ...rest })
}

export function accountOf(job: Job, platform: 'google_ads' | 'meta_ads', index = 0): AdAccount {
  const found = job.sandbox.accounts.filter((one) => one.platform === platform)[index]
  expect(found, `account ${index} of ${platform}`).toBeDefined()
  return found!
}

/** The job with some of its ports exchanged. */
export function runWith(job: Job, ports: Partial<Ports>, range: DayRange | null = interval): Promise<RunSummary> {
  return runPipeline(
    { ...job.ports, ...ports },
    { range, kind: 'advance', zone: timeZone('Asia/Seoul') },
    () => undefined,
    new AbortController().signal,
  )
}

export interface Outcome {
  readonly state: RunSummary['state']
  readonly troubles: readonly string[]
}

/** A run's end in a form that a test can name whole: its state, and of each trouble the account, the code and the days. */
export function outcomeOf({ state, troubles }: RunSummary): Outcome {
  return {
    state,
    troubles: troubles.map(({ platform, accountId, code, dates }) =>
      [`${platform}/${accountId}`, code, ...dates.map((date) => date.slice(8))].join(' '),
    ),
  }
}

export const success: Outcome = { state: 'success', troubles: [] }

/** `state code…` of each of an account's days, as `millrace status` shows them. */
export async function statesOf(job: Job, account: AdAccount, range: DayRange = interval): Promise<readonly string[]> {
  const all = await readStatus(job.ports.warehouse, range)
  return all
    .filter((one) => one.platform === account.platform && one.accountId === account.accountId)
    .map((one) => [one.state, ...one.problemCodes].join(' '))
}

/** Every day of every account is published, and is what the platform said at the instant at which it was asked. */
export async function expectTruth(
  job: Job,
  range: DayRange = interval,
  accounts: readonly AdAccount[] = job.sandbox.accounts,
): Promise<void> {
  for (const { platform, accountId } of accounts) {
    for (const date of daysOf(range)) {
      const published = await publishedLines(job, platform, accountId, date)
      const truth = job.sandbox.truth(platform, accountId, date, published?.requestedAtMs)
      expect({ accountId, date, lines: published?.lines }).toEqual({ accountId, date, lines: truthLines(truth) })
    }
  }
}

/** Published rows of one account, as they are, for what must not have changed. */
export function factsOf(job: Job, { platform, accountId }: AdAccount): Promise<readonly object[]> {
  return job.ports.warehouse.query(
    `select date, entity_id, currency, cost, impressions, clicks, conversions, conversion_value, extract_id
     from fact_ad_daily where platform = $1 and account_id = $2 order by date, entity_id`,
    [platform, accountId],
  )
}
