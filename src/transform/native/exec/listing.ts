import type { RunnerRequest } from '../../runner.ts'
import { versionOf } from '../graph/match-names.ts'
import type { Selectable } from '../graph/selectable.ts'
import { fromHost, toJson } from '../jinja/json.ts'
import { isMapping } from '../project/shape.ts'
import type { Prepared } from './prepare.ts'
import { contentOf } from './selected.ts'

/** The keys that dbt writes when it is not asked for others. */
const USUAL_KEYS: ReadonlySet<string> = new Set([
  'alias',
  'name',
  'package_name',
  'depends_on',
  'tags',
  'config',
  'resource_type',
  'source_name',
  'original_file_path',
  'unique_id',
])

/** What `ls` prints, a line each, in the order of the unique ids. */
export function listing(
  nodes: readonly Selectable[],
  { output = 'selector', outputKeys = [] }: Pick<RunnerRequest, 'output' | 'outputKeys'>,
  prepared: Prepared,
): string[] {
  const writers = {
    selector: selectorOf,
    name: searchName,
    path: (one: Selectable) => one.originalFilePath,
    json: (one: Selectable) => jsonLine(contentOf(one, prepared) as Content, outputKeys),
  } as const
  return nodes.map((one) => writers[output](one))
}

const METHODS: ReadonlySet<string> = new Set(['exposure', 'metric', 'saved_query', 'semantic_model', 'unit_test'])

/** What selects exactly this one. */
function selectorOf(one: Selectable): string {
  if (one.resourceType === 'source') return `source:${one.packageName}.${one.sourceName}.${one.name}`
  if (!METHODS.has(one.resourceType)) return one.fqn.join('.')
  const version = one.resourceType === 'unit_test' ? versionOf(one) : null
  return `${one.resourceType}:${one.packageName}.${one.name}${version === null ? '' : `_v${version}`}`
}

function searchName(one: Selectable): string {
  if (one.resourceType === 'source') return `${one.sourceName}.${one.name}`
  const version = one.resourceType === 'model' ? versionOf(one) : null
  return version === null ? one.name : `${one.name}.v${version}`
}

type Content = Readonly<Record<string, unknown>>

function jsonLine(content: Content, keys: readonly string[]): string {
  const entries =
    keys.length === 0 ? Object.entries(content).filter(([key]) => USUAL_KEYS.has(key)) : keys.flatMap(pickedOf(content))
  return toJson(fromHost(Object.fromEntries(entries)))
}

/** A key, or a path with dots; of a path, what is not there or null is left out. */
function pickedOf(content: Content): (key: string) => [string, unknown][] {
  return (key) => {
    if (!key.includes('.')) return Object.hasOwn(content, key) ? [[key, content[key]]] : []
    const found = key.split('.').reduce<unknown>((level, part) => (isMapping(level) ? level[part] : undefined), content)
    return found === undefined || found === null ? [] : [[key, found]]
  }
}
