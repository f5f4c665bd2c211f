import type { FastifyInstance } from 'fastify'
import { metricCatalogue, metricSql } from '../domain/metric-catalogue.ts'
import { platforms } from '../domain/platform.ts'
import type { RouteOutput } from './contract.ts'
import { Figures } from './figure.ts'
import type { Insight } from './insight.ts'
import { layOutOnce } from './layout.ts'
import type { LineageNode } from './lineage-graph.ts'
import { lineageNodes, manifestSchema } from './lineage-graph.ts'
import type { Door } from './mount.ts'
import { languageOf } from './problem.ts'
import { serve } from './route.ts'

type Lineage = RouteOutput<'GET /api/v1/lineage'>
type Metric = RouteOutput<'GET /api/v1/settings'>['metrics'][number]

/** The configuration, the doctor, the catalogue of metrics, and how everything hangs together. */
export function settings(app: FastifyInstance, door: Door, insightOf: () => Insight | undefined): void {
  serve(app, 'GET /api/v1/settings', async () => {
    const { general = [], retention = [] } = insightOf() ?? {}
    return { general: [...general], retention: [...retention], metrics: metricCatalogue.map(metricOf) }
  })
  serve(app, 'GET /api/v1/doctor', async (_input, request) => ({
    lines: [...((await insightOf()?.doctor(languageOf(request))) ?? [])],
  }))
  serve(app, 'GET /api/v1/lineage', () => lineage(door, insightOf()))
}

function metricOf(metric: (typeof metricCatalogue)[number]): Metric {
  const { id, label, meaning, unit, better, caveats = {} } = metric
  return {
    id,
    label: { ...label },
    meaning: { ...meaning },
    unit,
    better,
    formula: metric.kind === 'ratio' ? metricSql(metric) : null,
    caveats: platforms.flatMap((platform) => {
      const one = caveats[platform]
      return one === undefined ? [] : [{ platform, comparable: one.comparable, en: one.en, ko: one.ko }]
    }),
  }
}

interface LedgerRow {
  readonly kind: 'platform' | 'relation' | 'models'
  readonly name: string
  readonly rows: string | null
  readonly freshAt: Date | null
  readonly failed: boolean | null
}

const boxPx = { width: 276, height: 72 }

async function lineage(door: Door, insight: Insight | undefined): Promise<Lineage> {
  const read = manifestSchema.safeParse(await insight?.manifest())
  const manifest = read.success ? read.data : null
  const figures = new Figures(door.warehouse(), door.clock)
  const { schema } = door.warehouse().connection
  const relations = lineageNodes([], manifest, schema).flatMap(({ relation }) => (relation === null ? [] : [relation]))
  const ledger = await figures.ask<LedgerRow>('lineage-ledger', [relations])
  const known = ledger.filter(({ kind }) => kind === 'platform').map(({ name }) => name)
  const nodes = lineageNodes(known.toSorted(), manifest, schema)
  const edges = nodes.flatMap(({ id, from }) => from.map((one) => ({ from: one, to: id })))
  return {
    nodes: nodes.map((node) => {
      const { id, kind, name, detail } = node
      return { id, kind, name, detail, ...stateOf(node, ledger) }
    }),
    layout: layOutOnce(
      nodes.map(({ id }) => ({ id, ...boxPx })),
      edges,
    ),
    builtAt: manifest?.metadata.generated_at ? new Date(manifest.metadata.generated_at).toISOString() : null,
    sources: figures.sources,
  }
}

/** How new and how large a node is, by the ledger; screens and mails read when they are opened and have no age. */
function stateOf(
  { kind, name, relation }: LineageNode,
  ledger: readonly LedgerRow[],
): Pick<Lineage['nodes'][number], 'state' | 'rows' | 'freshAt'> {
  const built = ledger.find((one) => one.kind === 'models')
  const platform = ledger.find((one) => one.kind === 'platform' && `raw/${one.name}/` === name)
  const table = ledger.find((one) => one.kind === 'relation' && one.name === relation)
  const row = kind === 'raw' ? platform : table
  const rows = row?.rows === undefined || row.rows === null ? null : Number(row.rows)
  if (kind === 'model') {
    const published = ledger.find((one) => one.name.endsWith('.fact_ad_daily'))?.freshAt ?? null
    const isOld = built?.freshAt != null && published !== null && published > built.freshAt
    const state = table?.failed === true ? 'failed' : built === undefined ? 'unknown' : isOld ? 'old' : 'fresh'
    return { state, rows, freshAt: built?.freshAt?.toISOString() ?? null }
  }
  if (kind === 'raw' || kind === 'table')
    return {
      state: table?.failed === true ? 'failed' : row?.freshAt == null ? 'unknown' : 'fresh',
      rows,
      freshAt: row?.freshAt?.toISOString() ?? null,
    }
  return { state: 'unknown', rows: null, freshAt: null }
}
