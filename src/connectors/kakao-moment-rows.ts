import type { Decimal } from '../domain/decimal.ts'
import { addDecimals, decimal, zero } from '../domain/decimal.ts'
import type { EntityObservation, EntityStatus } from '../domain/entity.ts'
import type { RawColumn, RawMapping, RawRow } from '../domain/mapping.ts'
import type { ControlTotals } from '../domain/metric.ts'

/** How long after a click a purchase counts for it. */
export type ConversionWindow = '1d' | '7d'

const columns = [
  { name: 'start', type: 'day', required: true },
  { name: 'end', type: 'day', required: true },
  { name: 'campaign_id', type: 'text', required: true },
  { name: 'imp', type: 'bigint', required: true },
  { name: 'click', type: 'bigint', required: true },
  { name: 'cost', type: 'decimal', required: true },
  { name: 'conv_purchase_1d', type: 'decimal', required: false },
  { name: 'conv_purchase_7d', type: 'decimal', required: false },
  { name: 'conv_purchase_p_1d', type: 'decimal', required: false },
  { name: 'conv_purchase_p_7d', type: 'decimal', required: false },
] as const satisfies readonly RawColumn[]

type KakaoColumn = (typeof columns)[number]['name']

/** Groups of metrics; single ones cannot be asked for. The cost is the supply price: without VAT. */
export const metricsGroups = 'BASIC,PIXEL_SDK_CONVERSION'

/** Kakao counts one kind of click, and video views only of video campaigns, in a group of their own. */
export function kakaoMapping(window: ConversionWindow): RawMapping {
  return {
    grain: 'exact',
    version: 1,
    columns,
    date: 'start',
    entityId: 'campaign_id',
    currency: null,
    cost: { from: 'column', column: 'cost', absent: 'zero' },
    impressions: { from: 'column', column: 'imp', absent: 'zero' },
    clicks: { from: 'column', column: 'click', absent: 'zero' },
    linkClicks: { from: 'column', column: 'click', absent: 'zero' },
    videoViews: { from: 'none' },
    conversions: { from: 'column', column: `conv_purchase_${window}`, absent: 'zero' },
    conversionValue: { from: 'column', column: `conv_purchase_p_${window}`, absent: 'zero' },
  }
}

export type Node = Readonly<Record<string, unknown>>

const nodeOf = (value: unknown): Node => (typeof value === 'object' && value !== null ? (value as Node) : {})

const textOf = (value: unknown): string | null =>
  typeof value === 'string' ? value : value === undefined || value === null ? null : JSON.stringify(value)

export type KakaoRow = RawRow & Readonly<Record<KakaoColumn, string | null>>

/** The raw row of `{"start","end","dimensions":{"campaign_id"},"metrics":{"imp",…}}`, its numbers the digits that stood on the wire. */
export function kakaoRow(node: Node): KakaoRow {
  const metrics = nodeOf(node['metrics'])
  const row = {} as Record<KakaoColumn, string | null>
  for (const { name } of columns) row[name] = textOf(metrics[name])
  row.start = textOf(node['start'])
  row.end = textOf(node['end'])
  row.campaign_id = textOf(nodeOf(node['dimensions'])['campaign_id'])
  return row
}

/** Kakao has a row for every day asked about; one without anything says no more than that it was asked. */
export function isSilent(row: KakaoRow): boolean {
  return columns.slice(3).every(({ name }) => /^0*\.?0*$/.test(row[name] ?? '0'))
}

/** Sums over rows, in the words of control totals. */
export function kakaoTotals(rows: Iterable<KakaoRow>, window: ConversionWindow): Required<ControlTotals> {
  const sums: Record<keyof ControlTotals, Decimal> = {
    cost: zero,
    impressions: zero,
    clicks: zero,
    conversions: zero,
    conversionValue: zero,
  }
  const sources = {
    cost: 'cost',
    impressions: 'imp',
    clicks: 'click',
    conversions: `conv_purchase_${window}`,
    conversionValue: `conv_purchase_p_${window}`,
  } as const satisfies Record<keyof ControlTotals, KakaoColumn>
  for (const row of rows)
    for (const name of Object.keys(sums) as (keyof ControlTotals)[])
      sums[name] = addDecimals(sums[name], decimal(row[sources[name]] ?? '0'))
  return sums
}

const statuses: Readonly<Record<string, EntityStatus>> = { ON: 'active', OFF: 'paused', DEL: 'removed' }

/** A campaign as the list has it: id, name and two switches, the advertiser's and Kakao's. Budget and goal are in its detail only. */
export function kakaoEntity(node: Node, detail: Node | undefined, accountId: string): EntityObservation {
  const config = textOf(node['config']) ?? ''
  const system = textOf(node['systemConfig']) ?? ''
  const stopped = system !== '' && system !== 'ON' && config === 'ON'
  const budget = textOf(detail?.['dailyBudgetAmount']) ?? ''
  const { campaignType, goal } = nodeOf(detail?.['campaignTypeGoal'])
  return {
    platform: 'kakao_moment',
    accountId,
    level: 'campaign',
    entityId: textOf(node['id']) ?? '',
    parentId: null,
    name: textOf(node['name']) || (textOf(node['id']) ?? ''),
    status: stopped ? 'paused' : (statuses[config] ?? 'unknown'),
    statusRaw: stopped ? `${config}/${system}` : config,
    dailyBudget: /^[1-9]\d*$/.test(budget) ? decimal(budget) : null,
    objectiveRaw: [textOf(campaignType), textOf(goal)].filter((word) => word !== null).join('/'),
  }
}
