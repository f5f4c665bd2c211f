import type { AdAccount } from '../domain/account.ts'
import { timeZone } from '../domain/day.ts'
import { decimal, normalised } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { EntityObservation, EntityStatus } from '../domain/entity.ts'
import type { RawColumn, RawMapping, RawRow } from '../domain/mapping.ts'
import type { ControlTotals } from '../domain/metric.ts'
import { currency } from '../domain/money.ts'
import type { Node } from './tiktok-ads-client.ts'
import { isNode } from './tiktok-ads-client.ts'
import { worstAddress } from '../domain/url-tags.ts'

/** Dimensions and metrics of the report, each a raw column of the same name. TikTok counts names and the currency as metrics. */
const columns = [
  { name: 'stat_time_day', type: 'day', required: true },
  { name: 'campaign_id', type: 'text', required: true },
  { name: 'campaign_name', type: 'text', required: false },
  { name: 'currency', type: 'text', required: true },
  { name: 'spend', type: 'decimal', required: true },
  { name: 'impressions', type: 'bigint', required: true },
  { name: 'clicks', type: 'bigint', required: true },
  { name: 'conversion', type: 'decimal', required: false },
  { name: 'total_purchase_value', type: 'decimal', required: false },
  { name: 'video_play_actions', type: 'bigint', required: false },
] as const satisfies readonly RawColumn[]

export const reportDimensions = ['campaign_id', 'stat_time_day'] as const

export const reportMetrics: readonly string[] = columns
  .map(({ name }) => name)
  .filter((name) => !(reportDimensions as readonly string[]).includes(name))

export const tiktokMapping = {
  grain: 'exact',
  version: 1,
  columns,
  date: 'stat_time_day',
  entityId: 'campaign_id',
  currency: 'currency',
  cost: { from: 'column', column: 'spend', absent: 'zero' },
  impressions: { from: 'column', column: 'impressions', absent: 'zero' },
  clicks: { from: 'column', column: 'clicks', absent: 'zero' },
  // TikTok's clicks are clicks from an ad to its destination.
  linkClicks: { from: 'column', column: 'clicks', absent: 'zero' },
  videoViews: { from: 'column', column: 'video_play_actions', absent: 'zero' },
  conversions: { from: 'column', column: 'conversion', absent: 'zero' },
  conversionValue: { from: 'column', column: 'total_purchase_value', absent: 'zero' },
} as const satisfies RawMapping

/** Strings and numbers come mixed, and `-` stands for what does not apply. Numbers are the digits that stood on the wire. */
function text(value: unknown): string | null {
  if (value === undefined || value === null || value === '-') return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The raw row of `{"dimensions":{…},"metrics":{…}}`; of `2024-01-01 00:00:00` the day is kept. */
export function tiktokRawRow({ dimensions, metrics }: Node): RawRow {
  const cells: Node = { ...(isNode(metrics) && metrics), ...(isNode(dimensions) && dimensions) }
  const row = Object.fromEntries(columns.map(({ name }) => [name, text(cells[name])]))
  return { ...row, stat_time_day: row['stat_time_day']?.slice(0, 10) ?? null }
}

export function tiktokTotals(totals: Node): ControlTotals {
  const of = (name: string): Decimal => decimal(text(totals[name]) ?? '0')
  return {
    cost: of('spend'),
    impressions: of('impressions'),
    clicks: of('clicks'),
    conversions: of('conversion'),
    conversionValue: of('total_purchase_value'),
  }
}

export const campaignFields = [
  'campaign_id',
  'campaign_name',
  'operation_status',
  'secondary_status',
  'objective_type',
  'budget_mode',
  'budget',
] as const

/** Deleted campaigns are listed only for those who ask for every status. */
export const everyStatus = { primary_status: 'STATUS_ALL' } as const

/** Where ads lead to is told of ads alone. */
export const adFields = ['ad_id', 'campaign_id', 'landing_page_url'] as const

/** By campaign, the address that stands for those of its ads. */
export function campaignAddresses(ads: readonly Node[]): ReadonlyMap<string, string> {
  const byCampaign = Map.groupBy(ads, (node) => text(node['campaign_id']) ?? '')
  return new Map(
    [...byCampaign].map(([id, own]) => [id, worstAddress(own.map((ad) => text(ad['landing_page_url']) ?? '')) ?? '']),
  )
}

const statuses: Readonly<Record<string, EntityStatus>> = {
  CAMPAIGN_STATUS_DELETE: 'removed',
  CAMPAIGN_STATUS_DISABLE: 'paused',
  CAMPAIGN_STATUS_ENABLE: 'active',
  DISABLE: 'paused',
  ENABLE: 'active',
}

const dailyModes = new Set(['BUDGET_MODE_DAY', 'BUDGET_MODE_DYNAMIC_DAILY_BUDGET'])

/** `secondary_status` says what is, `operation_status` what was set; budgets are in units of the account's currency. */
export function tiktokEntity(
  node: Node,
  { accountId }: AdAccount,
  addresses: ReadonlyMap<string, string> = new Map(),
): EntityObservation {
  const address = addresses.get(text(node['campaign_id']) ?? '')
  const statusRaw = text(node['secondary_status']) ?? text(node['operation_status']) ?? ''
  const budget = text(node['budget'])
  return {
    platform: 'tiktok_ads',
    accountId,
    level: 'campaign',
    entityId: text(node['campaign_id']) ?? '',
    parentId: null,
    name: text(node['campaign_name']) ?? '',
    status: statuses[statusRaw] ?? statuses[text(node['operation_status']) ?? ''] ?? 'unknown',
    statusRaw,
    dailyBudget:
      budget !== null && dailyModes.has(text(node['budget_mode']) ?? '') ? normalised(decimal(budget)) : null,
    objectiveRaw: text(node['objective_type']) ?? '',
    urls:
      address === undefined ? undefined : { trackingTemplate: address || null, finalUrlSuffix: null, urlTags: null },
  }
}

export const advertiserFields = ['advertiser_id', 'name', 'currency', 'timezone', 'display_timezone', 'status'] as const

/** How an advertiser stands: `STATUS_ENABLE` is sound, any other word is why it is not. */
export const statusWord = (node: Node): string => text(node['status']) ?? 'STATUS_ENABLE'

/** `display_timezone` is the zone of reports; `timezone` may be its offset only. Throws DOMAIN_* for a currency or zone that is none. */
export function tiktokAccount(node: Node): AdAccount {
  const id = text(node['advertiser_id']) ?? ''
  return {
    platform: 'tiktok_ads',
    accountId: id,
    name: text(node['name']) ?? id,
    currency: currency(text(node['currency']) ?? ''),
    zone: timeZone(text(node['display_timezone']) ?? text(node['timezone']) ?? ''),
  }
}
