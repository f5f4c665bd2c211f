import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import type { DescribedEntry } from './nodes.ts'

/**
 * What metrics and saved queries stand on: a simple metric on the semantic model of its measure, a ratio on its two metrics, a saved
 * query on its metrics. Names that nothing answers to are left out: nothing is run for these entries.
 */
export function withMetricParents(entries: readonly DescribedEntry[]): DescribedEntry[] {
  const metrics = byName(entries.filter((one) => one.resourceType === 'metric'))
  const measures = new Map(
    entries
      .filter((one) => one.resourceType === 'semantic_model')
      .flatMap((model) => namesOf(model.content['measures']).map((measure) => [measure, model.uniqueId] as const)),
  )
  const parentsOf = (entry: DescribedEntry): readonly string[] => {
    if (entry.resourceType === 'metric') return metricParents(entry, metrics, measures)
    if (entry.resourceType === 'exposure')
      return mentioned(entry.content['depends_on']).flatMap((name) => metrics.get(name) ?? [])
    if (entry.resourceType !== 'saved_query') return []
    return namesOf(mapping(entry.content['query_params'])['metrics']).flatMap((name) => metrics.get(name) ?? [])
  }
  return entries.map((entry) => ({
    ...entry,
    dependsOnNodes: [...new Set([...entry.dependsOnNodes, ...parentsOf(entry)])],
  }))
}

function byName(entries: readonly DescribedEntry[]): Map<string, string> {
  return new Map(entries.map((entry) => [entry.name, entry.uniqueId]))
}

function metricParents(
  { content }: DescribedEntry,
  metrics: ReadonlyMap<string, string>,
  measures: ReadonlyMap<string, string>,
): readonly string[] {
  const given = mapping(content['type_params'])
  const conversion = mapping(given['conversion_type_params'])
  const ofMeasures = [given['measure'], conversion['base_measure'], conversion['conversion_measure']]
  const ofMetrics = [given['numerator'], given['denominator'], ...list(given['metrics'])]
  return [
    ...ofMeasures.flatMap((one) => measures.get(nameOf(one)) ?? []),
    ...ofMetrics.flatMap((one) => metrics.get(nameOf(one)) ?? []),
  ]
}

/** `metric('revenue')` among what an exposure depends on. */
function mentioned(dependencies: unknown): string[] {
  return list(dependencies).flatMap((one) => /^\s*metric\(\s*['"]([^'"]+)['"]\s*\)\s*$/.exec(String(one))?.[1] ?? [])
}

function namesOf(value: unknown): string[] {
  return list(value).map((one) => nameOf(one))
}

/** A name, or a mapping that has one. */
function nameOf(value: unknown): string {
  const name = isMapping(value) ? value['name'] : value
  return typeof name === 'string' ? name : ''
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {}
}
