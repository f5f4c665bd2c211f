import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import { openBench } from './bench.fixture.ts'
import type { Bench, Invoked } from './bench.fixture.ts'
import { commandPromises, openCommands } from './commands.contract.ts'
import type { CommandBench } from './commands.contract.ts'
import type { Runner, RunnerResult } from './runner.ts'

const summary = (schema: string): string => `
select date::text, campaign_id, round(ctr, 4)::text, round(cpa, 4)::text, round(efficiency_score, 4)::text, round(median_ctr, 4)::text,
  round(median_cpa, 4)::text, ctr_performance, cpa_performance
from ${schema}.campaign_performance_summary order by 1, 2`

/**
 * Computed by hand. KRW: 10 / 100000 × 1000 × 10 = 1; no conversion for spend is below; nothing spent has neither label nor score.
 * USD: cpa 90.5 / 4.5 = 20.1111, median of 20.1111 and 40.25 = 30.1806. SEK has no unit, so no score. -1.5 is a credit: no spend, no label.
 */
const ours = [
  [
    '2026-01-01',
    '120000000000000001',
    '0.0500',
    '10000.0000',
    '1.0000',
    '0.0350',
    '10000.0000',
    'above_benchmark',
    'at_benchmark',
  ],
  [
    '2026-01-01',
    '120000000000000002',
    '0.0200',
    null,
    '0.0000',
    '0.0350',
    '10000.0000',
    'below_benchmark',
    'below_benchmark',
  ],
  ['2026-01-01', '120000000000000003', null, null, null, '0.0350', '10000.0000', null, null],
  ['2026-01-01', '21', '0.6000', '20.1111', '0.4972', '0.3100', '30.1806', 'above_benchmark', 'above_benchmark'],
  ['2026-01-01', '22', '0.0200', '40.2500', '0.2484', '0.3100', '30.1806', 'below_benchmark', 'below_benchmark'],
  ['2026-01-01', '31', '0.0300', '24.6800', '0.4052', '1.0150', '24.6800', 'below_benchmark', 'at_benchmark'],
  ['2026-01-01', '32', '2.0000', null, null, '1.0150', '24.6800', null, null],
  ['2026-01-02', '31', '0.0323', '7.5000', '1.3333', '0.0323', '7.5000', 'at_benchmark', 'at_benchmark'],
  ['2026-01-02', '33', '0.0300', '7.5000', null, '0.0300', '7.5000', 'at_benchmark', 'at_benchmark'],
]

const crossPlatform = (schema: string): string => `
select date::text, account_id, currency, round(fx_rate, 8)::text, fx_rate_date::text, fx_is_filled, completeness, round(cost, 4)::text,
  round(cost_converted, 6)::text, round(cpc, 6)::text, round(roas, 4)::text
from ${schema}.cross_platform_daily order by 1, 2`

/**
 * Computed by hand, in USD. KRW: 1.1 / 1500 = 0.0007333333 at ten digits, 300,000 × it = 219.99999, a filled rate of the day before.
 * SEK has no rate: its amount stays in its own currency and the converted one is null. EUR on the second day: 15 × 1.2.
 */
const converted = [
  [
    '2026-01-01',
    'g1',
    'KRW',
    '0.00073333',
    '2025-12-31',
    true,
    'final',
    '300000.0000',
    '219.999990',
    '2.444444',
    '1.6667',
  ],
  [
    '2026-01-01',
    'g2',
    'USD',
    '1.00000000',
    '2026-01-01',
    false,
    'final',
    '130.7500',
    '130.750000',
    '0.413766',
    '2.5629',
  ],
  ['2026-01-01', 'm1', 'EUR', '1.10000000', '2026-01-01', false, 'final', '10.8400', '11.924000', '0.411172', '1.8450'],
  [
    '2026-01-02',
    'm1',
    'EUR',
    '1.20000000',
    '2026-01-02',
    false,
    'provisional',
    '15.0000',
    '18.000000',
    '1.800000',
    '5.3333',
  ],
  ['2026-01-02', 'm3', 'SEK', null, '2026-01-02', false, 'provisional', '15.0000', null, null, null],
]

const comparison = (schema: string): string => `
select date::text, platform, completeness, accounts::int, accounts_without_rate::int, round(cost, 6)::text, round(cost_share, 4)::text, clicks::int,
  not_comparable, comparable_with_care
from ${schema}.platform_comparison order by 1, 2`

/** The account without a rate brings neither its cost nor its clicks. 350.74999 of 362.67399 is 0.9671. */
const compared = [
  ['2026-01-01', 'google_ads', 'final', 2, 0, '350.749990', '0.9671', 406, 'video_views', 'conversions, cpa, cvr'],
  [
    '2026-01-01',
    'meta_ads',
    'final',
    1,
    0,
    '11.924000',
    '0.0329',
    29,
    'clicks, cpc, ctr, cvr, video_views',
    'conversions, cpa',
  ],
  [
    '2026-01-02',
    'meta_ads',
    'provisional',
    1,
    1,
    '18.000000',
    '1.0000',
    10,
    'clicks, cpc, ctr, cvr, video_views',
    'conversions, cpa',
  ],
]

const pacing = (schema: string): string => `
select month::text, campaign_id, campaign_name, days_left::int, round(budget_to_date)::text, round(spent_to_date, 2)::text, round(budget_of_month)::text,
  round(spend_projected, 2)::text, round(pace, 4)::text, pacing
from ${schema}.budget_pacing order by 1, 2`

/** 30 of 27.34 on the second of January, 29 days to go at a budget of 20: 610 in all, 27.34 + 13.67 × 29 = 423.77 as it goes. */
const paced = [
  ['2026-01-01', '120000000000000001', '봄 세일', 30, '50000', '100000.00', '1550000', '3100000.00', '2.0000', 'over'],
  ['2026-01-01', '31', 'Retarget 2', 29, '30', '27.34', '610', '423.77', '0.9113', 'on'],
  ['2026-02-01', '120000000000000001', '봄 세일', 0, '50000', '20000.00', '50000', '20000.00', '0.4000', 'under'],
]

const adDays = (schema: string): string => `
select ad_id, level, campaign_name, cost::text, round(ctr, 4)::text, round(cpa, 4)::text, round(share_of_campaign_cost, 4)::text
from ${schema}.ad_performance_daily order by 1`

/** 67.875 of 90.5 is three quarters; of ad groups and of days before start_date there is nothing. */
const adsByHand = [
  ['7~71', 'ad', 'Brand', '67.875000', '0.5000', '22.6250', '0.7500'],
  ['7~72', 'ad', 'Brand', '22.625000', '0.6667', '15.0833', '0.2500'],
  ['9', 'asset_group', 'Generic', '40.250000', '0.0200', null, '1.0000'],
]

const chapterSummary = (schema: string): string => `
select date::text, platform, campaign_id, round(ctr::numeric, 4)::text, round(cpa::numeric, 4)::text, round(efficiency_score, 4)::text,
  round(median_ctr::numeric, 4)::text, ctr_performance, cpa_performance
from ${schema}.campaign_performance_summary order by 1, 2, 3`

/** The chapter's own: the credit is dropped, a cpa without conversions is 0, currencies share one median, every dollar campaign scores 100. */
const chapter = [
  ['2026-01-01', 'facebook_ads', '31', '0.0300', '24.6800', '100.0000', '0.0300', 'at_benchmark', 'at_benchmark'],
  [
    '2026-01-01',
    'google_ads',
    '120000000000000001',
    '0.0500',
    '10000.0000',
    '1.0000',
    '0.0200',
    'above_benchmark',
    'below_benchmark',
  ],
  [
    '2026-01-01',
    'google_ads',
    '120000000000000002',
    '0.0200',
    '0.0000',
    '0.0000',
    '0.0200',
    'at_benchmark',
    'above_benchmark',
  ],
  [
    '2026-01-01',
    'google_ads',
    '120000000000000003',
    '0.0000',
    '0.0000',
    '0.0000',
    '0.0200',
    'below_benchmark',
    'above_benchmark',
  ],
  ['2026-01-01', 'google_ads', '21', '0.6000', '20.1111', '100.0000', '0.0200', 'above_benchmark', 'at_benchmark'],
  ['2026-01-01', 'google_ads', '22', '0.0200', '40.2500', '100.0000', '0.0200', 'at_benchmark', 'below_benchmark'],
  ['2026-01-02', 'facebook_ads', '31', '0.0323', '7.5000', '100.0000', '0.0311', 'at_benchmark', 'at_benchmark'],
  ['2026-01-02', 'facebook_ads', '33', '0.0300', '7.5000', '100.0000', '0.0311', 'at_benchmark', 'at_benchmark'],
]

export interface RunnerContract {
  readonly open: () => Promise<Runner>
  /** The runner of the first build, where it is another one. */
  readonly openFirst?: () => Promise<Runner>
  /** Whether each invocation takes seconds: then all commands are looked at where that was asked for, in the long suite or where the runner is required. */
  readonly isSlow?: boolean
  /** Why the runner cannot be had here; undefined when it can. */
  readonly unavailable?: string | undefined
}

const tally = (result: RunnerResult): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { status } of result.nodes) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

/** What every runner promises, over the default project on a real Postgres. */
export function runnerContract(
  name: string,
  { open, openFirst = open, unavailable, isSlow = false }: RunnerContract,
): void {
  const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes(name === 'dbt-core' ? 'dbt' : name)
  describe(`${name} as a runner`, { timeout: isSlow ? 600_000 : 120_000 }, () => {
    let bench: Bench
    let runner: Runner
    let first: Invoked
    const promise = (title: string, body: () => Promise<void>, leftOut?: string): void => {
      test(`${name}: ${title}`, async ({ skip }) => {
        if (!required) skip(unavailable !== undefined, unavailable)
        skip(leftOut !== undefined, leftOut)
        expect.hasAssertions()
        await body()
      })
    }
    beforeAll(async () => {
      if (unavailable !== undefined && !required) return
      bench = await openBench()
      first = await bench.invoke(await openFirst(), { schema: 'ours' })
      runner = await open()
    }, 600_000)
    afterAll(async () => {
      await bench?.[Symbol.asyncDispose]()
    })

    promise('the default project builds and its marts hold what a hand computes', async () => {
      expect(first.result.exitCode).toBe(0)
      expect(tally(first.result)).toEqual({ success: 8, pass: 41 })
      expect(await bench.rows(summary('ours'))).toEqual(ours)
      expect(await bench.rows(crossPlatform('ours'))).toEqual(converted)
      expect(await bench.rows(comparison('ours'))).toEqual(compared)
      expect(await bench.rows(pacing('ours'))).toEqual(paced)
      expect(await bench.rows(adDays('ours'))).toEqual(adsByHand)
      const finished = first.events.filter((event) => event.kind === 'node_finished')
      expect(finished.map((event) => event.result.uniqueId).sort()).toEqual(
        first.result.nodes.map((node) => node.uniqueId).sort(),
      )
    })

    promise("the artifacts are dbt's: manifest version 12 and run results version 6", async () => {
      const { result } = first
      const manifest = JSON.parse(await readFile(result.manifestPath ?? '', 'utf8')) as Artifact
      const runResults = JSON.parse(await readFile(result.runResultsPath ?? '', 'utf8')) as Artifact
      expect(manifest.metadata.dbt_schema_version).toBe('https://schemas.getdbt.com/dbt/manifest/v12.json')
      expect(runResults.metadata.dbt_schema_version).toBe('https://schemas.getdbt.com/dbt/run-results/v6.json')
      expect(Object.keys(manifest.nodes ?? {})).toContain('model.millrace_ads.stg_campaign_metrics')
      expect(runResults.results).toHaveLength(49)
    })

    promise('a second build replaces the relations and leaves nothing beside them', async () => {
      const { result } = await bench.invoke(runner, { schema: 'ours' })
      expect(result.exitCode).toBe(0)
      expect(await bench.rows(summary('ours'))).toEqual(ours)
      const tables = `select table_name from information_schema.tables where table_schema = 'ours' order by 1`
      expect((await bench.rows(tables)).flat()).toEqual([
        'account_daily',
        'ad_performance_daily',
        'budget_pacing',
        'campaign_performance_summary',
        'cross_platform_daily',
        'metric_caveats',
        'platform_comparison',
        'stg_campaign_metrics',
      ])
      expect(await bench.rows(`select count(*)::int from pg_indexes where schemaname = 'ours'`)).toEqual([[7]])
    })

    promise("under seed_formulas the numbers are the chapter's", async () => {
      const { result } = await bench.invoke(runner, { schema: 'chapter', vars: { seed_formulas: true } })
      expect(result.exitCode).toBe(0)
      expect(await bench.rows(chapterSummary('chapter'))).toEqual(chapter)
    })

    promise('a failing test fails the build and keeps what stands on its subject from running', async () => {
      const path = join(bench.projectDir, 'tests', 'nothing_spent.sql')
      await writeFile(path, "select campaign_id from {{ ref('stg_campaign_metrics') }} where cost > 0")
      try {
        const { result } = await bench.invoke(runner, { schema: 'failing' })
        expect(result.exitCode).toBe(1)
        const status = new Map(result.nodes.map((node) => [node.uniqueId, node]))
        expect(status.get('test.millrace_ads.nothing_spent')).toMatchObject({ status: 'fail', failures: 7 })
        expect(status.get('model.millrace_ads.campaign_performance_summary')).toMatchObject({ status: 'skipped' })
      } finally {
        await rm(path)
      }
    })

    promise('a model that the database refuses is an error, and the old relation stays', async () => {
      const path = join(bench.projectDir, 'models', 'marts', 'account_daily.sql')
      const before = await readFile(path, 'utf8')
      await writeFile(path, before.replace('count(*)', 'no_such_function(1)'))
      try {
        const { result } = await bench.invoke(runner, { schema: 'ours', command: 'run', select: ['account_daily'] })
        expect(result.exitCode).toBe(1)
        const node = result.nodes.find(({ uniqueId }) => uniqueId === 'model.millrace_ads.account_daily')
        expect(node).toMatchObject({ status: 'error' })
        expect(node?.message).toContain('no_such_function')
        expect(await bench.rows('select count(*)::int from ours.account_daily')).toEqual([[5]])
      } finally {
        await writeFile(path, before)
      }
    })

    promise('what is selected runs and nothing else', async () => {
      const { result } = await bench.invoke(runner, {
        schema: 'chosen',
        command: 'run',
        select: ['+account_daily'],
        exclude: ['tag:staging'],
      })
      expect(result.nodes.map(({ uniqueId }) => uniqueId).sort()).toEqual([
        'model.millrace_ads.account_daily',
        'model.millrace_ads.campaign_performance_summary',
      ])
    })

    promise('a template that does not parse stops the invocation before anything runs', async () => {
      const path = join(bench.projectDir, 'models', 'torn.sql')
      await writeFile(path, 'select 1\n{{ ref( }}')
      try {
        const failure = await bench.invoke(runner, { schema: 'torn' }).catch((error: unknown) => error)
        expect(isMillraceError(failure)).toBe(true)
        expect(String(failure)).toContain('torn')
        expect(await bench.rows(`select 1 from information_schema.schemata where schema_name = 'torn'`)).toEqual([])
      } finally {
        await rm(path)
      }
    })

    describe('beside those that build', () => {
      const isLeftOut = isSlow && !required && process.env['MILLRACE_LONG'] !== '1'
      let small: CommandBench | undefined
      for (const [title, body] of commandPromises)
        promise(
          title,
          async () => {
            small ??= await openCommands(bench, runner)
            await body(small)
          },
          isLeftOut ? 'several seconds an invocation: MILLRACE_LONG=1' : undefined,
        )
    })

    promise('ls and debug need no relation of the project', async () => {
      const debug = await bench.invoke(runner, { schema: 'unbuilt', command: 'debug' })
      expect(debug.result.exitCode).toBe(0)
      const { events } = await bench.invoke(runner, { schema: 'unbuilt', command: 'ls', resourceTypes: ['model'] })
      expect(events.flatMap((event) => (event.kind === 'output' ? [event.line] : [])).sort()).toEqual([
        'millrace_ads.marts.account_daily',
        'millrace_ads.marts.ad_performance_daily',
        'millrace_ads.marts.budget_pacing',
        'millrace_ads.marts.campaign_performance_summary',
        'millrace_ads.marts.cross_platform_daily',
        'millrace_ads.marts.metric_caveats',
        'millrace_ads.marts.platform_comparison',
        'millrace_ads.staging.stg_campaign_metrics',
      ])
    })
  })
}

interface Artifact {
  readonly metadata: { readonly dbt_schema_version: string }
  readonly nodes?: Readonly<Record<string, unknown>>
  readonly results?: readonly unknown[]
}
