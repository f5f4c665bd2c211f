import { join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { quotingPolicy } from '../adapter/quoting.ts'
import { Relation } from '../adapter/relation.ts'
import { placeOf } from './config-types.ts'
import { mergeConfig } from './config.ts'
import { fullThreshold } from './freshness.ts'
import type { NodeConfig, Source } from './nodes.ts'
import { folders } from './node-maker.ts'
import type { NodeMaker } from './node-maker.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import type { SourcePatch } from './schema-files.ts'

function sourceDefaults(): NodeConfig {
  return {
    enabled: true,
    event_time: null,
    freshness: { warn_after: { count: null, period: null }, error_after: { count: null, period: null }, filter: null },
    loaded_at_field: null,
    loaded_at_query: null,
    meta: {},
    tags: [],
    static_analysis: null,
  }
}

/** How fresh a source must be is merged by rules of its own. */
function withoutFreshness(level: Mapping): Mapping {
  const { freshness: _freshness, loaded_at_field: _field, loaded_at_query: _query, ...rest } = level
  return rest
}

/** A source table as the package's schema files and the projects' trees describe it. */
export function sourceOfPatch(
  parser: Pick<NodeMaker, 'project' | 'root' | 'invocation' | 'levels'>,
  patch: SourcePatch,
): Source {
  const { project, root, invocation } = parser
  const fqn = [project.name, ...folders(patch.file), patch.sourceName, patch.name]
  const above = project === root ? [] : parser.levels(root, 'sources', fqn)
  const outer = { meta: patch.sourceMeta, tags: patch.sourceTags }
  const written = [outer, patch.sourceConfig, { meta: patch.meta }, patch.config].map(withoutFreshness)
  const asked: Mapping = {
    loaded_at_field: patch.loadedAtField,
    loaded_at_query: patch.loadedAtQuery,
    ...(patch.freshness === undefined ? {} : { freshness: patch.freshness }),
  }
  const levels: readonly Mapping[] = [...parser.levels(project, 'sources', fqn), ...written, asked, ...above]
  const merged = levels.reduce(mergeConfig, sourceDefaults())
  if (typeof merged['enabled'] !== 'boolean') {
    const facts = { file: 'dbt_project.yml', node: `${patch.sourceName}.${patch.name}`, key: 'enabled' }
    const place = placeOf(join(project.folder, facts.file), facts.node, facts.key)
    throw new MillraceError('TRANSFORM_CONFIG_TYPE', { ...facts, ...place, expected: 'true or false' })
  }
  const { freshness: known } = merged
  const freshness = isMapping(known) ? { ...fullThreshold(known) } : null
  const config: NodeConfig = { ...merged, freshness, tags: [...new Set(merged['tags'] as string[])].sort() }
  const database = patch.database ?? invocation.target.database
  const quoted = quotingPolicy(root.quoting, patch.quoting)
  return {
    resourceType: 'source',
    uniqueId: `source.${project.name}.${patch.sourceName}.${patch.name}`,
    name: patch.name,
    packageName: project.name,
    path: patch.file,
    originalFilePath: patch.file,
    fqn,
    database,
    schema: patch.schema,
    description: patch.description,
    docBlocks: patch.docBlocks,
    columns: patch.columns,
    tags: (config['tags'] ?? []) as string[],
    meta: config['meta'] as Mapping,
    config,
    unrenderedConfig: {
      ...levels.reduce(mergeConfig, {}),
      tags: config['tags'],
    },
    patchPath: null,
    relationName: new Relation({ database, schema: patch.schema, identifier: patch.identifier, quoted }).render(),
    sourceName: patch.sourceName,
    sourceDescription: patch.sourceDescription,
    sourceMeta: patch.sourceMeta,
    loader: patch.loader,
    identifier: patch.identifier,
    quoting: patch.quoting,
    freshness,
    loadedAtField: patch.loadedAtField,
    loadedAtQuery: patch.loadedAtQuery,
    unrenderedSchema: patch.unrenderedSchema,
  }
}
