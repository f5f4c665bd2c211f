import { decimal, decimalFromMicros } from '../domain/decimal.ts'
import type { DayRange } from '../domain/day.ts'
import type { EntityObservation, EntityStatus } from '../domain/entity.ts'
import type { RawColumn, RawMapping, RawRow } from '../domain/mapping.ts'
import type { ControlTotals } from '../domain/metric.ts'
import type { FlatRows } from './row-template.ts'

/** A selected field: its GAQL name, the raw column it becomes, its type at rest. */
const fields = [
  { gaql: 'segments.date', type: 'day', required: true },
  { gaql: 'campaign.id', type: 'text', required: true },
  { gaql: 'campaign.name', type: 'text', required: false },
  { gaql: 'campaign.status', type: 'text', required: false },
  { gaql: 'campaign.advertising_channel_type', type: 'text', required: false },
  { gaql: 'campaign_budget.amount_micros', type: 'bigint', required: false },
  { gaql: 'campaign_budget.explicitly_shared', type: 'text', required: false },
  { gaql: 'customer.currency_code', type: 'text', required: true },
  { gaql: 'metrics.impressions', type: 'bigint', required: true },
  { gaql: 'metrics.clicks', type: 'bigint', required: true },
  { gaql: 'metrics.cost_micros', type: 'bigint', required: true },
  { gaql: 'metrics.conversions', type: 'decimal', required: false },
  { gaql: 'metrics.conversions_value', type: 'decimal', required: false },
  // Called metrics.video_views before v23.
  { gaql: 'metrics.video_trueview_views', type: 'bigint', required: false },
  { gaql: 'campaign.tracking_url_template', type: 'text', required: false },
  { gaql: 'campaign.final_url_suffix', type: 'text', required: false },
] as const

type Gaql = (typeof fields)[number]['gaql']
type Flat<Name extends string> = Name extends `${infer Head}.${infer Tail}` ? `${Head}_${Tail}` : Name
export type GoogleColumn = Flat<Gaql>

/** `campaign.id` is the column `campaign_id`: the names that Google's own BigQuery transfer gives to the same fields. */
const columnOf = (gaql: Gaql) => gaql.replace('.', '_') as GoogleColumn

export const googleMapping = {
  grain: 'exact',
  version: 1,
  columns: fields.map(({ gaql, type, required }): RawColumn => ({ name: columnOf(gaql), type, required })),
  date: 'segments_date',
  entityId: 'campaign_id',
  currency: 'customer_currency_code',
  cost: { from: 'micros', column: 'metrics_cost_micros', absent: 'zero' },
  impressions: { from: 'column', column: 'metrics_impressions', absent: 'zero' },
  clicks: { from: 'column', column: 'metrics_clicks', absent: 'zero' },
  // Google's clicks are clicks on the ad's links; it has no wider count.
  linkClicks: { from: 'column', column: 'metrics_clicks', absent: 'zero' },
  videoViews: { from: 'column', column: 'metrics_video_trueview_views', absent: 'zero' },
  conversions: { from: 'column', column: 'metrics_conversions', absent: 'zero' },
  conversionValue: { from: 'column', column: 'metrics_conversions_value', absent: 'zero' },
} as const satisfies RawMapping

/**
 * One query for the whole range: Google counts a query as one operation however many days and rows it gives. Removed campaigns
 * are not filtered out, their spend of that time is real. Resource names that were not asked for would double the bytes.
 */
export function metricsQuery({ since, until }: DayRange): string {
  const selected = fields.map(({ gaql }) => gaql).join(', ')
  return `SELECT ${selected} FROM campaign WHERE segments.date BETWEEN '${since}' AND '${until}' PARAMETERS omit_unselected_resource_names=true`
}

/** The smallest question about an account's metrics: whether they may be read at all. */
export const probeQuery =
  'SELECT segments.date, metrics.impressions FROM campaign WHERE segments.date DURING YESTERDAY LIMIT 1'

type Group = Readonly<Record<string, unknown>>

/** A GoogleAdsRow as far as the query selects it; members that are unset are absent. */
export interface GoogleRow {
  readonly segments?: Group
  readonly campaign?: Group
  readonly campaignBudget?: Group
  readonly customer?: Group
  readonly metrics?: Group
  readonly customerClient?: Group
}

/** `campaign_budget.amount_micros` is `campaignBudget.amountMicros` in JSON. */
export const jsonPathOf = (gaql: string) => gaql.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

export type GoogleRawRow = RawRow & Readonly<Record<GoogleColumn, string | null>>

/** The raw row of one GoogleAdsRow, every value as the text that stood on the wire. */
export const googleFlatRows: FlatRows = {
  paths: fields.map(({ gaql }) => jsonPathOf(gaql)),
  // Written out, in the order of `fields`: a loop over names would take as long as all the rest of reading a row.
  fromCells: (cells): GoogleRawRow => ({
    segments_date: cells[0] ?? null,
    campaign_id: cells[1] ?? null,
    campaign_name: cells[2] ?? null,
    campaign_status: cells[3] ?? null,
    campaign_advertising_channel_type: cells[4] ?? null,
    campaign_budget_amount_micros: cells[5] ?? null,
    campaign_budget_explicitly_shared: cells[6] ?? null,
    customer_currency_code: cells[7] ?? null,
    metrics_impressions: cells[8] ?? null,
    metrics_clicks: cells[9] ?? null,
    metrics_cost_micros: cells[10] ?? null,
    metrics_conversions: cells[11] ?? null,
    metrics_conversions_value: cells[12] ?? null,
    metrics_video_trueview_views: cells[13] ?? null,
    campaign_tracking_url_template: cells[14] ?? null,
    campaign_final_url_suffix: cells[15] ?? null,
  }),
}

const statuses: Readonly<Record<string, EntityStatus>> = { ENABLED: 'active', PAUSED: 'paused', REMOVED: 'removed' }

export const statusOf = (raw: string | null | undefined): EntityStatus => statuses[raw ?? ''] ?? 'unknown'

/** What a row says about its campaign. `campaign_budget.amount_micros` is a daily amount; one shared by several campaigns is nobody's. */
export function googleEntity(row: GoogleRawRow, accountId: string): EntityObservation {
  const shared = row.campaign_budget_explicitly_shared === 'true'
  const micros = row.campaign_budget_amount_micros ?? ''
  return {
    platform: 'google_ads',
    accountId,
    level: 'campaign',
    entityId: row.campaign_id ?? '',
    parentId: null,
    name: row.campaign_name ?? '',
    status: statusOf(row.campaign_status),
    statusRaw: row.campaign_status ?? '',
    dailyBudget: shared || !/^\d+$/.test(micros) ? null : decimalFromMicros(micros),
    objectiveRaw: row.campaign_advertising_channel_type ?? '',
    urls: {
      trackingTemplate: row.campaign_tracking_url_template,
      finalUrlSuffix: row.campaign_final_url_suffix,
      urlTags: null,
    },
  }
}

/** The summary row as control totals; a total that Google left out is left out. */
export function googleTotals(summary: GoogleRow): ControlTotals {
  const metrics = summary.metrics ?? {}
  const given = (key: string) => (typeof metrics[key] === 'string' ? decimal(metrics[key]) : undefined)
  const [impressions, clicks, conversions] = [given('impressions'), given('clicks'), given('conversions')]
  const [micros, conversionValue] = [given('costMicros'), given('conversionsValue')]
  return {
    ...(micros !== undefined && { cost: decimalFromMicros(micros) }),
    ...(impressions !== undefined && { impressions }),
    ...(clicks !== undefined && { clicks }),
    ...(conversions !== undefined && { conversions }),
    ...(conversionValue !== undefined && { conversionValue }),
  }
}
