import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import { toHost } from '../jinja/json.ts'
import type { DescribedEntry, UnitFixture, UnitTest } from '../parse/nodes.ts'

/** What is described and not run, as manifest.json has it. */
export function describedContent(entry: DescribedEntry, nowMs: number): object {
  const place = {
    name: entry.name,
    resource_type: entry.resourceType,
    package_name: entry.packageName,
    path: entry.path,
    original_file_path: entry.originalFilePath,
    unique_id: entry.uniqueId,
  }
  if (entry.resourceType === 'group') return { ...place, ...groupOnly(entry) }
  const all = { ...place, fqn: entry.fqn }
  if (entry.resourceType === 'exposure') return { ...all, ...exposureOnly(entry), created_at: nowMs / 1000 }
  if (entry.unit !== undefined) return { ...all, ...unitOnly(entry, entry.unit), created_at: nowMs / 1000 }
  return {
    ...entry.content,
    ...all,
    config: { ...describedDefaults[entry.resourceType], ...entry.config },
    tags: entry.tags,
    refs: entry.refs,
    sources: entry.sources,
    depends_on: { macros: [], nodes: entry.dependsOnNodes },
  }
}

/** What dbt fills in where nothing is configured. */
const describedDefaults: Readonly<Partial<Record<DescribedEntry['resourceType'], object>>> = {
  metric: { group: null, meta: {} },
  semantic_model: { group: null, meta: {} },
  saved_query: { group: null, meta: {}, export_as: null, schema: null, cache: { enabled: false } },
}

function mapping(value: unknown): Mapping {
  return isMapping(value) ? value : {}
}

function ownerOf(value: unknown): Mapping {
  return { email: null, name: null, ...mapping(value) }
}

function groupOnly({ content, config, tags }: DescribedEntry): object {
  const { owner, description } = content
  return {
    owner: ownerOf(owner),
    description: description ?? null,
    config: { meta: { ...mapping(config['meta']) }, tags },
  }
}

function exposureOnly({ content, config, tags, refs, sources, dependsOnNodes }: DescribedEntry): object {
  const { type, url, description, label, owner, maturity } = content
  const meta = { ...mapping(content['meta']), ...mapping(config['meta']) }
  return {
    type,
    owner: ownerOf(owner),
    description: description ?? '',
    label: label ?? null,
    maturity: maturity ?? null,
    meta,
    tags: [...tags].sort(),
    config: { enabled: config['enabled'] ?? true, tags: [...tags].sort(), meta },
    unrendered_config: {},
    url: url ?? null,
    depends_on: { macros: [], nodes: dependsOnNodes },
    refs,
    sources,
    metrics: [],
  }
}

function unitOnly({ content, config, tags, dependsOnNodes }: DescribedEntry, unit: UnitTest): object {
  const fixture = ({ rows, format, fixture: file }: UnitFixture): object => ({
    rows: toHost(rows),
    format,
    fixture: file,
  })
  const { overrides } = unit
  return {
    model: unit.model,
    given: unit.given.map((one) => ({ input: one.input, ...fixture(one) })),
    expect: fixture(unit.expect),
    description: content['description'] ?? '',
    overrides:
      overrides === null
        ? null
        : { macros: toHost(overrides.macros), vars: toHost(overrides.vars), env_vars: toHost(overrides.envVars) },
    depends_on: { macros: [], nodes: dependsOnNodes },
    config: {
      tags,
      meta: { ...mapping(config['meta']) },
      enabled: config['enabled'] ?? true,
      static_analysis: config['static_analysis'] ?? null,
    },
    checksum: unit.checksum,
    schema: unit.schema,
    versions: unit.versions,
    version: unit.version,
  }
}
