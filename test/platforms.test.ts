import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adapters } from '../src/adapters.ts'
import { loadAdapter } from '../src/config-check.ts'
import type { Connector } from '../src/connectors/connector.ts'
import { day, timeZone } from '../src/domain/day.ts'
import { decimal, normalised } from '../src/domain/decimal.ts'
import { runPostChecks } from '../src/quality/post.ts'
import { builtinSuite } from '../src/quality/suite.ts'
import { troubledLevels } from '../src/cli/status-report.ts'
import { lookForIncidents } from '../src/orchestrate/incident-watch.ts'
import type { OpenConnection } from '../src/orchestrate/ports.ts'
import { runPipeline } from '../src/orchestrate/run.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import type { SandboxPlatform } from '../src/sandbox/shapes.ts'
import { sandboxPlatforms } from '../src/sandbox/shapes.ts'
import { readStatus } from '../src/warehouse/partition-state.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { clockOf, portsOver } from './job.ts'
import { publishedLines, truthLines } from './truth.ts'

/*
 * Every platform of the sandbox through the whole nightly job: what is published is what its fake says is true, to the micro, and
 * is again when a day is restated. The two of the demo have tests of their own; here they are beside the others.
 */
const nowMs = Date.parse('2026-09-06T12:00:00Z')
const range = { since: day('2026-09-03'), until: day('2026-09-04') }

let sandbox: Sandbox
let warehouse: Warehouse
let folder: string
let seed = 0

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 11, nowMs, world: { platforms: sandboxPlatforms } })
  warehouse = await openTestWarehouse()
  folder = await mkdtemp(join(tmpdir(), 'millrace-platforms-'))
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
  await sandbox.stop()
  await rm(folder, { recursive: true, force: true })
})

async function connectionTo(platform: SandboxPlatform): Promise<OpenConnection> {
  const adapter = await loadAdapter('connector', platform)
  const connector = (await adapter.open(adapter.options.parse(sandbox.connections[platform]))) as Connector
  const levels = connector.spec.levels.includes('ad') ? { '*': ['ad_group', 'ad'] as const } : undefined
  return { name: platform, connector, accountIds: [], levels }
}

/** Sums of what is published below campaigns, by way: ads or ad groups, with asset groups where there are no others. */
async function belowCampaigns(platform: SandboxPlatform, way: 'ad_group' | 'ad') {
  const rows = await warehouse.query<Readonly<Record<string, string>>>(
    `select account_id || ' ' || date || ' ' || campaign_id as place, sum(cost)::text as cost, sum(impressions)::text as impressions,
            sum(clicks)::text as clicks, sum(conversions)::text as conversions
     from daily_ad_metrics where platform = $1 and level in ($2, 'asset_group') and date between $3 and $4
     group by account_id, date, campaign_id order by 1`,
    [platform, way, range.since, range.until],
  )
  return new Map(rows.map(({ place, ...sums }) => [place, Object.values(sums).map((one) => normalised(decimal(one)))]))
}

function truthByCampaign(platform: SandboxPlatform) {
  const accounts = sandbox.accounts.filter((one) => one.platform === platform)
  const rows = accounts.flatMap(({ accountId }) =>
    [range.since, range.until].flatMap((date) => sandbox.truth(platform, accountId, date, sandbox.nowMs())),
  )
  return new Map(
    rows.map(({ accountId, date, campaignId, cost, impressions, clicks, conversions }) => [
      `${accountId} ${date} ${campaignId}`,
      [cost, impressions, clicks, conversions].map((one) => normalised(one)),
    ]),
  )
}

/** What the check across levels says of each day: its outcome, once a kind. */
async function acrossLevels(platform: SandboxPlatform) {
  const runs = await runPostChecks(warehouse, {
    ...range,
    platforms: [platform],
    checkIds: ['ads.level_reconcile'],
    nowMs: sandbox.nowMs(),
    suite: builtinSuite,
  })
  return [...new Set(runs.flatMap(({ results }) => results.map((one) => one.outcome)))].toSorted()
}

/** One run over all platforms; each has its own seed, because runs are named by chance. */
async function runAll(platforms: readonly SandboxPlatform[] = sandboxPlatforms) {
  const connections = await Promise.all(platforms.map(connectionTo))
  await using ports = await portsOver({ clock: clockOf(sandbox), connections, warehouse, folder, seed: (seed += 1) })
  const request = { range, kind: 'advance', zone: timeZone('Asia/Seoul') } as const
  return runPipeline(ports, request, () => undefined, new AbortController().signal)
}

async function linesOf(platform: SandboxPlatform) {
  const accounts = sandbox.accounts.filter((one) => one.platform === platform)
  const places = accounts.flatMap(({ accountId }) => [range.since, range.until].map((date) => ({ accountId, date })))
  const published = places.map(({ accountId, date }) =>
    publishedLines({ ports: { warehouse } }, platform, accountId, date).then((found) => found?.lines),
  )
  const truth = places.map(({ accountId, date }) =>
    truthLines(sandbox.truth(platform, accountId, date, sandbox.nowMs())),
  )
  return { published: await Promise.all(published), truth, rows: truth.flat().length }
}

describe('the nightly job over every platform', () => {
  test('there is a connector for each of the seven', () => {
    expect(sandboxPlatforms.length).toBe(7)
    expect(Object.keys(adapters.connector)).toEqual(expect.arrayContaining([...sandboxPlatforms]))
  })

  test('publishes what each of them says is true, and the restated truth when it reads again', async () => {
    for (const faults of [[], [{ kind: 'restated_day', day: range.since, factor: 1.5 }]] as const) {
      sandbox.scenario({ faults })
      expect(await runAll()).toMatchObject({ state: 'success', accounts: sandbox.accounts.length })
      for (const platform of sandboxPlatforms) {
        const { published, truth, rows } = await linesOf(platform)
        expect([platform, published]).toEqual([platform, truth])
        expect(rows).toBeGreaterThan(5)
      }
      // Levels below, where the connector has them: the same truth, campaign by campaign, Performance Max in its asset groups.
      for (const platform of ['google_ads', 'meta_ads'] as const) {
        for (const way of ['ad_group', 'ad'] as const)
          expect([platform, way, await belowCampaigns(platform, way)]).toEqual([
            platform,
            way,
            truthByCampaign(platform),
          ])
        expect(await acrossLevels(platform)).toEqual(['pass'])
      }
      expect(await acrossLevels('tiktok_ads')).toEqual(['skipped'])
    }
  })

  test('says of the costs of each whether they bear value-added tax, where the platform does', async () => {
    const told = await warehouse.query<{ platform: string; basis: string }>(
      `select platform, string_agg(distinct coalesce(cost_basis, 'not told'), ',') as basis from dim_account
       where is_current group by platform`,
    )
    const bases = Object.fromEntries(told.map(({ platform, basis }) => [platform, basis]))
    expect(bases).toEqual({
      google_ads: 'not told',
      meta_ads: 'not told',
      tiktok_ads: 'not told',
      linkedin_ads: 'not told',
      microsoft_ads: 'not told',
      naver_searchad: 'net',
      kakao_moment: 'net',
    })
  })

  test('a level that fails is told and marked by itself; campaigns of the same days are published', async () => {
    sandbox.scenario({ faults: [{ kind: 'permission_lost', route: 'meta.ads', from: 1 }] })
    const summary = await runAll(['meta_ads', 'tiktok_ads'])
    expect(summary).toMatchObject({ state: 'partial', partitions: { failed: 0, refused: 0 } })
    const accounts = sandbox.accounts.filter((one) => one.platform === 'meta_ads')
    const told = summary.troubles.map(({ code, platform, accountId }) => `${code} ${platform}/${accountId}`)
    expect(told.toSorted()).toEqual(
      accounts.map(({ accountId }) => `CONNECTORS_PERMISSION meta_ads/${accountId}`).toSorted(),
    )
    expect(summary.troubles[0]?.message).toMatch(/^ad: /)
    const [tried] = await warehouse.query(
      `select count(*)::int as tasks, max(tries) as tries, min(error ->> 'code') as code from engine_task where kind = 'load' and state = 'failed'`,
    )
    expect(tried).toEqual({ tasks: 3, tries: 1, code: 'ORCHESTRATE_LEVEL_MISSING' })
    const { published, truth } = await linesOf('meta_ads')
    expect(published).toEqual(truth)
    const marked = await warehouse.query(
      `select level, state, count(*)::int as days from partition_state where platform = 'meta_ads' group by 1, 2 order by 1`,
    )
    expect(marked).toEqual([
      { level: 'ad', state: 'stale', days: 6 },
      { level: 'ad_group', state: 'published', days: 6 },
      { level: 'campaign', state: 'published', days: 6 },
    ])
    // One cause at all accounts is one incident, and status says it for each day.
    const ports = { warehouse, channels: [], clock: clockOf(sandbox) }
    const watched = async () => (await lookForIncidents(ports, range.until)).opened
    await watched()
    const incidents = await warehouse.query(
      `select m.check_id as cause, m.account_id as account, m.severity, m.firing, i.state from incident_member m join incident i using (incident_id)
       where m.check_id like 'run.%' and m.account_id is null`,
    )
    expect(incidents).toEqual([{ cause: 'run.load.ad', account: null, severity: 'warn', firing: true, state: 'open' }])
    const lines = troubledLevels(await readStatus(warehouse, range))
    expect(lines.map(({ level, state, problemCodes }) => `${level} ${state} ${problemCodes.join()}`)).toEqual(
      Array.from({ length: 6 }, () => 'ad stale CONNECTORS_PERMISSION'),
    )
    sandbox.scenario({ faults: [] })
    await runAll(['meta_ads', 'tiktok_ads'])
    await watched()
    expect(await warehouse.query(`select distinct firing from incident_member where check_id like 'run.%'`)).toEqual([
      { firing: false },
    ])
    expect(troubledLevels(await readStatus(warehouse, range))).toEqual([])
  })
})
