import type { WorldAd, WorldAdGroup } from './ads.ts'
import { microsText, unitsText } from './amount.ts'
import type { WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayText, mondayOf, weekday } from './day-number.ts'
import type { Figures } from './figures.ts'
import type { World, WorldAccount } from './world.ts'

/** What a field's value is read from. Fields of one FROM resource see only what that resource has. */
export interface FieldContext {
  readonly world: World
  /** The account asked for; the manager has no campaigns and is a bare account. */
  readonly customer: GoogleCustomer
  /** Of `customer_client`: the customer that the row is about. */
  readonly client: GoogleClient | undefined
  readonly campaign: WorldCampaign | undefined
  /** An ad group, or of Performance Max an asset group. */
  readonly group: WorldAdGroup | undefined
  readonly ad: WorldAd | undefined
  readonly today: DayNumber
  day: DayNumber
  action: ConversionAction | undefined
  readonly figures: Figures
}

export interface GoogleCustomer {
  readonly id: string
  readonly name: string
  readonly currency: string
  readonly zone: string
  readonly digits: number
  readonly manager: boolean
  readonly status: 'ENABLED' | 'SUSPENDED'
  readonly account: WorldAccount | undefined
}

export interface GoogleClient extends GoogleCustomer {
  readonly level: number
}

export interface ConversionAction {
  readonly id: string
  readonly name: string
  readonly category: string
  readonly lookbackDays: number
  /** Splits an account's conversions; the last action takes the rest, so that the parts sum to the whole. */
  readonly share: number
}

export type FieldType =
  | 'INT64'
  | 'INT32'
  | 'STRING'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'DATE'
  | 'RESOURCE_NAME'
  | readonly string[]

export interface GoogleField {
  /** A list of names is an enum. */
  readonly type: FieldType
  readonly value: (context: FieldContext) => string | undefined
  readonly filterable?: false
  /** Versions before this one do not know the field, versions from `until` on no longer do. */
  readonly since?: number
  readonly until?: number
}

export const conversionActions: readonly ConversionAction[] = [
  { id: '7001', name: 'Purchase (web)', category: 'PURCHASE', lookbackDays: 30, share: 0.7 },
  { id: '7002', name: '앱 구매', category: 'PURCHASE', lookbackDays: 28, share: 0.3 },
]

const campaignStatuses = ['UNSPECIFIED', 'UNKNOWN', 'ENABLED', 'PAUSED', 'REMOVED'] as const
const channels = [
  'UNSPECIFIED',
  'UNKNOWN',
  'SEARCH',
  'DISPLAY',
  'SHOPPING',
  'HOTEL',
  'VIDEO',
  'MULTI_CHANNEL',
  'LOCAL',
  'SMART',
  'PERFORMANCE_MAX',
  'LOCAL_SERVICES',
  'TRAVEL',
  'DEMAND_GEN',
] as const
const servingStatuses = ['UNSPECIFIED', 'UNKNOWN', 'SERVING', 'NONE', 'ENDED', 'PENDING', 'SUSPENDED'] as const
const customerStatuses = ['UNSPECIFIED', 'UNKNOWN', 'ENABLED', 'CANCELED', 'SUSPENDED', 'CLOSED'] as const
const biddings = [
  'UNSPECIFIED',
  'UNKNOWN',
  'MANUAL_CPC',
  'MAXIMIZE_CONVERSIONS',
  'MAXIMIZE_CONVERSION_VALUE',
  'TARGET_CPA',
  'TARGET_ROAS',
  'TARGET_SPEND',
] as const
const budgetStatuses = ['UNSPECIFIED', 'UNKNOWN', 'ENABLED', 'REMOVED'] as const
const weekdays = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const
const actionCategories = ['UNSPECIFIED', 'UNKNOWN', 'DEFAULT', 'PAGE_VIEW', 'PURCHASE', 'SIGNUP', 'DOWNLOAD'] as const
const actionStatuses = ['UNSPECIFIED', 'UNKNOWN', 'ENABLED', 'REMOVED', 'HIDDEN'] as const

const bySalt = (campaign: WorldCampaign) => String(9_000_000_000 + (campaign.salt % 1_000_000_000))

function campaignField(type: FieldType, value: (campaign: WorldCampaign, context: FieldContext) => string | undefined) {
  return { type, value: (context: FieldContext) => (context.campaign ? value(context.campaign, context) : undefined) }
}

const campaignFields = {
  'campaign.resource_name': campaignField(
    'RESOURCE_NAME',
    (c, { customer }) => `customers/${customer.id}/campaigns/${c.campaignId}`,
  ),
  'campaign.id': campaignField('INT64', (c) => c.campaignId),
  'campaign.name': campaignField('STRING', (c, { today }) => campaignState(c, today).name),
  'campaign.status': campaignField(campaignStatuses, (c, { today }) => campaignState(c, today).status.toUpperCase()),
  'campaign.serving_status': campaignField(servingStatuses, (c, { today }) => {
    const { status } = campaignState(c, today)
    return status === 'enabled' ? 'SERVING' : status === 'removed' ? 'ENDED' : 'NONE'
  }),
  'campaign.final_url_suffix': campaignField('STRING', (c) => c.urlSuffix),
  'campaign.tracking_url_template': campaignField('STRING', () => undefined),
  'campaign.advertising_channel_type': campaignField(channels, (c) => c.theme.googleChannel),
  'campaign.bidding_strategy_type': campaignField(biddings, (c) =>
    c.theme.googleChannel === 'SEARCH' ? 'MAXIMIZE_CONVERSIONS' : 'MAXIMIZE_CONVERSION_VALUE',
  ),
  'campaign.campaign_budget': campaignField(
    'RESOURCE_NAME',
    (c, { customer }) => `customers/${customer.id}/campaignBudgets/${bySalt(c)}`,
  ),
  'campaign.start_date': { ...campaignField('DATE', (c) => dayText(c.firstDay)), until: 23 },
  'campaign.start_date_time': { ...campaignField('STRING', (c) => `${dayText(c.firstDay)} 00:00:00`), since: 23 },
  'campaign.end_date_time': {
    ...campaignField('STRING', (c) => (c.kind === 'oneOff' ? `${dayText(c.lastDay)} 23:59:59` : undefined)),
    since: 23,
  },
  'campaign_budget.resource_name': campaignField(
    'RESOURCE_NAME',
    (c, { customer }) => `customers/${customer.id}/campaignBudgets/${bySalt(c)}`,
  ),
  'campaign_budget.id': campaignField('INT64', bySalt),
  'campaign_budget.name': campaignField('STRING', (c) => `${c.name} budget`),
  'campaign_budget.amount_micros': campaignField('INT64', (c, { customer }) =>
    microsText(c.dailyBudgetCoins, customer.digits),
  ),
  'campaign_budget.period': campaignField(['UNSPECIFIED', 'UNKNOWN', 'DAILY', 'CUSTOM_PERIOD'], () => 'DAILY'),
  'campaign_budget.status': campaignField(budgetStatuses, () => 'ENABLED'),
  'campaign_budget.explicitly_shared': campaignField('BOOLEAN', () => 'false'),
} as const satisfies Record<string, GoogleField>

function partField(
  type: FieldType,
  value: (context: FieldContext & { readonly group: WorldAdGroup }) => string | undefined,
) {
  return {
    type,
    value: (context: FieldContext) => (context.group ? value({ ...context, group: context.group }) : undefined),
  }
}

/** Groups and ads have no life of their own here: they are enabled until their campaign is removed. */
const partStatus = ({ campaign, today }: FieldContext) =>
  campaign && campaignState(campaign, today).status === 'removed' ? 'REMOVED' : 'ENABLED'

const partFields = {
  'ad_group.resource_name': partField(
    'RESOURCE_NAME',
    ({ customer, group }) => `customers/${customer.id}/adGroups/${group.groupId}`,
  ),
  'ad_group.id': partField('INT64', ({ group }) => group.groupId),
  'ad_group.name': partField('STRING', ({ group }) => group.name),
  'ad_group.status': partField(campaignStatuses, partStatus),
  'ad_group_ad.resource_name': partField(
    'RESOURCE_NAME',
    ({ customer, group, ad }) => `customers/${customer.id}/adGroupAds/${group.groupId}~${ad?.sharedId}`,
  ),
  'ad_group_ad.status': partField(campaignStatuses, partStatus),
  'ad_group_ad.ad.id': partField('INT64', ({ ad }) => ad?.sharedId),
  'ad_group_ad.ad.name': partField('STRING', ({ ad }) => ad?.name),
  'asset_group.resource_name': partField(
    'RESOURCE_NAME',
    ({ customer, group }) => `customers/${customer.id}/assetGroups/${group.groupId}`,
  ),
  'asset_group.id': partField('INT64', ({ group }) => group.groupId),
  'asset_group.name': partField('STRING', ({ group }) => group.name),
  'asset_group.status': partField(campaignStatuses, partStatus),
} as const satisfies Record<string, GoogleField>

const customerFields = {
  'customer.resource_name': { type: 'RESOURCE_NAME', value: ({ customer }) => `customers/${customer.id}` },
  'customer.id': { type: 'INT64', value: ({ customer }) => customer.id },
  'customer.descriptive_name': { type: 'STRING', value: ({ customer }) => customer.name },
  'customer.currency_code': { type: 'STRING', value: ({ customer }) => customer.currency },
  'customer.time_zone': { type: 'STRING', value: ({ customer }) => customer.zone },
  'customer.manager': { type: 'BOOLEAN', value: ({ customer }) => String(customer.manager) },
  'customer.test_account': { type: 'BOOLEAN', value: () => 'false' },
  'customer.auto_tagging_enabled': { type: 'BOOLEAN', value: () => 'true' },
  'customer.status': { type: customerStatuses, value: ({ customer }) => customer.status },
  'customer_client.resource_name': {
    type: 'RESOURCE_NAME',
    value: ({ customer, client }) => `customers/${customer.id}/customerClients/${client?.id}`,
  },
  'customer_client.client_customer': { type: 'RESOURCE_NAME', value: ({ client }) => `customers/${client?.id}` },
  'customer_client.id': { type: 'INT64', value: ({ client }) => client?.id },
  'customer_client.level': { type: 'INT64', value: ({ client }) => String(client?.level) },
  'customer_client.descriptive_name': { type: 'STRING', value: ({ client }) => client?.name },
  'customer_client.currency_code': { type: 'STRING', value: ({ client }) => client?.currency },
  'customer_client.time_zone': { type: 'STRING', value: ({ client }) => client?.zone },
  'customer_client.manager': { type: 'BOOLEAN', value: ({ client }) => String(client?.manager) },
  'customer_client.test_account': { type: 'BOOLEAN', value: () => 'false' },
  'customer_client.hidden': { type: 'BOOLEAN', value: () => 'false' },
  'customer_client.status': { type: customerStatuses, value: ({ client }) => client?.status },
  'conversion_action.resource_name': {
    type: 'RESOURCE_NAME',
    value: ({ customer, action }) => `customers/${customer.id}/conversionActions/${action?.id}`,
  },
  'conversion_action.id': { type: 'INT64', value: ({ action }) => action?.id },
  'conversion_action.name': { type: 'STRING', value: ({ action }) => action?.name },
  'conversion_action.status': { type: actionStatuses, value: () => 'ENABLED' },
  'conversion_action.category': { type: actionCategories, value: ({ action }) => action?.category },
  'conversion_action.primary_for_goal': { type: 'BOOLEAN', value: () => 'true' },
  'conversion_action.click_through_lookback_window_days': {
    type: 'INT64',
    value: ({ action }) => String(action?.lookbackDays),
  },
} as const satisfies Record<string, GoogleField>

const monthOf = (day: DayNumber) => `${dayText(day).slice(0, 7)}-01`

function quarterOf(day: DayNumber): string {
  const text = dayText(day)
  const month = Math.floor((Number(text.slice(5, 7)) - 1) / 3) * 3 + 1
  return `${text.slice(0, 4)}-${String(month).padStart(2, '0')}-01`
}

const segmentFields = {
  'segments.date': { type: 'DATE', value: ({ day }) => dayText(day) },
  'segments.week': { type: 'DATE', value: ({ day }) => dayText(mondayOf(day)) },
  'segments.month': { type: 'DATE', value: ({ day }) => monthOf(day) },
  'segments.quarter': { type: 'DATE', value: ({ day }) => quarterOf(day) },
  'segments.year': { type: 'INT32', value: ({ day }) => dayText(day).slice(0, 4) },
  'segments.day_of_week': { type: weekdays, value: ({ day }) => weekdays[weekday(day)] },
  'segments.conversion_action': {
    type: 'RESOURCE_NAME',
    value: ({ customer, action }) => `customers/${customer.id}/conversionActions/${action?.id}`,
  },
  'segments.conversion_action_name': { type: 'STRING', value: ({ action }) => action?.name },
  'segments.conversion_action_category': { type: actionCategories, value: ({ action }) => action?.category },
} as const satisfies Record<string, GoogleField>

/** A double as JSON would print it; a ratio without denominator is 0, as the API answers. */
function ratio(over: number, under: number): string {
  return under === 0 ? '0' : String(over / under)
}

const costMicros = ({ figures, customer }: FieldContext) => Number(microsText(figures.costCoins, customer.digits))

const metricFields = {
  'metrics.impressions': { type: 'INT64', value: ({ figures }) => String(figures.impressions) },
  'metrics.clicks': { type: 'INT64', value: ({ figures }) => String(figures.clicks) },
  'metrics.interactions': { type: 'INT64', value: ({ figures }) => String(figures.clicks) },
  'metrics.cost_micros': {
    type: 'INT64',
    value: ({ figures, customer }) => microsText(figures.costCoins, customer.digits),
  },
  'metrics.conversions': { type: 'DOUBLE', value: ({ figures }) => unitsText(figures.conversionMicros, 6) },
  'metrics.conversions_value': {
    type: 'DOUBLE',
    value: ({ figures, customer }) => unitsText(figures.valueCoins, customer.digits),
  },
  'metrics.all_conversions': { type: 'DOUBLE', value: ({ figures }) => unitsText(figures.conversionMicros, 6) },
  'metrics.all_conversions_value': {
    type: 'DOUBLE',
    value: ({ figures, customer }) => unitsText(figures.valueCoins, customer.digits),
  },
  'metrics.view_through_conversions': { type: 'INT64', value: ({ figures }) => String(figures.viewThroughConversions) },
  'metrics.video_views': { type: 'INT64', value: ({ figures }) => String(figures.videoViews), until: 23 },
  'metrics.video_trueview_views': { type: 'INT64', value: ({ figures }) => String(figures.videoViews), since: 23 },
  'metrics.ctr': { type: 'DOUBLE', value: ({ figures }) => ratio(figures.clicks, figures.impressions) },
  'metrics.average_cpc': { type: 'DOUBLE', value: (context) => ratio(costMicros(context), context.figures.clicks) },
  'metrics.average_cpm': {
    type: 'DOUBLE',
    value: (context) => ratio(costMicros(context) * 1000, context.figures.impressions),
  },
  'metrics.cost_per_conversion': {
    type: 'DOUBLE',
    value: (context) => ratio(costMicros(context) * 1e6, context.figures.conversionMicros),
  },
} as const satisfies Record<string, GoogleField>

/** Every field that the sandbox's queries know, by its GAQL name. */
export const googleFields: Readonly<Record<string, GoogleField>> = {
  ...campaignFields,
  ...partFields,
  ...customerFields,
  ...segmentFields,
  ...metricFields,
}

/** Which resources a FROM resource may select attributes of, and whether metrics and segments go with it. */
export const googleResources = {
  campaign: { attributes: ['campaign', 'campaign_budget', 'customer'], metrics: true },
  campaign_budget: { attributes: ['campaign_budget', 'campaign', 'customer'], metrics: true },
  ad_group: { attributes: ['ad_group', 'campaign', 'customer'], metrics: true },
  ad_group_ad: { attributes: ['ad_group_ad', 'ad_group', 'campaign', 'customer'], metrics: true },
  asset_group: { attributes: ['asset_group', 'campaign', 'customer'], metrics: true },
  customer: { attributes: ['customer'], metrics: true },
  customer_client: { attributes: ['customer_client', 'customer'], metrics: false },
  conversion_action: { attributes: ['conversion_action', 'customer'], metrics: false },
} as const satisfies Record<string, { attributes: readonly string[]; metrics: boolean }>

export type GoogleResource = keyof typeof googleResources

/** Metrics that may be split by `segments.conversion_action*`; any other with such a segment is refused by the API. */
export const conversionMetrics: ReadonlySet<string> = new Set([
  'metrics.conversions',
  'metrics.conversions_value',
  'metrics.all_conversions',
  'metrics.all_conversions_value',
])

/** Segments of time: they may stand in WHERE without being selected, and when selected the range must be bounded. */
export const dateSegments: ReadonlySet<string> = new Set([
  'segments.date',
  'segments.week',
  'segments.month',
  'segments.quarter',
  'segments.year',
  'segments.day_of_week',
])

/** `campaign_budget.amount_micros` as JSON writes it: `campaignBudget.amountMicros`; `adGroupAd.ad.id` is `id` of the member `ad`. */
export function jsonPath(field: string): readonly [group: string, key: string] {
  const path = field.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const at = path.indexOf('.')
  return [path.slice(0, at), path.slice(at + 1)]
}
