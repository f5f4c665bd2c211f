import type { AdAccount } from '../domain/account.ts'
import { timeZone } from '../domain/day.ts'
import { decimal, normalised } from '../domain/decimal.ts'
import type { EntityObservation, EntityStatus } from '../domain/entity.ts'
import type { RawColumn, RawMapping, RawRow } from '../domain/mapping.ts'
import { currency } from '../domain/money.ts'
import { zoneOfWord } from './microsoft-ads-zones.ts'

/** Columns of the campaign performance report, each a raw column of the same name. */
const columns = [
  { name: 'TimePeriod', type: 'day', required: true },
  { name: 'AccountId', type: 'text', required: false },
  { name: 'CampaignId', type: 'text', required: true },
  { name: 'CampaignName', type: 'text', required: false },
  { name: 'CampaignStatus', type: 'text', required: false },
  { name: 'CurrencyCode', type: 'text', required: true },
  { name: 'Impressions', type: 'bigint', required: true },
  { name: 'Clicks', type: 'bigint', required: true },
  { name: 'Spend', type: 'decimal', required: true },
  { name: 'Conversions', type: 'bigint', required: false },
  { name: 'ConversionsQualified', type: 'decimal', required: false },
  { name: 'Revenue', type: 'decimal', required: false },
] as const satisfies readonly RawColumn[]

export const reportColumns: readonly string[] = columns.map(({ name }) => name)

export const microsoftMapping = {
  grain: 'exact',
  version: 1,
  columns,
  date: 'TimePeriod',
  entityId: 'CampaignId',
  currency: 'CurrencyCode',
  cost: { from: 'column', column: 'Spend', absent: 'zero' },
  impressions: { from: 'column', column: 'Impressions', absent: 'zero' },
  clicks: { from: 'column', column: 'Clicks', absent: 'zero' },
  linkClicks: { from: 'column', column: 'Clicks', absent: 'zero' },
  videoViews: { from: 'none' },
  // Fractional, as attribution makes them; `Conversions` is the older whole number.
  conversions: { from: 'column', column: 'ConversionsQualified', absent: 'zero' },
  conversionValue: { from: 'column', column: 'Revenue', absent: 'zero' },
} as const satisfies RawMapping

const grouped = /^-?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/
const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/

/** `3/15/2020`, as the older format writes days, is `2020-03-15`. */
function dayText(text: string): string {
  const match = american.exec(text)
  return match ? `${match[3]}-${match[1]!.padStart(2, '0')}-${match[2]!.padStart(2, '0')}` : text
}

/** The raw row of a record: an empty cell is null, and the older format's commas between thousands are left out. */
export function microsoftRawRow(record: Readonly<Record<string, string>>): RawRow {
  return Object.fromEntries(
    columns.map(({ name, type }) => {
      const cell = record[name] ?? ''
      if (cell === '' || cell === '--') return [name, null]
      if (type === 'day') return [name, dayText(cell)]
      return [name, type !== 'text' && grouped.test(cell) ? cell.replaceAll(',', '') : cell]
    }),
  )
}

type Node = Readonly<Record<string, unknown>>

/** A member as text; its number, when it is one, as the digits that stood on the wire. */
export function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const statuses: Readonly<Record<string, EntityStatus>> = {
  Active: 'active',
  Paused: 'paused',
  BudgetPaused: 'paused',
  BudgetAndManualPaused: 'paused',
  Suspended: 'paused',
  Deleted: 'removed',
}

/** A campaign of a list. A budget that has an id is shared with others and nobody's daily budget. */
export function microsoftEntity(node: Node, { accountId }: Pick<AdAccount, 'accountId'>): EntityObservation {
  const statusRaw = textOf(node['Status']) ?? ''
  const budget = textOf(node['DailyBudget'])
  const of = (name: string) => textOf(node[name]) || null
  const shared = ![null, '', '0'].includes(textOf(node['BudgetId']))
  return {
    platform: 'microsoft_ads',
    accountId,
    level: 'campaign',
    entityId: textOf(node['Id']) ?? '',
    parentId: null,
    name: textOf(node['Name']) ?? '',
    status: statuses[statusRaw] ?? 'unknown',
    statusRaw,
    dailyBudget: budget === null || shared ? null : normalised(decimal(budget)),
    objectiveRaw: textOf(node['CampaignType']) ?? '',
    // A row of a report says nothing of addresses; a listed campaign without any has none.
    urls:
      'CampaignType' in node
        ? { trackingTemplate: of('TrackingUrlTemplate'), finalUrlSuffix: of('FinalUrlSuffix'), urlTags: null }
        : undefined,
  }
}

/** Lists leave deleted campaigns out; the rows of what they spent still say their name and status. */
export function entityOfRow(row: RawRow, account: Pick<AdAccount, 'accountId'>): EntityObservation {
  const { CampaignId: Id, CampaignName: Name, CampaignStatus: Status } = row
  return microsoftEntity({ Id, Name: Name ?? Id, Status }, account)
}

/** An account of a search, and what only Microsoft knows of it. */
export interface MicrosoftAccount {
  readonly account: AdAccount
  readonly customerId: string
  readonly status: string
}

/** Throws DOMAIN_* for a currency or zone that is none. */
export function microsoftAccount(node: Node): MicrosoftAccount {
  const id = textOf(node['Id']) ?? ''
  return {
    account: {
      platform: 'microsoft_ads',
      accountId: id,
      name: textOf(node['Name']) ?? id,
      currency: currency(textOf(node['CurrencyCode']) ?? ''),
      zone: timeZone(zoneOfWord(textOf(node['TimeZone']) ?? '')),
    },
    customerId: textOf(node['ParentCustomerId']) ?? '',
    status: textOf(node['AccountLifeCycleStatus']) ?? 'Active',
  }
}
