import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from '../config-check.ts'
import type { Insight } from '../server/insight.ts'
import type { Invocation } from './command.ts'

/** What the dashboard's Settings and Lineage screens say of the project. */
export function insightOf(invocation: Invocation, settings: Settings): Insight {
  const { transform, warehouse, lake, pipeline, brief, retention, stream, connections, notify } = settings
  const names = (of: Readonly<Record<string, { readonly adapter: string }>>) =>
    Object.entries(of)
      .map(([name, { adapter }]) => `${name} (${adapter})`)
      .join(', ') || '–'
  return {
    async manifest() {
      if (transform === null) return null
      const file = join(transform.project, 'target', 'manifest.json')
      // Not there before the first build; half written while dbt writes it.
      return readFile(file, 'utf8')
        .then(JSON.parse, () => null)
        .catch(() => null)
    },
    general: [
      { key: 'name', value: settings.name },
      { key: 'pipeline.zone', value: pipeline.zone },
      { key: 'pipeline.parallelAccounts', value: String(pipeline.parallelAccounts) },
      { key: 'warehouse', value: warehouse.adapter },
      { key: 'lake', value: lake.adapter },
      { key: 'transform', value: transform === null ? '–' : transform.adapter },
      { key: 'connections', value: names(connections) },
      { key: 'notify', value: names(notify) },
      { key: 'stream', value: `${stream.log.adapter}, ${stream.counters.adapter}` },
      { key: 'brief.at', value: brief.at ?? '–' },
    ],
    retention: [
      { what: 'raw', days: retention.raw },
      { what: 'facts', days: null },
      { what: 'results', days: null },
      { what: 'logs', days: null },
      { what: 'audit', days: null },
    ],
    async doctor(language) {
      const { examine } = await import('./doctor.ts')
      return examine({ ...invocation, language })
    },
  }
}
