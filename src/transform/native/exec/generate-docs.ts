import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RunnerRequest, RunnerResult } from '../../runner.ts'
import { Database } from '../adapter/database.ts'
import type { Manifest } from '../parse/nodes.ts'
import { artifactMetadata, writeManifest, writeWhole, writerOf } from './artifacts.ts'
import { execute } from './execute.ts'
import type { Machine, OnEvent, Prepared } from './prepare.ts'
import { selected } from './selected.ts'

const CATALOG = readFileSync(new URL('../adapter/catalog_of_schemas.sql', import.meta.url), 'utf8')

/** `docs generate`: compiles what is selected, then asks the database what it holds of it and writes catalog.json, version 1. */
export async function generateDocs(
  prepared: Prepared,
  request: RunnerRequest,
  machine: Machine,
  onEvent: OnEvent,
): Promise<RunnerResult> {
  const { project, journal, manifest } = prepared
  const { compile = true, emptyCatalog = false } = request.docs ?? {}
  const chosen = compile ? selected(prepared, request).map(({ uniqueId }) => uniqueId) : null
  const compiled = chosen === null ? null : await execute({ prepared, request, machine, onEvent }, chosen)
  for (const path of project.assetPaths) copyAssets(project.folder, project.targetFolder, path)
  if (!emptyCatalog) journal.say('info', ['BuildingCatalog', 'E044'], 'Building catalog')
  const wanted = emptyCatalog ? new Set<string>() : chosen === null ? null : new Set(chosen)
  const relations = emptyCatalog ? [] : await readCatalog(prepared)
  const files = writerOf(prepared, machine)
  const path = join(files.folder, 'catalog.json')
  const content = {
    metadata: artifactMetadata(files, 'catalog/v1'),
    ...catalogParts(relations, manifest, wanted),
    errors: null,
  }
  writeWhole(path, JSON.stringify(content), prepared.invocation.invocationId)
  journal.say('info', ['CatalogWritten', 'E042'], `Catalog written to ${path}`, { path })
  const manifestPath = compiled?.manifestPath ?? (compile ? writeManifest(files, manifest, []) : null)
  return compiled === null ? { exitCode: 0, nodes: [], manifestPath, runResultsPath: null } : compiled
}

/** Files that the documentation shows lie beside it, as the project has them now. */
function copyAssets(folder: string, target: string, path: string): void {
  rmSync(join(target, path), { recursive: true, force: true })
  if (existsSync(join(folder, path))) cpSync(join(folder, path), join(target, path), { recursive: true })
}

/** One column of the database, with the relation that it belongs to. */
type CatalogRow = readonly [
  schema: string,
  name: string,
  type: string,
  comment: string | null,
  column: string,
  index: number,
  columnType: string,
  columnComment: string | null,
  owner: string,
]

async function readCatalog({ manifest, invocation }: Prepared): Promise<readonly CatalogRow[]> {
  const all = [...manifest.nodes.values()].filter(({ relationName }) => relationName !== null)
  const schemas = new Set([...all, ...manifest.sources.values()].map(({ schema }) => schema.toLowerCase()))
  const database = new Database(invocation.target, 1)
  try {
    const session = await database.connect('generate_catalog')
    try {
      return (await session.rows(CATALOG, [[...schemas]])) as unknown as readonly CatalogRow[]
    } finally {
      await session.close()
    }
  } finally {
    await database.close()
  }
}

interface CatalogTable {
  readonly metadata: object
  readonly columns: Record<string, object>
  readonly stats: object
  readonly unique_id: string
}

/** dbt-postgres measures nothing; the mark that says so is always there. */
const NO_STATS = {
  has_stats: {
    id: 'has_stats',
    label: 'Has Stats?',
    value: false,
    include: false,
    description: 'Indicates whether there are statistics for this table',
  },
}

function catalogParts(
  rows: readonly CatalogRow[],
  manifest: Manifest,
  wanted: ReadonlySet<string> | null,
): { readonly nodes: object; readonly sources: object } {
  const { nodes, sources } = idsByRelation(manifest)
  const found: { nodes: Record<string, CatalogTable>; sources: Record<string, CatalogTable> } = {
    nodes: {},
    sources: {},
  }
  const isWanted = (id: string): boolean => wanted === null || wanted.has(id)
  for (const row of rows) {
    const key = relationKey(row[0], row[1])
    for (const id of (nodes.get(key) ?? []).filter(isWanted)) addColumn(found.nodes, id, row, manifest)
    for (const id of (sources.get(key) ?? []).filter(isWanted)) addColumn(found.sources, id, row, manifest)
  }
  return found
}

function idsByRelation({ nodes, sources }: Manifest): Record<'nodes' | 'sources', Map<string, string[]>> {
  const maps = { nodes: new Map<string, string[]>(), sources: new Map<string, string[]>() }
  const add = (map: Map<string, string[]>, key: string, id: string): void =>
    void map.set(key, [...(map.get(key) ?? []), id])
  for (const node of nodes.values())
    if (node.relationName !== null) add(maps.nodes, relationKey(node.schema, node.alias), node.uniqueId)
  for (const source of sources.values())
    add(maps.sources, relationKey(source.schema, source.identifier), source.uniqueId)
  return maps
}

function relationKey(schema: string, name: string): string {
  return JSON.stringify([schema.toLowerCase(), name.toLowerCase()])
}

function addColumn(tables: Record<string, CatalogTable>, id: string, row: CatalogRow, manifest: Manifest): void {
  const [schema, name, type, comment, column, index, columnType, columnComment, owner] = row
  const { database } = manifest.nodes.get(id) ?? manifest.sources.get(id) ?? { database: '' }
  tables[id] ??= {
    metadata: { type, schema, name, database, comment, owner },
    columns: {},
    stats: NO_STATS,
    unique_id: id,
  }
  tables[id].columns[column] = { type: columnType, index, name: column, comment: columnComment }
}
