import type { Fragment } from './fragment.ts'
import { identifier, sql } from './fragment.ts'

/** What a check may say of a column: only numbers have a least and a most, only text has a pattern. */
export type ColumnKind = 'text' | 'number'

export interface Column {
  readonly kind: ColumnKind
  /** Of a staged row. A ratio is null where there is nothing to divide by, which is no value and breaks no range. */
  readonly value: Fragment
  /** A whole number, which cannot be NaN. */
  readonly isWhole?: true
}

const stored = (kind: ColumnKind, name: string): Column => ({ kind, value: sql`${identifier(name)}` })
const whole = (name: string): Column => ({ ...stored('number', name), isWhole: true })
const ratio = (value: Fragment): Column => ({ kind: 'number', value })

/**
 * The columns of `daily_campaign_metrics` that a staged row has, by the names under which people read them. A check names a column and
 * never writes SQL; what is not here is an error with its line, and no name from a file ever becomes a part of a statement.
 */
export const columns = {
  campaign_id: stored('text', 'entity_id'),
  currency: { kind: 'text', value: sql`${identifier('currency')}::text` },
  cost: stored('number', 'cost'),
  impressions: whole('impressions'),
  clicks: whole('clicks'),
  link_clicks: whole('link_clicks'),
  video_views: whole('video_views'),
  conversions: stored('number', 'conversions'),
  conversion_value: stored('number', 'conversion_value'),
  ctr: ratio(sql`clicks::numeric / nullif(impressions, 0)`),
  cpc: ratio(sql`cost / nullif(clicks, 0)`),
  cvr: ratio(sql`conversions / nullif(clicks, 0)`),
  cpa: ratio(sql`cost / nullif(conversions, 0)`),
  roas: ratio(sql`conversion_value / nullif(cost, 0)`),
} as const satisfies Readonly<Record<string, Column>>

export type ColumnName = keyof typeof columns

export const columnNames = Object.keys(columns) as readonly ColumnName[]

/** The column by the name in a configuration, which has been checked against `columnNames`. */
export function columnOf(name: ColumnName): Column {
  return columns[name]
}
