import { describe, expect, test } from 'vitest'
import { adapter as googleAds, openGoogleAds } from '../src/connectors/google-ads.ts'
import { adapter as metaAds } from '../src/connectors/meta-ads.ts'
import { daysOf } from '../src/domain/day.ts'
import type { OpenConnection } from '../src/orchestrate/ports.ts'
import type { Fault } from '../src/sandbox/scenario.ts'
import {
  accountOf,
  expectTruth,
  factsOf,
  interval,
  openFaultJob,
  outcomeOf,
  plans,
  runWith,
  statesOf,
  success,
} from './fault-job.ts'
import type { Job } from './job.ts'

/*
 * What a platform can do to a night, seen from the whole job: which days fail, by which code, what the run is called, what
 * stays readable, and that the next good night heals it.
 */
const { google, googleTwo, meta } = plans
const three = ['published', 'published', 'published']
const calls = (job: Job, route: string) => job.sandbox.log().filter((one) => one.route === route).length

describe('credentials', () => {
  test('an access token that dies in the middle of a run is replaced, and nobody notices', async () => {
    await using job = await openFaultJob([google, googleTwo])
    job.sandbox.scenario({ faults: [{ kind: 'token_expired', route: 'google.stream', nth: 1 }] })
    expect(outcomeOf(await job.run(interval))).toEqual(success)
    expect(calls(job, 'google.token')).toBe(2)
    await expectTruth(job)
  })

  test('one that runs out by the clock between two accounts is renewed before it is refused', async () => {
    await using job = await openFaultJob([google, googleTwo], { parallelAccounts: 1 })
    let extracts = 0
    const summary = await job.run(interval, {
      emit: (event) => {
        if (event.event !== 'task_started' || event.kind !== 'extract') return
        extracts += 1
        if (extracts === 2) job.sandbox.setClock(job.sandbox.nowMs() + 3_600_000)
      },
    })
    expect(outcomeOf(summary)).toEqual(success)
    expect(calls(job, 'google.token')).toBe(2)
    await expectTruth(job)
  })

  test('revoked ones fail every account of their platform by name, with the remedy; the other platform is in', async () => {
    await using job = await openFaultJob([google, googleTwo, meta])
    expect(outcomeOf(await job.run(interval))).toEqual(success)
    const [one, two] = [accountOf(job, 'google_ads'), accountOf(job, 'google_ads', 1)]
    const before = await factsOf(job, one)
    job.sandbox.setClock(job.sandbox.nowMs() + 7_200_000)
    job.sandbox.scenario({ faults: [{ kind: 'token_revoked', route: 'google' }] })
    // A night later the program has been started anew: no access token of yesterday is left in memory.
    await using fresh = await reopened(job)
    const summary = await runWith(job, { connections: [fresh, ...metaOf(job)] })
    expect(outcomeOf(summary)).toEqual({
      state: 'partial',
      troubles: expect.arrayContaining([
        `google_ads/${one.accountId} CONNECTORS_AUTH_REVOKED 01 02 03`,
        `google_ads/${two.accountId} CONNECTORS_AUTH_REVOKED 01 02 03`,
      ]) as string[],
    })
    expect(summary.troubles).toHaveLength(2)
    for (const trouble of summary.troubles) expect(trouble.fix).toContain('Authorise Millrace again')
    expect(summary.partitions).toMatchObject({ failed: 6 })
    expect(await statesOf(job, one)).toEqual(Array(3).fill('stale CONNECTORS_AUTH_REVOKED'))
    expect(await statesOf(job, accountOf(job, 'meta_ads'))).toEqual(three)
    expect(await factsOf(job, one)).toEqual(before)

    job.sandbox.scenario({ faults: [] })
    expect(outcomeOf(await job.run(interval))).toEqual(success)
    expect(await statesOf(job, one)).toEqual(three)
    await expectTruth(job)
  })

  test('missing ones, before anything is known of the platform, fail the platform by name; the other one is in', async () => {
    await using job = await openFaultJob()
    await using broken = openGoogleAds(googleAds.options.parse({ ...googleOptions(job), clientSecret: 'another' }))
    const summary = await runWith(job, {
      connections: [{ name: 'google', connector: broken, accountIds: [] }, ...metaOf(job)],
    })
    expect(outcomeOf(summary)).toEqual({ state: 'partial', troubles: ['google_ads/null CONNECTORS_AUTH_MISSING'] })
    expect(summary.troubles[0]?.fix).toContain('Complete the credentials of this connection')
    await expectTruth(job, interval, [accountOf(job, 'meta_ads')])
  })

  test('a Meta token that expired for good is told as that, and Google is in', async () => {
    await using job = await openFaultJob()
    await job.run(interval)
    job.sandbox.scenario({ faults: [{ kind: 'token_expired', route: 'meta' }] })
    const account = accountOf(job, 'meta_ads')
    expect(outcomeOf(await job.run(interval))).toEqual({
      state: 'partial',
      troubles: [`meta_ads/${account.accountId} CONNECTORS_AUTH_EXPIRED 01 02 03`],
    })
    expect(await statesOf(job, accountOf(job, 'google_ads'))).toEqual(three)
  })

  test('a Meta token that is none fails Meta by name', async () => {
    await using job = await openFaultJob()
    await using connector = await metaAds.open(
      metaAds.options.parse({ baseUrl: job.sandbox.metaUrl, accessToken: 'none' }),
    )
    const connections = [...googleOf(job), { name: 'meta', connector, accountIds: [] }]
    const { state, troubles } = outcomeOf(await runWith(job, { connections }))
    expect(state).toBe('partial')
    expect(troubles).toEqual([expect.stringMatching(/^meta_ads\/null CONNECTORS_AUTH_/)])
  })
})

function googleOptions(job: Job) {
  const { credentials, googleAdsUrl, googleOauthUrl } = job.sandbox
  const { clientId, clientSecret, refreshToken, loginCustomerId } = credentials
  return { baseUrl: googleAdsUrl, oauthUrl: googleOauthUrl, clientId, clientSecret, refreshToken, loginCustomerId }
}

const connectionsOf = (job: Job, platform: string): readonly OpenConnection[] =>
  job.ports.connections.filter(({ connector }) => connector.spec.platform === platform)
const googleOf = (job: Job) => connectionsOf(job, 'google_ads')
const metaOf = (job: Job) => connectionsOf(job, 'meta_ads')

async function reopened(job: Job): Promise<OpenConnection & AsyncDisposable> {
  const connector = openGoogleAds(googleAds.options.parse(googleOptions(job)))
  return {
    name: 'google',
    connector,
    accountIds: [],
    [Symbol.asyncDispose]: () => connector[Symbol.asyncDispose](),
  }
}

describe('one account', () => {
  const refusals = [
    ['suspended', 'google_ads', 'account_suspended', 'CONNECTORS_ACCOUNT_UNAVAILABLE'],
    ['suspended', 'meta_ads', 'account_suspended', 'CONNECTORS_ACCOUNT_UNAVAILABLE'],
    ['without permission', 'google_ads', 'permission_lost', 'CONNECTORS_PERMISSION'],
    ['without permission', 'meta_ads', 'permission_lost', 'CONNECTORS_PERMISSION'],
  ] as const

  test.for(refusals)('%s at %s: its days fail by name, the others are in, and it heals', async (refusal) => {
    const [, platform, kind, code] = refusal
    const twice = platform === 'google_ads' ? [google, googleTwo, meta] : [google, meta, { ...meta, name: 'Meta two' }]
    await using job = await openFaultJob(twice)
    expect(outcomeOf(await job.run({ ...interval, until: interval.since }))).toEqual(success)
    const account = accountOf(job, platform)
    const before = await factsOf(job, account)
    job.sandbox.scenario({ faults: [{ kind, account: account.accountId }] })
    const summary = await job.run(interval)
    expect(outcomeOf(summary)).toEqual({
      state: 'partial',
      troubles: [`${platform}/${account.accountId} ${code} 01 02 03`],
    })
    expect(summary.perAccount.map(({ accountId, state }) => [accountId, state])).toEqual(
      job.sandbox.accounts.map(({ accountId }) => [accountId, accountId === account.accountId ? 'failed' : 'landed']),
    )
    // What was published stays and is called stale; what never was is called failed.
    expect(await statesOf(job, account)).toEqual([`stale ${code}`, `failed ${code}`, `failed ${code}`])
    expect(await factsOf(job, account)).toEqual(before)
    await expectTruth(
      job,
      interval,
      job.sandbox.accounts.filter((one) => one.accountId !== account.accountId),
    )

    job.sandbox.scenario({ faults: [] })
    expect(outcomeOf(await job.run(interval))).toEqual(success)
    expect(await statesOf(job, account)).toEqual(three)
    await expectTruth(job)
  })
})

describe('a platform that is out of order for a moment', () => {
  const passing: readonly (readonly [string, readonly Fault[]])[] = [
    [
      '429 with a delay',
      (['google.stream', 'google.search', 'meta.insights', 'meta.campaigns'] as const).map((route) => ({
        kind: 'status_429',
        route,
        times: 2,
        retryAfterSeconds: 30,
      })),
    ],
    ['HTML with 502', [{ kind: 'html_502', times: 3 }]],
    ['500 and 503', [...both('status_500'), ...both('status_503')]],
    ['JSON that stops in the middle', both('truncated_json')],
    ['a connection that breaks in mid-stream', both('reset_mid_stream')],
    ['a connection that is refused', [{ kind: 'reset', times: 3 }]],
  ]

  test.for(passing)('%s: the run succeeds and every row is there once', async ([, faults]) => {
    await using job = await openFaultJob()
    job.sandbox.scenario({ faults })
    expect(outcomeOf(await job.run(interval))).toEqual(success)
    const answered = job.sandbox.log().filter((one) => one.status === 200).length
    expect(job.sandbox.log().length + wireFaults(faults)).toBeGreaterThan(answered)
    await expectTruth(job)
  })

  const lasting: readonly (readonly [Fault['kind'], string])[] = [
    ['html_502', 'CONNECTORS_ANSWER_UNREADABLE'],
    ['truncated_json', 'CONNECTORS_ANSWER_CUT'],
    ['reset_mid_stream', 'CONNECTORS_ANSWER_CUT'],
    ['status_503', 'CONNECTORS_TRANSIENT'],
  ]

  test.for(lasting)('%s for a whole night is %s; nothing of a cut answer is published', async ([kind, code]) => {
    await using job = await openFaultJob()
    const account = accountOf(job, 'google_ads')
    job.sandbox.scenario({ faults: [{ kind, route: 'google.stream', account: account.accountId }] })
    expect(outcomeOf(await job.run(interval))).toEqual({
      state: 'partial',
      troubles: [`google_ads/${account.accountId} ${code} 01 02 03`],
    })
    expect(await factsOf(job, account)).toEqual([])
    expect(await statesOf(job, account)).toEqual(daysOf(interval).map(() => `failed ${code}`))
    await expectTruth(job, interval, [accountOf(job, 'meta_ads')])

    job.sandbox.scenario({ faults: [] })
    expect(outcomeOf(await job.run(interval))).toEqual(success)
    await expectTruth(job)
  })

  test('a quota that is used up for hours ends the account’s part at once, with the time to come back', async () => {
    await using job = await openFaultJob()
    const account = accountOf(job, 'google_ads')
    const quota = { kind: 'status_429', route: 'google.stream', retryAfterSeconds: 20_000 } as const
    job.sandbox.scenario({ faults: [{ ...quota, account: account.accountId }] })
    const summary = await job.run(interval)
    expect(outcomeOf(summary)).toEqual({
      state: 'partial',
      troubles: [`google_ads/${account.accountId} CONNECTORS_QUOTA 01 02 03`],
    })
    expect(summary.troubles[0]?.message).toContain('20000')
    const refused = job.sandbox.log().filter((one) => one.status === 429)
    expect(refused).toHaveLength(1)
  })
})

/** Once for each platform's rows. */
function both(kind: Fault['kind']): readonly Fault[] {
  return (['google.stream', 'meta.insights'] as const).map((route) => ({ kind, route, times: 1 }))
}

/** Faults of the wire leave a good answer in the platform's own log; they count as one call more that was needed. */
function wireFaults(faults: readonly Fault[]): number {
  return faults.reduce((sum, one) => sum + (one.times ?? 0), 0)
}
