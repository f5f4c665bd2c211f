import { z } from 'zod'
import type { RouteOutput } from './contract.ts'
import { sql } from './sql.ts'

type Node = RouteOutput<'GET /api/v1/lineage'>['nodes'][number]

export interface LineageNode extends Pick<Node, 'id' | 'kind' | 'name' | 'detail'> {
  /** Ids of what it is made from. */
  readonly from: readonly string[]
  /** `schema.name` in the warehouse, where it is there. */
  readonly relation: string | null
}

const dbtNode = z.object({
  unique_id: z.string(),
  resource_type: z.string(),
  name: z.string(),
  schema: z.string().nullish(),
  alias: z.string().nullish(),
  identifier: z.string().nullish(),
  config: z.object({ materialized: z.string().nullish() }).nullish(),
  depends_on: z.object({ nodes: z.array(z.string()).nullish() }).nullish(),
})
const exposure = dbtNode.extend({ label: z.string().nullish(), type: z.string().nullish() })

/** What we read of dbt's manifest; it has far more. */
export const manifestSchema = z.object({
  metadata: z.object({ generated_at: z.string().nullish() }),
  nodes: z.record(z.string(), dbtNode),
  sources: z.record(z.string(), dbtNode),
  exposures: z.record(z.string(), exposure).default({}),
})
export type Manifest = z.output<typeof manifestSchema>

/** The queries of each screen and mail; what they read is read out of their SQL, so that the picture cannot drift from it. */
export const readers = {
  'screen:overview': [
    'brief-accounts',
    'brief-volume',
    'brief-checks',
    'brief-totals',
    'brief-money',
    'brief-movers',
    'brief-stages',
    'brief-runs',
    'brief-models',
    'brief-stream',
    'brief-actions',
    'alerts',
  ],
  'screen:campaigns': ['campaigns'],
  'screen:runs': ['runs', 'grid', 'run-partitions'],
  'screen:quality': ['quality-checks', 'quality-scores', 'quality-samples'],
  'screen:connectors': ['connector-days'],
  'screen:live': ['live-minutes', 'live-campaigns', 'live-state', 'live-reconciled'],
  'screen:alerts': ['alerts'],
  'mail:brief': ['brief-accounts', 'brief-checks', 'brief-money', 'brief-movers', 'brief-actions'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** Tables that the warehouse fills itself, and what each is made from; `*`: the raw data of every platform. */
const ownTables: Readonly<Record<string, readonly string[]>> = {
  fact_ad_daily: ['*'],
  partition_state: ['*'],
  extract: ['*'],
  daily_campaign_metrics: ['fact_ad_daily'],
  fact_ad_monthly: ['fact_ad_daily'],
  fact_ad_month_stale: ['fact_ad_daily'],
}

const tableId = (name: string) => `table:${name}`

/**
 * Pure: from the platforms through the lake, the canonical tables and dbt's models to the screens and mails. `platforms` are those of
 * which the ledger knows a download; the manifest is dbt's own, null before anything was built; `schema` is the warehouse's.
 */
export function lineageNodes(
  platforms: readonly string[],
  manifest: Manifest | null,
  schema: string,
): readonly LineageNode[] {
  const raws = platforms.flatMap((platform): LineageNode[] => [
    { id: `platform:${platform}`, kind: 'platform', name: platform, detail: '', from: [], relation: null },
    {
      id: `raw:${platform}`,
      kind: 'raw',
      name: `raw/${platform}/`,
      detail: '',
      from: [`platform:${platform}`],
      relation: null,
    },
  ])
  const dbt = manifest === null ? [] : dbtNodes(manifest)
  const sources = manifest === null ? [] : Object.values(manifest.sources).map((one) => one.identifier ?? one.name)
  const tables = [...new Set([...Object.keys(ownTables), ...sources])].map((name): LineageNode => {
    const from = ownTables[name] ?? []
    return {
      id: tableId(name),
      kind: 'table',
      name,
      detail: '',
      from: from.flatMap((one) => (one === '*' ? platforms.map((platform) => `raw:${platform}`) : [tableId(one)])),
      relation: `${schema}.${name}`,
    }
  })
  const made = [...raws, ...tables, ...dbt]
  const ends = Object.entries(readers).map(([id, queries]): LineageNode => {
    const texts = queries.map(sql).join('\n')
    const [kind = 'screen', name = id] = id.split(':')
    const read = made.filter((one) => one.relation !== null && new RegExp(`\\b${one.name}\\b`).test(texts))
    return { id, kind: kind as 'screen' | 'mail', name, detail: '', from: read.map((one) => one.id), relation: null }
  })
  return [...made, ...ends]
}

function dbtNodes({ nodes, sources, exposures }: Manifest): readonly LineageNode[] {
  const idOf = (dbtId: string): string[] => {
    const known = sources[dbtId]
    if (known) return [tableId(known.identifier ?? known.name)]
    return nodes[dbtId] && isRelation(nodes[dbtId].resource_type) ? [dbtId] : []
  }
  const from = (one: z.output<typeof dbtNode>) => (one.depends_on?.nodes ?? []).flatMap(idOf)
  const models = Object.values(nodes)
    .filter((one) => isRelation(one.resource_type))
    .map((one): LineageNode => ({
      id: one.unique_id,
      kind: 'model',
      name: one.alias ?? one.name,
      detail: one.config?.materialized ?? one.resource_type,
      from: from(one),
      relation: one.config?.materialized === 'ephemeral' ? null : `${one.schema ?? 'public'}.${one.alias ?? one.name}`,
    }))
  const ends = Object.values(exposures).map((one): LineageNode => ({
    id: one.unique_id,
    kind: 'exposure',
    name: one.label ?? one.name,
    detail: one.type ?? '',
    from: from(one),
    relation: null,
  }))
  return [...models, ...ends]
}

const isRelation = (type: string) => type === 'model' || type === 'seed' || type === 'snapshot'
