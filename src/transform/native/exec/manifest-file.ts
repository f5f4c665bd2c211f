import { join, parse } from 'node:path'
import { isoInstant } from '../../../domain/clock.ts'
import type { Invocation } from '../context/base-names.ts'
import { DBT_VERSION, md5 } from '../context/base-names.ts'
import { graphOf } from '../graph/graph.ts'
import { withForeignKeys } from '../parse/foreign-keys.ts'
import type { Mapping } from '../project/shape.ts'
import type { ColumnEntry, DescribedEntry, Manifest, Node, Source } from '../parse/nodes.ts'
import { primaryKeys } from '../parse/primary-keys.ts'
import { describedContent } from './described-content.ts'

export interface ArtifactOptions {
  readonly invocation: Invocation
  readonly startedAtMs: number
  readonly nowMs: number
  /** Hooks that were run: dbt numbers them as they come, those at the start apart from those at the end. */
  readonly hooks?: readonly string[]
  /** selectors.yml, every expression taken apart. */
  readonly selectors?: Mapping
}

/** dbt writes microseconds; ours end in zeros. */
export function artifactInstant(instantMs: number): string {
  return isoInstant(instantMs).replace('Z', '000Z')
}

/** manifest.json, version 12, for what the native runner covers. */
export function manifestContent(
  manifest: Manifest,
  compiled: ReadonlyMap<string, string>,
  options: ArtifactOptions,
): object {
  const graph = graphOf(manifest)
  const keys = primaryKeys(manifest)
  const nodes = [...manifest.nodes.values()].map((node) => [
    node.uniqueId,
    numbered(
      node,
      options,
      nodeContent(
        compiled.has(node.uniqueId) ? withForeignKeys(node, manifest) : node,
        compiled.get(node.uniqueId),
        options,
        keys.get(node.uniqueId),
      ),
    ),
  ])
  const disabled = [...manifest.disabled.values()].map((node) => [
    node.uniqueId,
    [nodeContent(node, undefined, options)],
  ])
  const switchedOff = manifest.disabledDescribed.map((entry) => [
    entry.uniqueId,
    [describedContent(entry, options.nowMs)],
  ])
  return {
    metadata: metadata(options),
    nodes: Object.fromEntries(nodes) as object,
    sources: Object.fromEntries(
      [...manifest.sources.values()].map((source) => [source.uniqueId, sourceContent(source, options)]),
    ),
    macros: macrosContent(manifest, options),
    docs: Object.fromEntries([...manifest.docs.values()].map((block) => [block.uniqueId, docContent(block)])),
    exposures: describedOf(manifest, options, 'exposure'),
    metrics: describedOf(manifest, options, 'metric'),
    groups: describedOf(manifest, options, 'group'),
    selectors: options.selectors ?? {},
    disabled: Object.fromEntries([...disabled, ...switchedOff]) as object,
    parent_map: sortedLists(graph.parents),
    child_map: sortedLists(graph.children),
    group_map: groupMap(manifest),
    saved_queries: describedOf(manifest, options, 'saved_query'),
    semantic_models: describedOf(manifest, options, 'semantic_model'),
    unit_tests: describedOf(manifest, options, 'unit_test'),
    functions: {},
  }
}

/** A hook's place among those that were run with it. */
function numbered({ uniqueId, tags }: Node, { hooks = [] }: ArtifactOptions, content: object): object {
  if (!hooks.includes(uniqueId)) return content
  const before = hooks.slice(0, hooks.indexOf(uniqueId))
  const [tag = ''] = tags
  return { ...content, index: before.filter((id) => id.includes(`-${tag}-`)).length + 1 }
}

function sortedLists(lists: ReadonlyMap<string, readonly string[]>): object {
  return Object.fromEntries([...lists].map(([id, ids]) => [id, [...ids].sort()])) as object
}

/** The members of every group. */
function groupMap({ nodes, described }: Manifest): object {
  const groups = [...described.values()].filter(({ resourceType }) => resourceType === 'group').map(({ name }) => name)
  const members = [...nodes.values(), ...described.values()].filter(({ group }) => group !== null)
  return Object.fromEntries(
    groups.map((name) => [name, members.filter(({ group }) => group === name).map(({ uniqueId }) => uniqueId)]),
  ) as object
}

function describedOf(manifest: Manifest, { nowMs }: ArtifactOptions, type: DescribedEntry['resourceType']): object {
  const entries = [...manifest.described.values()].filter((entry) => entry.resourceType === type)
  return Object.fromEntries(entries.map((entry) => [entry.uniqueId, describedContent(entry, nowMs)])) as object
}

function metadata({ invocation, startedAtMs, nowMs }: ArtifactOptions): object {
  return {
    dbt_schema_version: 'https://schemas.getdbt.com/dbt/manifest/v12.json',
    dbt_version: DBT_VERSION,
    generated_at: artifactInstant(nowMs),
    invocation_id: invocation.invocationId,
    invocation_started_at: artifactInstant(startedAtMs),
    env: {},
    project_name: invocation.projectName,
    project_id: md5(invocation.projectName),
    user_id: null,
    send_anonymous_usage_stats: false,
    adapter_type: 'postgres',
    quoting: { database: true, schema: true, identifier: true, column: null },
    run_started_at: artifactInstant(startedAtMs),
  }
}

function docContent(block: {
  name: string
  packageName: string
  path: string
  originalFilePath: string
  uniqueId: string
  contents: string
}): object {
  const { name, packageName, path, originalFilePath, uniqueId, contents } = block
  return {
    name,
    resource_type: 'doc',
    package_name: packageName,
    path,
    original_file_path: originalFilePath,
    unique_id: uniqueId,
    block_contents: contents,
  }
}

function macrosContent(manifest: Manifest, { nowMs }: ArtifactOptions): object {
  const content = [...manifest.macros.values()].map((macro) => [
    macro.uniqueId,
    {
      name: macro.name,
      resource_type: 'macro',
      package_name: macro.packageName,
      path: macro.path,
      original_file_path: macro.path,
      unique_id: macro.uniqueId,
      macro_sql: macro.source,
      depends_on: { macros: [] },
      description: '',
      meta: {},
      docs: { show: true, node_color: null },
      config: { meta: {}, docs: { show: true, node_color: null } },
      patch_path: null,
      arguments: [],
      created_at: nowMs / 1000,
      supported_languages: macro.supportedLanguages,
    },
  ])
  return Object.fromEntries(content) as object
}

function columnsContent(columns: ReadonlyMap<string, ColumnEntry>): object {
  const content = [...columns.values()].map((column) => [
    column.name,
    {
      name: column.name,
      description: column.description,
      meta: column.meta,
      data_type: column.dataType,
      constraints: column.constraints,
      quote: column.quote,
      config: { meta: column.meta, tags: column.tags },
      tags: column.tags,
      granularity: column.granularity,
      doc_blocks: column.docBlocks,
    },
  ])
  return Object.fromEntries(content) as object
}

/** Where a node's files lie below target/compiled and target/run. */
export function artifactPath(node: Node): string {
  const isOfItsFile =
    node.genericTest === null && node.resourceType !== 'unit_test' && node.resourceType !== 'operation'
  const path = isOfItsFile ? node.originalFilePath : join(node.originalFilePath, node.path)
  return join(node.packageName, node.batch === undefined ? path : batchPath(path, node.batch.label))
}

/** A batch has a file of its own, in a folder by the name of the model. */
function batchPath(path: string, label: string): string {
  const { dir, name, ext } = parse(path)
  return join(dir, name, `${name}_${label}${ext}`)
}

/** One node as manifest.json has it. */
export function nodeContent(
  node: Node,
  compiledCode: string | undefined,
  { nowMs }: Pick<ArtifactOptions, 'nowMs'>,
  primaryKey: readonly string[] = [],
): object {
  const content = {
    database: node.database,
    schema: node.schema,
    name: node.name,
    resource_type: node.resourceType,
    package_name: node.packageName,
    path: node.path,
    original_file_path: node.originalFilePath,
    unique_id: node.uniqueId,
    fqn: node.fqn,
    alias: node.alias,
    checksum: node.checksum,
    config: node.config,
    tags: node.tags,
    description: node.description,
    columns: columnsContent(node.columns),
    meta: node.meta,
    group: node.group,
    docs: node.config['docs'] ?? { show: true, node_color: null },
    patch_path: node.patchPath,
    build_path: null,
    unrendered_config: node.unrenderedConfig,
    created_at: nowMs / 1000,
    relation_name: node.relationName,
    raw_code: node.rawCode,
    doc_blocks: node.docBlocks,
    language: 'sql',
    refs: node.refs,
    sources: node.sources,
    metrics: node.metrics.map((pair) => pair.filter((part) => part !== null)),
    functions: [],
    depends_on:
      node.resourceType === 'seed'
        ? { macros: node.dependsOnMacros }
        : { macros: node.dependsOnMacros, nodes: node.dependsOnNodes },
    compiled_path: compiledCode === undefined ? null : join('target/compiled', artifactPath(node)),
    ...(compiledCode === undefined
      ? {}
      : { compiled: true, compiled_code: compiledCode, extra_ctes_injected: true, extra_ctes: [] }),
    contract: node.contract,
    ...kindOnly(node, primaryKey),
  }
  return node.resourceType === 'seed' ? withoutCode(content) : content
}

/** A seed is no SQL: what is about code is not in its entry. */
function withoutCode(content: Readonly<Record<string, unknown>>): object {
  const {
    contract: _contract,
    language: _language,
    refs: _refs,
    sources: _sources,
    metrics: _metrics,
    ...rest
  } = content
  const { functions: _functions, compiled_path: _path, depends_on: _depends, ...seed } = rest
  return { ...seed, depends_on: { macros: [] } }
}

function kindOnly(node: Node, primaryKey: readonly string[]): object {
  if (node.resourceType === 'model') return modelOnly(node, primaryKey)
  if (node.resourceType === 'test') return testOnly(node)
  if (node.resourceType === 'operation') return { index: Number(node.name.split('-').at(-1)) }
  return node.resourceType === 'seed' ? { root_path: node.rootFolder } : {}
}

function modelOnly(node: Node, primaryKey: readonly string[]): object {
  const { access } = node.config
  return {
    access,
    constraints: node.constraints,
    version: node.version,
    latest_version: node.latestVersion,
    deprecation_date: node.deprecationDate,
    primary_key: primaryKey,
    time_spine: node.timeSpine,
  }
}

function testOnly({ genericTest }: Node): object {
  if (genericTest === null) return {}
  const { name, kwargs, namespace, columnName, fileKeyName, attachedNode } = genericTest
  return {
    column_name: columnName,
    file_key_name: fileKeyName,
    attached_node: attachedNode,
    test_metadata: { name, kwargs, namespace },
  }
}

/** One node as templates see it, which hold more than the manifest does. */
export function templateContent(node: Node, options: Pick<ArtifactOptions, 'nowMs'>): object {
  return {
    ...nodeContent(node, undefined, options),
    config_call_dict: node.configCall,
    unrendered_config_call_dict: {},
  }
}

/** One source as manifest.json has it. */
export function sourceContent(source: Source, { nowMs }: Pick<ArtifactOptions, 'nowMs'>): object {
  return {
    database: source.database,
    schema: source.schema,
    name: source.name,
    resource_type: 'source',
    package_name: source.packageName,
    path: source.path,
    original_file_path: source.originalFilePath,
    unique_id: source.uniqueId,
    fqn: source.fqn,
    source_name: source.sourceName,
    source_description: source.sourceDescription,
    loader: source.loader,
    identifier: source.identifier,
    quoting: { database: null, schema: null, identifier: null, column: null, ...source.quoting },
    loaded_at_field: source.loadedAtField,
    loaded_at_query: source.loadedAtQuery,
    freshness: source.freshness,
    external: null,
    description: source.description,
    columns: columnsContent(source.columns),
    meta: source.meta,
    source_meta: source.sourceMeta,
    tags: source.tags,
    config: source.config,
    patch_path: null,
    unrendered_config: source.unrenderedConfig,
    relation_name: source.relationName,
    created_at: nowMs / 1000,
    unrendered_database: null,
    unrendered_schema: source.unrenderedSchema,
    doc_blocks: source.docBlocks,
  }
}
