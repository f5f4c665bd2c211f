import type { AdAccount } from '../domain/account.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { MillraceError } from '../domain/errors.ts'
import type { RawColumn, RawMapping, RawRow } from '../domain/mapping.ts'
import type { Level } from '../domain/platform.ts'
import {
  campaignFields,
  campaignStatuses,
  insightFields,
  metaEntity,
  metaMapping,
  metaRawRow,
  text,
  unlistedEntity,
} from './meta-ads-rows.ts'

type Node = Readonly<Record<string, unknown>>

/** How one level is listed, asked for and read. */
export interface MetaLevel {
  /** Meta's word for it, in `level`. */
  readonly word: 'campaign' | 'adset' | 'ad'
  readonly edge: 'campaigns' | 'adsets' | 'ads'
  readonly listed: { readonly fields: string; readonly effective_status: string }
  readonly mapping: RawMapping
  readonly insightFields: readonly string[]
  readonly rawRow: (node: Node) => RawRow
  readonly entity: (node: Node, account: AdAccount) => EntityObservation
  /** What a row says of an entity that is in no list any more, and of what it stands in. */
  readonly unlisted: (row: RawRow, accountId: string) => readonly EntityObservation[]
}

const optional = (name: string): RawColumn => ({ name, type: 'text', required: false })
const needed = (name: string): RawColumn => ({ name, type: 'text', required: true })

/** What is below a campaign that does not run is paused, whatever was set for itself. */
const partStatuses = [...campaignStatuses, 'CAMPAIGN_PAUSED', 'ADSET_PAUSED', 'PENDING_REVIEW', 'DISAPPROVED'] as const

function partOf(own: readonly RawColumn[], entityId: string) {
  const names = own.map(({ name }) => name)
  return {
    mapping: { ...metaMapping, columns: [...metaMapping.columns, ...own], entityId },
    insightFields: [...insightFields, ...names],
    rawRow: (node: Node): RawRow => ({
      ...metaRawRow(node),
      ...Object.fromEntries(names.map((name) => [name, text(node[name])])),
    }),
  }
}

const parents = { ad_group: 'campaign_id', ad: 'adset_id' } as const

function listedPart(level: 'ad_group' | 'ad', node: Node, account: AdAccount): EntityObservation {
  const tags = (node['creative'] as Node | undefined)?.['url_tags']
  return {
    ...metaEntity(node, account),
    level,
    parentId: text(node[parents[level]]),
    urls: level === 'ad' ? { trackingTemplate: null, finalUrlSuffix: null, urlTags: text(tags) } : undefined,
  }
}

function unlistedPart(level: 'ad_group' | 'ad', row: RawRow, accountId: string): EntityObservation {
  const own = level === 'ad' ? 'ad' : 'adset'
  const entityId = row[`${own}_id`] ?? ''
  const name = row[`${own}_name`] ?? entityId
  const bare = { campaign_id: entityId, campaign_name: name } as ReturnType<typeof metaRawRow>
  return { ...unlistedEntity(bare, accountId), level, parentId: row[parents[level]] ?? null }
}

export const metaLevels: Readonly<Partial<Record<Level, MetaLevel>>> = {
  campaign: {
    word: 'campaign',
    edge: 'campaigns',
    listed: { fields: campaignFields, effective_status: JSON.stringify(campaignStatuses) },
    mapping: metaMapping,
    insightFields,
    rawRow: metaRawRow,
    entity: metaEntity,
    unlisted: (row, accountId) => [unlistedEntity(row as ReturnType<typeof metaRawRow>, accountId)],
  },
  ad_group: {
    word: 'adset',
    edge: 'adsets',
    listed: {
      fields: 'id,name,status,effective_status,campaign_id,daily_budget',
      effective_status: JSON.stringify(partStatuses),
    },
    ...partOf([needed('adset_id'), optional('adset_name')], 'adset_id'),
    entity: (node, account) => listedPart('ad_group', node, account),
    unlisted: (row, accountId) => [unlistedPart('ad_group', row, accountId)],
  },
  ad: {
    word: 'ad',
    edge: 'ads',
    listed: {
      fields: 'id,name,status,effective_status,campaign_id,adset_id,creative{url_tags}',
      effective_status: JSON.stringify(partStatuses),
    },
    ...partOf([needed('adset_id'), optional('adset_name'), needed('ad_id'), optional('ad_name')], 'ad_id'),
    entity: (node, account) => listedPart('ad', node, account),
    unlisted: (row, accountId) => [unlistedPart('ad_group', row, accountId), unlistedPart('ad', row, accountId)],
  },
}

/** Throws CONNECTORS_LEVEL_UNKNOWN for a level that Meta has not. */
export function metaLevel(level: Level): MetaLevel {
  const found = metaLevels[level]
  if (!found)
    throw new MillraceError('CONNECTORS_LEVEL_UNKNOWN', {
      connector: 'meta_ads',
      level,
      known: Object.keys(metaLevels).join(', '),
    })
  return found
}
