import { randomUUID } from 'node:crypto'
import type { AdAccount } from '../domain/account.ts'
import { isoInstant, seededRandom } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { addDays, day, dayEndMs, daysOf, timeZone } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { fromUnits, sumDecimals } from '../domain/decimal.ts'
import type { ControlTotals, DailyMetric, ExtractRecord } from '../domain/metric.ts'
import { currency } from '../domain/money.ts'
import type { PartitionReport, Session, Verdict, Warehouse } from '../warehouse/warehouse.ts'
import type { AuditFacts } from './audit.ts'
import { blockingAudit } from './audit.ts'
import type { CheckResult } from './result.ts'

/** A staged row as the tests corrupt it: anything may be missing. */
export interface StagedRow {
  entityId: string | null
  date: Day | null
  currency: string
  cost: string
  impressions: string
  clicks: string
  conversions: string
  conversionValue: string | null
}

/** One slice of one account, ready to be staged: what a test takes, bends and audits. */
export interface Staging {
  account: AdAccount
  since: Day
  until: Day
  rows: StagedRow[]
  controlTotals: ControlTotals | null
  nowMs: number
  facts: Partial<AuditFacts>
}

export const settleMs = 3 * 3_600_000

const accounts: readonly AdAccount[] = [
  { platform: 'google_ads', accountId: '', name: 'Seoul', currency: currency('KRW'), zone: timeZone('Asia/Seoul') },
  {
    platform: 'meta_ads',
    accountId: '',
    name: 'Los Angeles',
    currency: currency('USD'),
    zone: timeZone('America/Los_Angeles'),
  },
  { platform: 'google_ads', accountId: '', name: 'Berlin', currency: currency('EUR'), zone: timeZone('Europe/Berlin') },
]

/**
 * A month as a healthy account delivers it: weekdays differ, some campaigns are tiny, some days of a campaign have impressions
 * without clicks, conversions are fractional, totals are the rows' own. The same seed gives the same month.
 */
export function cleanMonth(seed: number, since: Day = day('2026-10-01'), days = 30, campaigns = 8): Staging {
  const random = seededRandom(seed)
  const until = addDays(since, days - 1)
  const template = accounts[seed % accounts.length] ?? accounts[0]!
  const account = { ...template, accountId: `acc-${seed}` }
  const perClick = account.currency === 'KRW' ? 420 : 0.7
  const sizes = Array.from({ length: campaigns }, () => 200 * 10 ** (random() * 2.5))
  const rows = daysOf({ since, until }).flatMap((date, index) =>
    sizes.map((size, campaign) =>
      cleanRow({ date, index, size, campaign, perClick, currency: account.currency }, random),
    ),
  )
  return {
    account,
    since,
    until,
    rows,
    controlTotals: totalsOf(rows),
    nowMs: dayEndMs(until, account.zone) + settleMs,
    facts: { drift: { removed: [], mistyped: [], added: [] } },
  }
}

interface RowShape {
  readonly date: Day
  readonly index: number
  readonly size: number
  readonly campaign: number
  readonly perClick: number
  readonly currency: string
}

function cleanRow(shape: RowShape, random: () => number): StagedRow {
  const weekly = shape.index % 7 < 5 ? 1 : 0.6
  const impressions = Math.round(shape.size * weekly * (0.7 + 0.6 * random()))
  const clicks = Math.round(impressions * (0.002 + 0.04 * random()))
  const micros = BigInt(Math.round(clicks * shape.perClick * (0.5 + random()) * 1_000_000))
  return {
    entityId: `90071992547409${930 + shape.campaign}`,
    date: shape.date,
    currency: shape.currency,
    cost: fromUnits(micros, 6),
    impressions: String(impressions),
    clicks: String(clicks),
    conversions: fromUnits(BigInt(Math.round(clicks * 30_000 * random())), 6),
    conversionValue: fromUnits(BigInt(Math.round(clicks * 900_000 * random())), 6),
  }
}

/** What the platform would say beside these rows. */
export function totalsOf(rows: readonly StagedRow[]): ControlTotals {
  const sum = (of: (row: StagedRow) => string | null) => sumDecimals(rows.map((row) => (of(row) ?? '0') as Decimal))
  return {
    cost: sum((row) => row.cost),
    impressions: sum((row) => row.impressions),
    clicks: sum((row) => row.clicks),
    conversions: sum((row) => row.conversions),
    conversionValue: sum((row) => row.conversionValue),
  }
}

export function extractOf(staging: Staging): ExtractRecord {
  const { account, since, until, rows, controlTotals, nowMs } = staging
  const { platform, accountId } = account
  return {
    platform,
    accountId,
    level: 'campaign',
    breakdownKey: '',
    kind: 'advance',
    since,
    until,
    extractId: randomUUID(),
    requestedAtMs: nowMs,
    finishedAtMs: nowMs,
    rows: rows.length,
    apiVersion: 'v1',
    requestIds: [],
    controlTotals,
    mapVersion: 1,
    rawKeys: {},
  }
}

export interface Audited {
  readonly extract: ExtractRecord
  readonly verdicts: readonly Verdict[]
  readonly results: readonly CheckResult[]
  /** Ids of the blocking checks that refused any day. */
  readonly refusedBy: readonly string[]
}

/** Stages the rows as a load does, but without the keys and types that would keep a corruption out, and audits them. */
export async function audited(warehouse: Warehouse, staging: Staging): Promise<Audited> {
  const extract = extractOf(staging)
  let results: readonly CheckResult[] = []
  const verdicts = await warehouse.transaction(async (session) => {
    await stageRows(session, staging.rows)
    const audit = blockingAudit({
      nowMs: staging.nowMs,
      settleMs,
      ...staging.facts,
      report: (reported) => {
        results = reported
      },
    })
    const days = daysOf({ since: staging.since, until: staging.until })
    return audit(session, { table: '"stage under audit"', extract, account: staging.account, days })
  })
  return { extract, verdicts, results, refusedBy: [...new Set(verdicts.flatMap((one) => one.refusedBy))].sort() }
}

async function stageRows(session: Session, rows: readonly StagedRow[]): Promise<void> {
  await session.query(`
    create temp table "stage under audit" (entity_id text, date date, currency text, cost numeric(20,6), impressions bigint,
      clicks bigint, link_clicks bigint, video_views bigint, conversions numeric(20,6), conversion_value numeric(20,6)) on commit drop`)
  await session.query(
    `insert into "stage under audit" (entity_id, date, currency, cost, impressions, clicks, conversions, conversion_value) select "entityId", date, currency, cost, impressions, clicks, conversions, "conversionValue"
     from jsonb_to_recordset($1::jsonb) as r ("entityId" text, date date, currency text, cost numeric, impressions bigint, clicks bigint,
       conversions numeric, "conversionValue" numeric)`,
    [JSON.stringify(rows)],
  )
}

/** Publishes rows directly, as the past that a later slice is judged by. */
export async function published(warehouse: Warehouse, { account, rows, since, until, nowMs }: Staging): Promise<void> {
  await warehouse.query(
    `with rows as (
       select "entityId" as entity_id, date, currency, cost, impressions, clicks, conversions, "conversionValue" as conversion_value
       from jsonb_to_recordset($1::jsonb) as r ("entityId" text, date date, currency text, cost numeric, impressions bigint, clicks bigint,
         conversions numeric, "conversionValue" numeric)),
     partitions as (
       insert into partition_state (platform, account_id, level, breakdown_key, date, state, rows, published_at)
       select $2, $3, 'campaign', '', d::date, 'published', (select count(*) from rows where date = d::date), $6
       from generate_series($4::date, $5::date, interval '1 day') d
       returning partition_id, date)
     insert into fact_ad_daily (partition_id, entity_id, platform, account_id, level, breakdown_key, date, currency, cost, impressions, clicks, conversions, conversion_value, extract_id)
     select partition_id, entity_id, $2, $3, 'campaign', '', date, currency, cost, impressions, clicks, conversions, conversion_value, gen_random_uuid()
     from rows join partitions using (date)`,
    [JSON.stringify(rows), account.platform, account.accountId, since, until, isoInstant(nowMs)],
  )
}

function metricOf(row: StagedRow): DailyMetric {
  return {
    entityId: row.entityId ?? '',
    date: row.date!,
    currency: row.currency as DailyMetric['currency'],
    cost: row.cost as Decimal,
    impressions: row.impressions as Decimal,
    clicks: row.clicks as Decimal,
    linkClicks: null,
    videoViews: null,
    conversions: row.conversions as Decimal,
    conversionValue: row.conversionValue as Decimal | null,
  }
}

/** Loads the rows as the program does: stage, audit, publish. A second later than the load of the same staging before. */
export async function loaded(warehouse: Warehouse, staging: Staging): Promise<readonly PartitionReport[]> {
  const { account, since, until } = staging
  staging.nowMs += 1_000
  return warehouse.load({
    extract: extractOf(staging),
    account,
    days: daysOf({ since, until }),
    rows: (async function* () {
      yield staging.rows.map(metricOf)
    })(),
    audit: blockingAudit({ nowMs: staging.nowMs, settleMs, ...staging.facts }),
  })
}
