import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AdAccount } from '../src/domain/account.ts'
import type { Day } from '../src/domain/day.ts'
import { addDays, day, timeZone } from '../src/domain/day.ts'
import { decimal, fromUnits } from '../src/domain/decimal.ts'
import type { DailyMetric, ExtractRecord } from '../src/domain/metric.ts'
import { currency } from '../src/domain/money.ts'
import { adapter } from '../src/warehouse/embedded.ts'
import type { Audit, Warehouse } from '../src/warehouse/warehouse.ts'
import { median } from './measure.ts'

/** What a load took: all of it, and what lies behind the audit: the locks are held, rows are compared, written and committed. */
interface Timing {
  readonly loadMs: number
  readonly publishMs: number
}

const account: AdAccount = {
  platform: 'google_ads',
  accountId: '1234567890',
  name: 'Bench',
  currency: currency('KRW'),
  zone: timeZone('Asia/Seoul'),
}
const firstDay = day('2026-01-01')
const idBase = 20_000_000_000

/** Rows of one day; `version` adds a micro to every tenth row, so that two versions differ in a tenth of the partition. */
function rowsOf(date: Day, rows: number, version: number): DailyMetric[] {
  return Array.from({ length: rows }, (_, index) => ({
    entityId: String(idBase + index),
    date,
    currency: account.currency,
    cost: fromUnits(BigInt(index) * 1_500_000n + (index % 10 === 0 ? BigInt(version) : 0n), 6),
    impressions: decimal(String(index)),
    clicks: decimal(String(Math.floor(index / 10))),
    linkClicks: decimal(String(Math.floor(index / 12))),
    videoViews: null,
    conversions: decimal('1.25'),
    conversionValue: decimal('2'),
  }))
}

/** In batches as the pipeline hands them over. */
async function* batched(rows: readonly DailyMetric[]): AsyncGenerator<readonly DailyMetric[]> {
  for (let at = 0; at < rows.length; at += 2_000) yield rows.slice(at, at + 2_000)
  await Promise.resolve()
}

async function* dayByDay(days: readonly Day[], rows: number): AsyncGenerator<readonly DailyMetric[]> {
  for (const date of days) yield* batched(rowsOf(date, rows, 0))
}

const pass: Audit = (_session, stage) => Promise.resolve(stage.days.map((date) => ({ date, refusedBy: [] })))

function extractOf(date: Day, sequence: number): ExtractRecord {
  return {
    platform: account.platform,
    accountId: account.accountId,
    level: 'campaign',
    breakdownKey: '',
    kind: 'refresh',
    since: date,
    until: date,
    extractId: `0190a000-0000-7000-8000-${String(sequence).padStart(12, '0')}`,
    requestedAtMs: 1_790_000_000_000 + sequence,
    finishedAtMs: 1_790_000_000_000 + sequence,
    rows: 0,
    apiVersion: 'bench',
    requestIds: [],
    controlTotals: null,
    mapVersion: 1,
    rawKeys: {},
  }
}

async function timedLoad(
  warehouse: Warehouse,
  date: Day,
  rows: readonly DailyMetric[],
  sequence: number,
): Promise<Timing> {
  let auditedMs = 0
  const audit: Audit = (session, stage) => {
    auditedMs = performance.now()
    return pass(session, stage)
  }
  const startedMs = performance.now()
  await warehouse.load({ extract: extractOf(date, sequence), account, days: [date], rows: batched(rows), audit })
  const endedMs = performance.now()
  return { loadMs: endedMs - startedMs, publishMs: endedMs - auditedMs }
}

/** The usual way, for comparison: throw the partition away and write it anew from the same kind of stage. */
async function timedDeleteInsert(warehouse: Warehouse, date: Day, rows: number): Promise<number> {
  return warehouse
    .transaction(async (session) => {
      await session.query(`create temporary table bench_stage on commit drop as
      select entity_id, date, currency, cost, impressions, clicks, link_clicks, video_views, conversions, conversion_value
      from fact_ad_daily where date = '${date}' limit ${rows}`)
      await session.query('analyze bench_stage')
      const startedMs = performance.now()
      const key = `platform = '${account.platform}' and account_id = '${account.accountId}' and level = 'campaign' and breakdown_key = '' and date = '${date}'`
      const [found] = await session.query<{ id: number }>(`select partition_id as id from partition_state where ${key}`)
      await session.query('delete from fact_ad_daily where partition_id = $1', [found?.id ?? 0])
      await session.query(
        `insert into fact_ad_daily (partition_id, entity_id, platform, account_id, level, breakdown_key, date, currency, cost, impressions,
         clicks, link_clicks, video_views, conversions, conversion_value, extract_id)
       select $1, entity_id, $2, $3, 'campaign', '', date, currency, cost, impressions, clicks, link_clicks, video_views, conversions,
         conversion_value, '0190a000-0000-7000-8000-000000000000' from bench_stage`,
        [found?.id ?? 0, account.platform, account.accountId],
      )
      return startedMs
    })
    .then((startedMs) => performance.now() - startedMs)
}

/** Sixty other days of a fifth of the size, as an account has them, and the entities, which the pipeline describes before it loads. */
async function background(warehouse: Warehouse, rows: number): Promise<void> {
  await warehouse.query(
    `insert into dim_entity (platform, account_id, level, entity_id, name, status_canonical, status_raw, objective_raw, attr_hash, first_seen, last_seen)
     select $1, $2, 'campaign', ($3::bigint + i)::text, 'Campaign ' || i, 'active', 'ENABLED', 'SEARCH', '', now(), now()
     from generate_series(0, $4::bigint - 1) i on conflict do nothing`,
    [account.platform, account.accountId, idBase, rows],
  )
  const days = Array.from({ length: 60 }, (_, index) => addDays(firstDay, index - 60))
  await warehouse.load({
    extract: { ...extractOf(firstDay, 0), since: addDays(firstDay, -60), until: addDays(firstDay, -1) },
    account,
    days,
    rows: dayByDay(days, rows / 5),
    audit: pass,
  })
  await warehouse.query('analyze')
  await warehouse.query('checkpoint')
}

async function measure(warehouse: Warehouse, rows: number, repeats: number): Promise<Record<string, number>> {
  const times: Record<string, Timing[]> = { first: [], unchanged: [], changed: [] }
  const replaced: number[] = []
  let sequence = 1_000
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const date = addDays(firstDay, repeat)
    const versions = [rowsOf(date, rows, 0), rowsOf(date, rows, 1)] as const
    times['first']?.push(await timedLoad(warehouse, date, versions[0], sequence++))
    times['unchanged']?.push(await timedLoad(warehouse, date, versions[0], sequence++))
    times['changed']?.push(await timedLoad(warehouse, date, versions[1], sequence++))
    times['unchanged']?.push(await timedLoad(warehouse, date, versions[1], sequence++))
    replaced.push(await timedDeleteInsert(warehouse, date, rows))
  }
  const name = `${rows / 1_000}k`
  const of = (kind: string, part: keyof Timing) => median((times[kind] ?? []).map((one) => one[part]))
  return {
    [`publish_first_${name}_ms`]: of('first', 'publishMs'),
    [`publish_changed_${name}_ms`]: of('changed', 'publishMs'),
    [`publish_unchanged_${name}_ms`]: of('unchanged', 'publishMs'),
    [`delete_insert_${name}_ms`]: median(replaced),
    [`load_first_${name}_ms`]: of('first', 'loadMs'),
    [`load_changed_${name}_ms`]: of('changed', 'loadMs'),
    [`load_unchanged_${name}_ms`]: of('unchanged', 'loadMs'),
  }
}

/**
 * One partition of 10 k and of 100 k rows beside sixty other days, on the embedded server with fsync on: `publish_…` from the end of
 * the audit to the commit, `load_…` the whole call with its staging; `delete_insert_…` writes the same partition anew in the same run.
 */
export async function benchPublish(): Promise<Record<string, number | null>> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-publish-'))
  try {
    const figures: Record<string, number | null> = {}
    for (const { rows, repeats } of [
      { rows: 10_000, repeats: 5 },
      { rows: 100_000, repeats: 3 },
    ]) {
      await using warehouse = await adapter.open(adapter.options.parse({ dir: join(dir, String(rows)) }))
      await warehouse.migrate()
      await background(warehouse, rows)
      Object.assign(figures, await measure(warehouse, rows, repeats))
    }
    return figures
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
