import { z } from 'zod'
import { layout } from './contract-graph.ts'
import { source } from './contract-overview.ts'
import { instant } from './contract-runs.ts'

const node = z.object({
  id: z.string(),
  kind: z.enum(['platform', 'raw', 'table', 'model', 'exposure', 'screen', 'mail']),
  name: z.string(),
  /** How it is kept: table, view, incremental, …; what a platform's data is called in the lake. */
  detail: z.string(),
  state: z.enum(['fresh', 'old', 'failed', 'unknown']),
  /** Null: not counted; of tables it is the database's estimate. */
  rows: z.number().int().nullable(),
  freshAt: instant.nullable(),
})

export const lineageAnswer = z.object({
  nodes: z.array(node),
  /** Its edges say what is read by what. */
  layout,
  /** When dbt wrote the manifest that the models are from; null: nothing was built yet. */
  builtAt: instant.nullable(),
  sources: z.record(z.string(), source),
})
