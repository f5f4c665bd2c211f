import { addDecimals, decimal, fromUnits, zero } from '../domain/decimal.ts'
import type { EntityObservation, EntityStatus } from '../domain/entity.ts'
import type { RawColumn, RawMapping, RawRow } from '../domain/mapping.ts'
import type { ControlTotals } from '../domain/metric.ts'
import type { Currency } from '../domain/money.ts'
import { worstAddress } from '../domain/url-tags.ts'
import type { UrlFields } from '../domain/url-tags.ts'

/**
 * Fields of insights, each a raw column of the same name. Meta leaves out what is zero, so only the words that make a row a row are
 * required. Numbers are text on the wire; `json` columns hold the array as it came.
 */
const columns = [
  { name: 'date_start', type: 'day', required: true },
  { name: 'date_stop', type: 'day', required: true },
  { name: 'account_id', type: 'text', required: false },
  { name: 'account_currency', type: 'text', required: true },
  { name: 'campaign_id', type: 'text', required: true },
  { name: 'campaign_name', type: 'text', required: false },
  { name: 'impressions', type: 'bigint', required: false },
  { name: 'clicks', type: 'bigint', required: false },
  { name: 'inline_link_clicks', type: 'bigint', required: false },
  { name: 'spend', type: 'decimal', required: false },
  { name: 'actions', type: 'json', required: false },
  { name: 'action_values', type: 'json', required: false },
] as const satisfies readonly RawColumn[]

export type MetaColumn = (typeof columns)[number]['name']

/** The dates come unasked with every row. */
export const insightFields: readonly string[] = columns
  .map(({ name }) => name)
  .filter((name) => !name.startsWith('date_'))

/** One purchase is told under several overlapping action types: the widest that is present is the whole. */
const purchases = ['omni_purchase', 'offsite_conversion.fb_pixel_purchase', 'purchase'] as const

export const metaMapping = {
  grain: 'exact',
  version: 1,
  columns,
  date: 'date_start',
  entityId: 'campaign_id',
  currency: 'account_currency',
  cost: { from: 'column', column: 'spend', absent: 'zero' },
  impressions: { from: 'column', column: 'impressions', absent: 'zero' },
  clicks: { from: 'column', column: 'clicks', absent: 'zero' },
  linkClicks: { from: 'column', column: 'inline_link_clicks', absent: 'zero' },
  videoViews: { from: 'firstAction', column: 'actions', actionTypes: ['video_view'], absent: 'zero' },
  conversions: { from: 'firstAction', column: 'actions', actionTypes: purchases, absent: 'zero' },
  conversionValue: { from: 'firstAction', column: 'action_values', actionTypes: purchases, absent: 'zero' },
  actions: { conversions: 'actions', values: 'action_values' },
} as const satisfies RawMapping

type Node = Readonly<Record<string, unknown>>

/** What stood on the wire; null where nothing did. */
export function text(value: unknown): string | null {
  if (typeof value === 'string') return value
  return value === undefined || value === null ? null : JSON.stringify(value)
}

/** The raw row of one insights row; a field that Meta left out is null. */
export function metaRawRow(node: Node): RawRow & Readonly<Record<MetaColumn, string | null>> {
  return {
    date_start: text(node['date_start']),
    date_stop: text(node['date_stop']),
    account_id: text(node['account_id']),
    account_currency: text(node['account_currency']),
    campaign_id: text(node['campaign_id']),
    campaign_name: text(node['campaign_name']),
    impressions: text(node['impressions']),
    clicks: text(node['clicks']),
    inline_link_clicks: text(node['inline_link_clicks']),
    spend: text(node['spend']),
    actions: text(node['actions']),
    action_values: text(node['action_values']),
  }
}

/**
 * `summary` as control totals. Conversions are not among them: a sum by action type is not the sum of each row's first action type.
 * What is missing is zero, as everywhere at Meta.
 */
export function metaTotals(summary: Node): ControlTotals {
  const of = (name: string) => decimal(typeof summary[name] === 'string' ? summary[name] : '0')
  return { cost: of('spend'), impressions: of('impressions'), clicks: of('clicks') }
}

/** Totals of two parts that share no row. */
export function addTotals(a: ControlTotals, b: ControlTotals): ControlTotals {
  const sum = (name: 'cost' | 'impressions' | 'clicks') => addDecimals(a[name] ?? zero, b[name] ?? zero)
  return { cost: sum('cost'), impressions: sum('impressions'), clicks: sum('clicks') }
}

/** Currencies whose amounts Meta's budgets count in whole units; all others are counted in hundredths. `spend` never is. */
const offsetOne: ReadonlySet<string> = new Set([
  'CLP',
  'COP',
  'CRC',
  'HUF',
  'ISK',
  'IDR',
  'JPY',
  'KRW',
  'PYG',
  'TWD',
  'VND',
])

const statuses: Readonly<Record<string, EntityStatus>> = {
  ACTIVE: 'active',
  PAUSED: 'paused',
  CAMPAIGN_PAUSED: 'paused',
  ADSET_PAUSED: 'paused',
  DELETED: 'removed',
  ARCHIVED: 'archived',
}

/** Deleted and archived campaigns are listed only for those who ask for them by status. */
export const campaignStatuses = ['ACTIVE', 'PAUSED', 'ARCHIVED', 'DELETED', 'IN_PROCESS', 'WITH_ISSUES'] as const

/** Where ads lead to stands in their creatives: a first few ads of each campaign come with the list of campaigns, in the same call. */
export const campaignFields = 'id,name,status,effective_status,objective,daily_budget,ads.limit(25){creative{url_tags}}'

/** The parameters that a campaign's ads add to their links; undefined without ads. */
function urlsOf(node: Node): UrlFields | undefined {
  const ads = (node['ads'] as { readonly data?: readonly Node[] } | undefined)?.data ?? []
  const tags = worstAddress(ads.map((ad) => text((ad['creative'] as Node | undefined)?.['url_tags']) ?? ''))
  return tags === undefined ? undefined : { trackingTemplate: null, finalUrlSuffix: null, urlTags: tags || null }
}

/** A node of the campaigns edge. `effective_status` says what is, `status` what was set; IN_PROCESS and WITH_ISSUES are neither. */
export function metaEntity(
  node: Node,
  account: { readonly accountId: string; readonly currency: Currency },
): EntityObservation {
  const statusRaw = text(node['effective_status']) ?? text(node['status']) ?? ''
  const budget = text(node['daily_budget'])
  return {
    platform: 'meta_ads',
    accountId: account.accountId,
    level: 'campaign',
    entityId: text(node['id']) ?? '',
    parentId: null,
    name: text(node['name']) ?? '',
    status: statuses[statusRaw] ?? statuses[text(node['status']) ?? ''] ?? 'unknown',
    statusRaw,
    dailyBudget:
      budget !== null && /^\d+$/.test(budget) && budget !== '0'
        ? fromUnits(BigInt(budget), offsetOne.has(account.currency) ? 0 : 2)
        : null,
    objectiveRaw: text(node['objective']) ?? '',
    urls: urlsOf(node),
  }
}

/** A campaign that spent and is not listed any more: its id and the name that its rows carry are all that is known. */
export function unlistedEntity(row: ReturnType<typeof metaRawRow>, accountId: string): EntityObservation {
  return {
    platform: 'meta_ads',
    accountId,
    level: 'campaign',
    entityId: row.campaign_id ?? '',
    parentId: null,
    name: row.campaign_name ?? '',
    status: 'unknown',
    statusRaw: '',
    dailyBudget: null,
    objectiveRaw: '',
  }
}

/**
 * Windows that are told beside the account's own, so that another one can be chosen afterwards. They are disjoint or contain one
 * another as conversion definitions know it; 7d_view and 28d_view are answered no more.
 */
export const attributionWindows = JSON.stringify(['default', '1d_click', '7d_click', '28d_click', '1d_view'])
