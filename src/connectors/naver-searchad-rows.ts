import { MillraceError } from '../domain/errors.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { decimal, fromUnits, toUnits } from '../domain/decimal.ts'
import type { EntityObservation, EntityStatus } from '../domain/entity.ts'
import type { RawColumn, RawMapping, RawRow } from '../domain/mapping.ts'

/** A day of an account comes as two reports: what was delivered, and what it brought. */
export type NaverReport = 'AD' | 'AD_CONVERSION'

/** The columns of both, in the order in which they stand in a line; the files name none. Later versions add some at the end. */
const shared = [
  'date',
  'customer_id',
  'campaign_id',
  'adgroup_id',
  'keyword_id',
  'ad_id',
  'channel_id',
  'media_code',
  'pc_mobile',
] as const
const naverColumns = {
  AD: [...shared, 'impressions', 'clicks', 'cost', 'rank_sum', 'views'],
  AD_CONVERSION: [...shared, 'conversion_method', 'conversion_type', 'conversion_count', 'conversion_sales'],
} as const satisfies Record<NaverReport, readonly string[]>

const columns = [
  { name: 'date', type: 'day', required: true },
  { name: 'customer_id', type: 'text', required: false },
  { name: 'campaign_id', type: 'text', required: true },
  { name: 'adgroup_id', type: 'text', required: false },
  { name: 'keyword_id', type: 'text', required: false },
  { name: 'ad_id', type: 'text', required: false },
  { name: 'channel_id', type: 'text', required: false },
  { name: 'media_code', type: 'text', required: false },
  { name: 'pc_mobile', type: 'text', required: false },
  { name: 'impressions', type: 'bigint', required: false },
  { name: 'clicks', type: 'bigint', required: false },
  { name: 'cost', type: 'decimal', required: false },
  { name: 'rank_sum', type: 'decimal', required: false },
  { name: 'views', type: 'bigint', required: false },
  { name: 'conversion_method', type: 'text', required: false },
  { name: 'conversion_type', type: 'text', required: false },
  { name: 'conversion_count', type: 'decimal', required: false },
  { name: 'conversion_sales', type: 'decimal', required: false },
  { name: 'net_cost', type: 'decimal', required: false },
  { name: 'purchases', type: 'decimal', required: false },
  { name: 'purchase_sales', type: 'decimal', required: false },
] as const satisfies readonly RawColumn[]

export type NaverColumn = (typeof columns)[number]['name']

/**
 * Rows are finer than campaign and day (keyword, ad, medium, device) and are summed. The last three columns are made here: the cost
 * without VAT, and of the conversions those that are purchases, direct and indirect.
 */
export const naverMapping = {
  grain: 'finer',
  version: 1,
  columns,
  date: 'date',
  entityId: 'campaign_id',
  currency: null,
  cost: { from: 'column', column: 'net_cost', absent: 'zero' },
  impressions: { from: 'column', column: 'impressions', absent: 'zero' },
  clicks: { from: 'column', column: 'clicks', absent: 'zero' },
  linkClicks: { from: 'column', column: 'clicks', absent: 'zero' },
  videoViews: { from: 'column', column: 'views', absent: 'zero' },
  conversions: { from: 'column', column: 'purchases', absent: 'zero' },
  conversionValue: { from: 'column', column: 'purchase_sales', absent: 'zero' },
} as const satisfies RawMapping

/** Words since 2024-07-03, numbers before. */
const purchaseTypes: ReadonlySet<string> = new Set(['purchase', '1'])

/** Whether the reports' cost is without VAT (`net`) or with it (`gross`). */
export type CostBasis = 'net' | 'gross'

/** A cost without Korea's VAT of ten percent: ten elevenths, to the millionth. */
export function withoutVat(gross: Decimal): Decimal {
  const units = toUnits(gross, 6) * 10n
  const half = units < 0n ? -5n : 5n
  return fromUnits((units + half) / 11n, 6)
}

const empty = Object.fromEntries(columns.map(({ name }) => [name, null])) as Record<NaverColumn, string | null>

export interface NaverReportFile {
  readonly report: NaverReport
  readonly date: Day
  readonly accountId: string
  readonly costBasis: CostBasis
}

function rowOf(cells: readonly string[], { report, date, costBasis }: NaverReportFile): RawRow {
  const row = { ...empty }
  naverColumns[report].forEach((name, at) => {
    // A dash stands where there is nothing, such as the keyword of an ad that was shown without one.
    row[name] = cells[at] === '-' || cells[at] === '' ? null : (cells[at] ?? null)
  })
  row.date = date
  if (row.cost !== null) row.net_cost = costBasis === 'net' ? row.cost : withoutVat(decimal(row.cost))
  if (row.conversion_type !== null && purchaseTypes.has(row.conversion_type)) {
    row.purchases = row.conversion_count
    row.purchase_sales = row.conversion_sales
  }
  return row
}

/**
 * The rows of a report's text. It has no header and no end mark: a last line without its line end is one that was cut.
 * Throws `broken` for that, CONNECTORS_SCHEMA_DRIFT for a line with too few columns or of another day.
 */
export function naverRows(
  text: string,
  file: NaverReportFile,
  broken: (detail: string) => MillraceError,
): readonly RawRow[] {
  const { report, date, accountId } = file
  const facts = { platform: 'naver_searchad', account: accountId }
  if (text !== '' && !text.endsWith('\n')) throw broken('the last line of the report has no end')
  const wanted = naverColumns[report].length
  const day = date.replaceAll('-', '')
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  lines.pop()
  // A line holds all that tells it from others: one that is there twice was sent twice.
  return [...new Set(lines)].map((line) => {
    const cells = line.split('\t')
    if (cells.length < wanted) {
      const detail = `a line of the report ${report} has ${cells.length} columns instead of ${wanted}`
      throw new MillraceError('CONNECTORS_SCHEMA_DRIFT', { ...facts, detail })
    }
    if (cells[0]?.replaceAll('-', '') !== day) {
      const detail = `the report ${report} of ${date} has a line of ${cells[0]}`
      throw new MillraceError('CONNECTORS_SCHEMA_DRIFT', { ...facts, detail })
    }
    return rowOf(cells, file)
  })
}

type Node = Readonly<Record<string, unknown>>

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

const statuses: Readonly<Record<string, EntityStatus>> = { ELIGIBLE: 'active', PAUSED: 'paused', DELETED: 'removed' }

/** A campaign as `/ncc/campaigns` lists it. A paused one says in `statusReason` by whom; a budget that is not used is none. */
export function naverEntity(node: Node, accountId: string): EntityObservation {
  const status = text(node['status'])
  const reason = text(node['statusReason'])
  const budget = text(node['dailyBudget'])
  return {
    platform: 'naver_searchad',
    accountId,
    level: 'campaign',
    entityId: text(node['nccCampaignId']),
    parentId: null,
    name: text(node['name']) || text(node['nccCampaignId']),
    status: node['delFlag'] === true ? 'removed' : (statuses[status] ?? 'unknown'),
    statusRaw: reason && reason !== status ? `${status}/${reason}` : status,
    dailyBudget: node['useDailyBudget'] === true && /^\d+$/.test(budget) && budget !== '0' ? decimal(budget) : null,
    objectiveRaw: text(node['campaignTp']),
    urls: { trackingTemplate: text(node['trackingUrl']) || null, finalUrlSuffix: null, urlTags: null },
  }
}

/** A campaign that spent and is not listed any more: its id is all that is known. */
export function unlistedNaverEntity(entityId: string, accountId: string): EntityObservation {
  const none = { parentId: null, statusRaw: '', dailyBudget: null, objectiveRaw: '' } as const
  return {
    platform: 'naver_searchad',
    accountId,
    level: 'campaign',
    entityId,
    name: entityId,
    status: 'unknown',
    ...none,
  }
}
