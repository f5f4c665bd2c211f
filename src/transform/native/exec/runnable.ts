import { dirname, join } from 'node:path'
import { Template } from '../jinja/template.ts'
import type { DescribedEntry, Manifest, Node, NodeConfig, ResourceType } from '../parse/nodes.ts'

const EMPTY = Template.parse('', '')

/** What is described and takes part in a build: unit tests run, exposures and saved queries are named and nothing is done for them. */
const parts: ReadonlySet<string> = new Set(['unit_test', 'exposure', 'saved_query'])

/** A node, or a described entry in the shape of one; undefined for what no command runs. */
export function runnable(manifest: Manifest, uniqueId: string): Node | undefined {
  const entry = manifest.described.get(uniqueId)
  if (entry === undefined) return manifest.nodes.get(uniqueId)
  return parts.has(entry.resourceType) ? shaped(entry) : undefined
}

function shaped(entry: DescribedEntry): Node {
  return {
    ...blank(entry),
    resourceType: entry.resourceType as ResourceType,
    dependsOnNodes: entry.dependsOnNodes,
    config: { ...entry.config, materialized: entry.resourceType },
  }
}

/** The node that a unit test compiles: the tested model's SQL under the test's own name. */
export function unitNode(entry: DescribedEntry, tested: Node, config: NodeConfig): Node {
  const name = tested.version === null ? entry.name : `${entry.name}_v${tested.version}`
  return {
    ...blank(entry),
    resourceType: 'unit_test',
    uniqueId: entry.uniqueId,
    name,
    path: join(dirname(entry.originalFilePath), `${name}.sql`),
    fqn: entry.uniqueId.split('.'),
    database: tested.database,
    schema: tested.schema,
    alias: name,
    config: { ...config, materialized: 'unit' },
    rawCode: tested.rawCode,
    template: tested.template,
  }
}

function blank(entry: DescribedEntry): Node {
  const { path, originalFilePath, fqn, tags, config } = entry
  return { ...bareNode(entry), path, originalFilePath, fqn, tags, config }
}

/** A node that is nothing but its name. */
export function bareNode({ uniqueId, name, packageName }: Pick<Node, 'uniqueId' | 'name' | 'packageName'>): Node {
  return {
    uniqueId,
    resourceType: 'unit_test',
    name,
    packageName,
    path: '',
    originalFilePath: '',
    fqn: uniqueId.split('.'),
    tags: [],
    config: {},
    database: '',
    schema: '',
    alias: name,
    description: '',
    docBlocks: [],
    columns: new Map(),
    meta: {},
    unrenderedConfig: {},
    patchPath: null,
    relationName: null,
    rawCode: '',
    template: EMPTY,
    checksum: { name: 'none', checksum: '' },
    refs: [],
    sources: [],
    metrics: [],
    configCall: {},
    dependsOnNodes: [],
    dependsOnMacros: [],
    genericTest: null,
    rootFolder: '',
    constraints: [],
    contract: { enforced: false, alias_types: true, checksum: null },
    group: null,
    version: null,
    latestVersion: null,
    deprecationDate: null,
    timeSpine: null,
  }
}
