import type { AdAccount } from '../domain/account.ts'
import { timeZone } from '../domain/day.ts'
import { addDecimals, decimal, normalised, roundDecimal } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { EntityObservation, EntityStatus } from '../domain/entity.ts'
import type { RawColumn, RawMapping, RawRow } from '../domain/mapping.ts'
import type { ControlTotals } from '../domain/metric.ts'
import { currency } from '../domain/money.ts'

/** What LinkedIn calls a campaign group is a campaign everywhere else; its campaigns are ad groups. */
const columns = [
  { name: 'date', type: 'day', required: true },
  { name: 'campaignGroupId', type: 'text', required: true },
  { name: 'pivotValue', type: 'text', required: true },
  { name: 'impressions', type: 'bigint', required: true },
  { name: 'clicks', type: 'bigint', required: true },
  { name: 'landingPageClicks', type: 'bigint', required: false },
  { name: 'costInLocalCurrency', type: 'decimal', required: true },
  { name: 'costInUsd', type: 'decimal', required: false },
  { name: 'externalWebsiteConversions', type: 'decimal', required: false },
  { name: 'externalWebsitePostClickConversions', type: 'decimal', required: false },
  { name: 'externalWebsitePostViewConversions', type: 'decimal', required: false },
  { name: 'oneClickLeads', type: 'decimal', required: false },
  { name: 'conversionValueInLocalCurrency', type: 'decimal', required: false },
  { name: 'videoViews', type: 'bigint', required: false },
  { name: 'totalEngagements', type: 'bigint', required: false },
] as const satisfies readonly RawColumn[]

const keyColumns: readonly string[] = ['date', 'campaignGroupId', 'pivotValue']

export const analyticsFields: readonly string[] = columns
  .map(({ name }) => name)
  .filter((name) => !keyColumns.includes(name))

export const totalFields = [
  'impressions',
  'clicks',
  'costInLocalCurrency',
  'externalWebsiteConversions',
  'oneClickLeads',
] as const

export const linkedinMapping = {
  grain: 'exact',
  version: 1,
  columns,
  date: 'date',
  entityId: 'campaignGroupId',
  // Rows carry no currency: amounts are in the account's, and beside it in dollars.
  currency: null,
  cost: { from: 'column', column: 'costInLocalCurrency', absent: 'zero' },
  impressions: { from: 'column', column: 'impressions', absent: 'zero' },
  clicks: { from: 'column', column: 'clicks', absent: 'zero' },
  linkClicks: { from: 'column', column: 'landingPageClicks', absent: 'zero' },
  videoViews: { from: 'column', column: 'videoViews', absent: 'zero' },
  conversions: { from: 'sum', columns: ['externalWebsiteConversions', 'oneClickLeads'], absent: 'zero' },
  conversionValue: { from: 'column', column: 'conversionValueInLocalCurrency', absent: 'zero' },
} as const satisfies RawMapping

export type Node = Readonly<Record<string, unknown>>

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A member as text; numbers are the digits that stood on the wire. */
function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** `{"year":2026,"month":1,"day":5}` as a day. */
function dayOfParts(parts: unknown): string | null {
  if (!isNode(parts)) return null
  const [year, month, day] = [textOf(parts['year']), textOf(parts['month']), textOf(parts['day'])]
  return year && month && day ? `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` : null
}

/** `urn:li:sponsoredCampaignGroup:123` is 123. */
const idOfUrn = (urn: string | null): string | null => urn?.split(':').at(-1) ?? null

/** What a row is about: parts of an answer that were asked for separately are joined by it. */
export function keyOf(element: Node): { readonly urn: string | null; readonly date: string | null } {
  const { pivotValues, dateRange } = element
  const urn = Array.isArray(pivotValues) ? textOf(pivotValues[0]) : null
  return { urn, date: isNode(dateRange) ? dayOfParts(dateRange['start']) : null }
}

export function linkedinRawRow(element: Node): RawRow {
  const { urn, date } = keyOf(element)
  const keys: RawRow = { date, campaignGroupId: idOfUrn(urn), pivotValue: urn }
  return Object.fromEntries(
    columns.map(({ name }) => [name, keyColumns.includes(name) ? keys[name]! : textOf(element[name])]),
  )
}

/** Totals of the account over the range. LinkedIn's amounts carry remainders such as -2E-18: they end at the micro. */
export function linkedinTotals(element: Node): ControlTotals {
  const of = (name: (typeof totalFields)[number]): Decimal => decimal(textOf(element[name]) ?? '0')
  return {
    cost: roundDecimal(of('costInLocalCurrency'), 6),
    impressions: of('impressions'),
    clicks: of('clicks'),
    conversions: addDecimals(of('externalWebsiteConversions'), of('oneClickLeads')),
  }
}

const statuses: Readonly<Record<string, EntityStatus>> = {
  ACTIVE: 'active',
  PAUSED: 'paused',
  DRAFT: 'paused',
  ARCHIVED: 'archived',
  CANCELED: 'removed',
  PENDING_DELETION: 'removed',
  REMOVED: 'removed',
}

export const groupStatuses = Object.keys(statuses)

/** A campaign group; most have a budget for their lifetime only. */
export function linkedinEntity(node: Node, { accountId }: AdAccount): EntityObservation {
  const statusRaw = textOf(node['status']) ?? ''
  const budget = isNode(node['dailyBudget']) ? textOf(node['dailyBudget']['amount']) : null
  return {
    platform: 'linkedin_ads',
    accountId,
    level: 'campaign',
    entityId: textOf(node['id']) ?? '',
    parentId: null,
    name: textOf(node['name']) ?? '',
    status: statuses[statusRaw] ?? 'unknown',
    statusRaw,
    dailyBudget: budget === null ? null : normalised(decimal(budget)),
    objectiveRaw: textOf(node['objectiveType']) ?? '',
  }
}

/** How an account stands: ACTIVE is sound, any other word is why it is not. */
export const statusWord = (node: Node): string => textOf(node['status']) ?? 'ACTIVE'

/** LinkedIn's reports know days of UTC only, wherever the account is. Throws DOMAIN_* for a currency that is none. */
export function linkedinAccount(node: Node): AdAccount {
  const id = textOf(node['id']) ?? ''
  return {
    platform: 'linkedin_ads',
    accountId: id,
    name: textOf(node['name']) ?? id,
    currency: currency(textOf(node['currency']) ?? ''),
    zone: timeZone('UTC'),
  }
}
