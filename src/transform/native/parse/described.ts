import type { Mapping } from '../project/shape.ts'
import { isMapping } from '../project/shape.ts'
import { mergeConfig } from './config.ts'
import { folders } from './node-maker.ts'
import type { NodeMaker } from './node-maker.ts'
import type { DescribedEntry, NodeConfig, NodeVersion, Reference } from './nodes.ts'
import type { Described, DescribedKind } from './schema-files.ts'

const types = {
  exposures: 'exposure',
  groups: 'group',
  metrics: 'metric',
  semantic_models: 'semantic_model',
  saved_queries: 'saved_query',
  unit_tests: 'unit_test',
} as const satisfies Record<DescribedKind, DescribedEntry['resourceType']>

const REF = /^\s*ref\(\s*['"]([^'"]+)['"]\s*(?:,\s*['"]([^'"]+)['"]\s*)?(?:,\s*(?:v|version)\s*=\s*([^)]+?)\s*)?\)\s*$/
const SOURCE = /^\s*source\(\s*['"]([^'"]+)['"]\s*,\s*['"]([^'"]+)['"]\s*\)\s*$/

/** What an expression of a schema file such as `ref('orders')` names. */
export function namedIn(text: unknown): { readonly ref?: Reference; readonly source?: readonly [string, string] } {
  const bare = typeof text === 'string' ? text.replace(/^\{\{|\}\}$/g, '') : ''
  const [, first, second, written] = REF.exec(bare) ?? []
  const version = written === undefined ? null : writtenVersion(written)
  if (first !== undefined)
    return {
      ref: second === undefined ? { name: first, package: null, version } : { name: second, package: first, version },
    }
  const [, source, table] = SOURCE.exec(bare) ?? []
  return source !== undefined && table !== undefined ? { source: [source, table] } : {}
}

function writtenVersion(text: string): NodeVersion {
  const quoted = /^['"](.*)['"]$/.exec(text)?.[1]
  return quoted ?? (Number.isNaN(Number(text)) ? text : Number(text))
}

/** A thing that is described and not run, with its place in the graph. */
export function describedEntry(
  parser: Pick<NodeMaker, 'project' | 'root' | 'levels'>,
  { kind, name, file, content }: Described,
): DescribedEntry {
  const { project, root } = parser
  const resourceType = types[kind]
  const fqn = [project.name, ...folders(file), ...(kind === 'unit_tests' ? [modelOf(content)] : []), name]
  const named = expressionsOf(kind, content).map((text) => namedIn(text))
  const own = isMapping(content['config']) ? content['config'] : {}
  // dbt configures groups where it configures models.
  const tree = kind === 'unit_tests' ? 'unitTests' : kind === 'groups' ? 'models' : 'exposures'
  const above = project === root ? [] : parser.levels(root, tree, fqn)
  const config = [...parser.levels(project, tree, fqn), own, ...above].reduce(mergeConfig, {
    enabled: true,
  } as NodeConfig)
  const tags = [content['tags'], config['tags']].flatMap((given) =>
    Array.isArray(given) ? given : given ? [given] : [],
  )
  const middle = kind === 'unit_tests' ? `${modelOf(content)}.` : ''
  return {
    uniqueId: `${resourceType}.${project.name}.${middle}${name}`,
    resourceType,
    name,
    packageName: project.name,
    path: file.split('/').slice(1).join('/'),
    originalFilePath: file,
    fqn,
    content,
    config,
    group:
      kind === 'metrics' || kind === 'saved_queries'
        ? typeof config['group'] === 'string'
          ? config['group']
          : null
        : null,
    tags: [...new Set(tags.map(String))],
    refs: named.flatMap(({ ref }) => ref ?? []),
    sources: named.flatMap(({ source }) => (source ? [source] : [])),
    dependsOnNodes: [],
  }
}

function expressionsOf(kind: DescribedKind, content: Mapping): readonly unknown[] {
  if (kind === 'exposures') return Array.isArray(content['depends_on']) ? content['depends_on'] : []
  if (kind === 'semantic_models') return [content['model']]
  return []
}

function modelOf(content: Mapping): string {
  const { model } = content
  return typeof model === 'string' ? model : ''
}
