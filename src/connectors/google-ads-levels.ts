import type { DayRange } from '../domain/day.ts'
import type { EntityObservation, EntityStatus } from '../domain/entity.ts'
import type { RawColumn, RawMapping, RawRow, RawType } from '../domain/mapping.ts'
import type { Level } from '../domain/platform.ts'
import type { GoogleRawRow } from './google-ads-rows.ts'
import { googleEntity, googleFlatRows, googleMapping, jsonPathOf, metricsQuery, statusOf } from './google-ads-rows.ts'
import type { FlatRows } from './row-template.ts'

/** How one level is asked for and read: all of them in the same way, only the resource and its names differ. */
export interface GoogleLevel {
  readonly mapping: RawMapping
  readonly flat: FlatRows
  readonly query: (range: DayRange) => string
  /** What a row says of its entity, and of what that stands in. */
  readonly entities: (row: RawRow, accountId: string) => readonly EntityObservation[]
}

interface Field {
  readonly gaql: string
  readonly type: RawType
  readonly required: boolean
}

/** What the rows of every level below the campaign say. */
const shared: readonly Field[] = [
  { gaql: 'segments.date', type: 'day', required: true },
  { gaql: 'campaign.id', type: 'text', required: true },
  { gaql: 'customer.currency_code', type: 'text', required: true },
  { gaql: 'metrics.impressions', type: 'bigint', required: true },
  { gaql: 'metrics.clicks', type: 'bigint', required: true },
  { gaql: 'metrics.cost_micros', type: 'bigint', required: true },
  { gaql: 'metrics.conversions', type: 'decimal', required: false },
  { gaql: 'metrics.conversions_value', type: 'decimal', required: false },
]

const named = (resource: string): readonly Field[] => [
  { gaql: `${resource}.id`, type: 'text', required: true },
  { gaql: `${resource}.name`, type: 'text', required: false },
  { gaql: `${resource}.status`, type: 'text', required: false },
]

const views: Field = { gaql: 'metrics.video_trueview_views', type: 'bigint', required: false }

interface Shape {
  readonly from: string
  readonly fields: readonly Field[]
  /** A column that Google has not, made of others. */
  readonly key?: { readonly name: string; readonly of: readonly [string, string] }
  readonly entityId: string
  readonly entities: GoogleLevel['entities']
}

const columnOf = (gaql: string) => gaql.replaceAll('.', '_')

function levelOf({ from, fields, key, entityId, entities }: Shape): GoogleLevel {
  const all = [...shared, ...fields]
  const columns = all.map(({ gaql, type, required }): RawColumn => ({ name: columnOf(gaql), type, required }))
  const names = columns.map(({ name }) => name)
  const { date, currency, cost, impressions, clicks, linkClicks, conversions, conversionValue } = googleMapping
  const hasViews = fields.includes(views)
  return {
    mapping: {
      grain: 'exact',
      version: 1,
      columns: key ? [...columns, { name: key.name, type: 'text', required: true }] : columns,
      date,
      entityId,
      currency,
      cost,
      impressions,
      clicks,
      linkClicks,
      conversions,
      conversionValue,
      videoViews: hasViews ? googleMapping.videoViews : { from: 'none' },
    },
    flat: {
      paths: all.map(({ gaql }) => jsonPathOf(gaql)),
      fromCells(cells) {
        const row: Record<string, string | null> = {}
        for (let at = 0; at < names.length; at += 1) row[names[at]!] = cells[at] ?? null
        const [a, b] = key ? key.of.map((name) => row[name]) : []
        if (key) row[key.name] = a && b ? `${a}~${b}` : null
        return row
      },
    },
    query: ({ since, until }) =>
      `SELECT ${all.map(({ gaql }) => gaql).join(', ')} FROM ${from} WHERE segments.date BETWEEN '${since}' AND '${until}' PARAMETERS omit_unselected_resource_names=true`,
    entities,
  }
}

interface Described {
  readonly level: Level
  readonly entityId: string | null | undefined
  readonly parentId: string | null | undefined
  readonly name: string | null | undefined
  readonly statusRaw: string | null | undefined
}

function observed(accountId: string, { level, entityId, parentId, name, statusRaw }: Described): EntityObservation {
  const status: EntityStatus = statusOf(statusRaw)
  return {
    platform: 'google_ads',
    accountId,
    level,
    entityId: entityId ?? '',
    parentId: parentId ?? null,
    // An ad bears a name only when somebody gave it one.
    name: name || (entityId ?? ''),
    status,
    statusRaw: statusRaw ?? '',
    dailyBudget: null,
    objectiveRaw: '',
  }
}

function group(row: RawRow, accountId: string, level: 'ad_group' | 'asset_group'): EntityObservation {
  return observed(accountId, {
    level,
    entityId: row[`${level}_id`],
    parentId: row['campaign_id'],
    name: row[`${level}_name`],
    statusRaw: row[`${level}_status`],
  })
}

/** An ad may stand in two ad groups: it is known by both, as in Google's own resource names. */
const adKey = { name: 'ad_group_ad_key', of: ['ad_group_id', 'ad_group_ad_ad_id'] } as const

/**
 * Campaigns, and what is below them. Performance Max has asset groups and neither ad groups nor reported ads: what campaigns spend is
 * the sum of ad groups and asset groups, and of ads and asset groups.
 */
export const googleLevels: Readonly<Record<Level, GoogleLevel>> = {
  campaign: {
    mapping: googleMapping,
    flat: googleFlatRows,
    query: metricsQuery,
    entities: (row, accountId) => [googleEntity(row as GoogleRawRow, accountId)],
  },
  ad_group: levelOf({
    from: 'ad_group',
    fields: [...named('ad_group'), views],
    entityId: 'ad_group_id',
    entities: (row, accountId) => [group(row, accountId, 'ad_group')],
  }),
  ad: levelOf({
    from: 'ad_group_ad',
    fields: [
      ...named('ad_group'),
      { gaql: 'ad_group_ad.ad.id', type: 'text', required: true },
      { gaql: 'ad_group_ad.ad.name', type: 'text', required: false },
      { gaql: 'ad_group_ad.status', type: 'text', required: false },
      views,
    ],
    key: adKey,
    entityId: adKey.name,
    entities: (row, accountId) => [
      group(row, accountId, 'ad_group'),
      observed(accountId, {
        level: 'ad',
        entityId: row[adKey.name],
        parentId: row['ad_group_id'],
        name: row['ad_group_ad_ad_name'] || row['ad_group_ad_ad_id'],
        statusRaw: row['ad_group_ad_status'],
      }),
    ],
  }),
  asset_group: levelOf({
    from: 'asset_group',
    fields: named('asset_group'),
    entityId: 'asset_group_id',
    entities: (row, accountId) => [group(row, accountId, 'asset_group')],
  }),
}
