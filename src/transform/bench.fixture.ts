import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { startEmbedded } from '../warehouse/embedded-server.ts'
import type { Runner, RunnerEvent, RunnerRequest, RunnerResult } from './runner.ts'

const template = new URL('../../template/dbt/', import.meta.url).pathname

/** The columns of the warehouse's view, with rows whose marts can be computed by hand. */
const fixture = `
create schema published;
create table published.facts (
  date date not null, platform text not null, account_id text not null, account_name text, currency text not null, campaign_id text not null,
  campaign_name text, campaign_status text, impressions bigint, clicks bigint, link_clicks bigint, video_views bigint,
  cost numeric(20, 6), conversions numeric(20, 6), conversion_value numeric(20, 6));
insert into published.facts values
  ('2026-01-01', 'google_ads', 'g1', '한국 상점', 'KRW', '120000000000000001', '봄 세일', 'ENABLED', 1000, 50, null, null, 100000, 10, 500000),
  ('2026-01-01', 'google_ads', 'g1', '한국 상점', 'KRW', '120000000000000002', '여름', 'ENABLED', 2000, 40, null, null, 200000, 0, 0),
  ('2026-01-01', 'google_ads', 'g1', '한국 상점', 'KRW', '120000000000000003', '가을', 'ENABLED', 0, 0, null, null, 0, 0, 0),
  ('2026-01-01', 'google_ads', 'g2', 'US shop', 'USD', '21', 'Brand', 'ENABLED', 500, 300, null, null, 90.5, 4.5, 300),
  ('2026-01-01', 'google_ads', 'g2', 'US shop', 'USD', '22', 'Generic', 'ENABLED', 800, 16, null, null, 40.25, 1, 35.1),
  ('2026-01-01', 'meta_ads', 'm1', 'EU shop', 'EUR', '31', 'Retarget', 'ACTIVE', 300, 9, 7, 100, 12.34, 0.5, 20),
  ('2026-01-01', 'meta_ads', 'm1', 'EU shop', 'EUR', '32', 'Credit', 'ACTIVE', 10, 20, 7, 100, -1.5, 0, 0),
  ('2026-01-02', 'meta_ads', 'm1', 'EU shop', 'EUR', '31', 'Retarget 2', 'ACTIVE', 310, 10, 7, 100, 15.00, 2, 80),
  ('2026-01-02', 'meta_ads', 'm3', 'SE shop', 'SEK', '33', 'Nord', 'ACTIVE', 100, 3, 7, 100, 15.00, 2, 80),
  ('2023-12-31', 'meta_ads', 'm1', 'EU shop', 'EUR', '31', 'Before start_date', 'ACTIVE', 310, 10, 7, 100, 15.00, 2, 80);
create view published.daily_campaign_metrics as
select
  facts.*,
  clicks::numeric / nullif(impressions, 0) as ctr, cost / nullif(clicks, 0) as cpc, conversions / nullif(clicks, 0) as cvr,
  cost / nullif(conversions, 0) as cpa, conversion_value / nullif(cost, 0) as roas,
  case when date = '2026-01-02' then 'provisional' else 'final' end as completeness, 'e1'::text as extract_id
from published.facts;
create table published.fx_rate (base text, quote text, date date, rate numeric(20, 10), is_filled boolean, rate_date date);
insert into published.fx_rate values
  ('EUR', 'EUR', '2026-01-01', 1, false, '2026-01-01'), ('EUR', 'USD', '2026-01-01', 1.1, false, '2026-01-01'),
  ('EUR', 'KRW', '2026-01-01', 1500, true, '2025-12-31'), ('EUR', 'EUR', '2026-01-02', 1, false, '2026-01-02'),
  ('EUR', 'USD', '2026-01-02', 1.2, false, '2026-01-02');
create table published.daily_campaign_budget (date date, platform text, account_id text, account_name text, currency text, campaign_id text,
  campaign_name text, campaign_status text, daily_budget numeric(20, 6), cost numeric(20, 6));
insert into published.daily_campaign_budget values
  ('2026-01-01', 'meta_ads', 'm1', 'EU shop', 'EUR', '31', 'Retarget', 'active', 10, 12.34),
  ('2026-01-02', 'meta_ads', 'm1', 'EU shop', 'EUR', '31', 'Retarget 2', 'active', 20, 15),
  ('2026-01-01', 'google_ads', 'g1', '한국 상점', 'KRW', '120000000000000001', '봄 세일', 'active', 50000, 100000),
  ('2026-02-28', 'google_ads', 'g1', '한국 상점', 'KRW', '120000000000000001', '봄 세일', 'active', 50000, 20000);
create table published.daily_ad_metrics (date date, platform text, account_id text, account_name text, currency text, level text, entity_id text,
  entity_name text, entity_status text, ad_group_id text, ad_group_name text, campaign_id text, campaign_name text, impressions bigint,
  clicks bigint, link_clicks bigint, video_views bigint, cost numeric(20, 6), conversions numeric(20, 6), conversion_value numeric(20, 6),
  completeness text);
insert into published.daily_ad_metrics values
  ('2026-01-01', 'google_ads', 'g2', 'US shop', 'USD', 'ad', '7~71', 'Blue', 'active', '7', 'Group', '21', 'Brand', 200, 100, 100, 0, 67.875, 3, 200, 'final'),
  ('2026-01-01', 'google_ads', 'g2', 'US shop', 'USD', 'ad', '7~72', 'Red', 'active', '7', 'Group', '21', 'Brand', 300, 200, 200, 0, 22.625, 1.5, 100, 'final'),
  ('2026-01-01', 'google_ads', 'g2', 'US shop', 'USD', 'ad_group', '7', 'Group', 'active', null, null, '21', 'Brand', 500, 300, 300, 0, 90.5, 4.5, 300, 'final'),
  ('2026-01-01', 'google_ads', 'g2', 'US shop', 'USD', 'asset_group', '9', 'All', 'active', null, null, '22', 'Generic', 800, 16, 16, 0, 40.25, 0, 0, 'final'),
  ('2023-12-31', 'google_ads', 'g2', 'US shop', 'USD', 'ad', '7~71', 'Blue', 'active', '7', 'Group', '21', 'Brand', 200, 100, 100, 0, 9, 3, 200, 'final')`

/** A warehouse with published facts, a copy of the default project, and a way to run it. */
export interface Bench extends AsyncDisposable {
  readonly projectDir: string
  readonly database: string
  rows(sql: string): Promise<unknown[][]>
  invoke(runner: Runner, changes: Partial<RunnerRequest> & { schema: string }): Promise<Invoked>
}

export interface Invoked {
  readonly result: RunnerResult
  readonly events: readonly RunnerEvent[]
}

export async function openBench(): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-dbt-'))
  const server = await startEmbedded({ dir: join(folder, 'server'), port: undefined, durable: false })
  const { host, port, user, password, database } = server.connection
  const client = new pg.Client({ host, port, user, database, ...(password === null ? {} : { password }) })
  await client.connect()
  await client.query(fixture)
  const projectDir = join(folder, 'project')
  await cp(template, projectDir, { recursive: true })
  const env = {
    MILLRACE_DBT_HOST: host,
    MILLRACE_DBT_PORT: String(port),
    MILLRACE_DBT_USER: user,
    MILLRACE_DBT_PASSWORD: password ?? '',
    MILLRACE_DBT_DBNAME: database,
    MILLRACE_DBT_RAW_SCHEMA: 'published',
  }
  return {
    projectDir,
    database,
    async rows(sql) {
      const { rows } = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
      return rows
    },
    async invoke(runner, { schema, ...changes }) {
      const events: RunnerEvent[] = []
      const request = {
        ...plainRequest(projectDir),
        targetPath: `target-${schema}`,
        ...changes,
        env: { ...env, MILLRACE_DBT_SCHEMA: schema, ...changes.env },
      }
      return { result: await runner.invoke(request, (event) => events.push(event)), events }
    },
    async [Symbol.asyncDispose]() {
      await client.end()
      await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function plainRequest(projectDir: string): RunnerRequest {
  return {
    command: 'build',
    projectDir,
    profilesDir: projectDir,
    select: [],
    exclude: [],
    vars: {},
    fullRefresh: false,
    failFast: false,
    env: {},
  }
}
