import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isoInstant } from '../domain/clock.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import type { BodyEnd } from './body.ts'
import { hashOf } from './graph.ts'
import type { Json } from './graph.ts'
import type { DbtProject, Ports } from './ports.ts'
import type { ClaimedTask } from './queue.ts'
import { sql } from './sql.ts'

/** A relation that the project reads and does not make. */
interface SourceTable {
  readonly schema: string
  readonly name: string
}

/** Views and tables of the warehouse that show nothing but what `models-sources.sql` looks at. */
const shown: ReadonlySet<string> = new Set([
  'daily_campaign_metrics',
  'daily_campaign_actions',
  'daily_campaign_budget',
  'campaign_names',
  'fact_ad_daily',
  'fact_ad_daily_history',
  'fact_conversion_daily',
  'fx_rate',
  'fx_missing',
])

/** Rows of a table of somebody else's that are worth reading to know that nothing changed. */
const rowsMax = 1_000_000

export interface ModelsContent {
  /** Of the project's files, what it is told, the warehouse's published data, and the date, because models may ask for it. */
  readonly own: string
  /**
   * The same with every other table that it reads. Null when something is read that nobody can see change: a relation named in SQL
   * instead of as a source, a source that is too large, or a project of which no manifest was written yet.
   */
  readonly hash: string | null
}

/** One hash of all that the models are made from. */
export async function modelsContent(ports: Ports, project: DbtProject): Promise<ModelsContent> {
  const { warehouse, runner, clock } = ports
  const { database, schema } = warehouse.connection
  const [published] = await warehouse.query(sql('models-sources'))
  const own = hashOf({
    runner: runner.name,
    files: [await digestOf(project.projectDir), await digestOf(project.profilesDir)],
    vars: project.vars,
    place: [database, schema],
    day: isoInstant(clock.nowMs()).slice(0, 10),
    published: published?.['content'],
  })
  const others = await othersOf(warehouse, project)
  return { own, hash: others && hashOf({ own, others }) }
}

/** What a build that has just ended was made from. The first of a project has written its manifest only now. */
export async function contentMade(ports: Ports, project: DbtProject, before: ModelsContent): Promise<string | null> {
  if (before.hash !== null) return before.hash
  const after = await modelsContent(ports, project)
  return after.own === before.own ? after.hash : null
}

async function othersOf(
  warehouse: Pick<Warehouse, 'query' | 'connection'>,
  project: DbtProject,
): Promise<readonly string[] | null> {
  const sources = await sourcesOf(warehouse, project)
  if (sources === null) return null
  const contents: string[] = []
  for (const one of sources) {
    if (one.schema === warehouse.connection.schema && shown.has(one.name)) continue
    const content = await contentOf(warehouse, one)
    if (content === null) return null
    contents.push(content)
  }
  return contents
}

/** Folders of a project that dbt writes itself. */
const written: ReadonlySet<string> = new Set(['target', 'logs', '.git', 'node_modules'])

async function digestOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .filter(
      (path) =>
        !relative(folder, path)
          .split('/')
          .some((part) => written.has(part)),
    )
  const digest = createHash('sha256')
  for (const path of files.toSorted()) digest.update(`${relative(folder, path)}\0`).update(await readFile(path))
  return digest.digest('hex')
}

interface Manifest {
  readonly nodes: Readonly<Record<string, { readonly resource_type?: string; readonly raw_code?: string }>>
  readonly sources: Readonly<Record<string, { readonly schema?: string; readonly identifier?: string }>>
}

/** By the manifest of the last invocation; null without one, and when a model names a relation itself instead of its source. */
async function sourcesOf(
  warehouse: Pick<Warehouse, 'query'>,
  { projectDir }: DbtProject,
): Promise<readonly SourceTable[] | null> {
  const text = await readFile(join(projectDir, 'target', 'manifest.json'), 'utf8').catch(() => null)
  if (text === null) return null
  const { nodes, sources } = JSON.parse(text) as Manifest
  const qualifiers = Object.values(nodes).flatMap((one) => qualifiersOf(one.raw_code ?? ''))
  const schemas = await warehouse.query('select 1 from pg_namespace where nspname = any ($1::text[])', [qualifiers])
  if (schemas.length > 0) return null
  return Object.values(sources)
    .map((one) => ({ schema: one.schema ?? '', name: one.identifier ?? '' }))
    .toSorted((a, b) => (`${a.schema}.${a.name}` < `${b.schema}.${b.name}` ? -1 : 1))
}

/** Pure: what stands before a dot behind `from` and `join`: a schema, or a table's alias in `is distinct from a.b`. */
export function qualifiersOf(code: string): readonly string[] {
  const plain = code
    .replaceAll(/\{#[\s\S]*?#\}|--.*$|\/\*[\s\S]*?\*\//gm, ' ')
    .replaceAll(/\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g, ' _ ')
  return [...plain.matchAll(/\b(?:from|join)\s+"?([a-z_]\w*)"?\s*\.\s*"?[a-z_]/gi)].map(([, name]) =>
    (name ?? '').toLowerCase(),
  )
}

/** The whole content of a source as one hash; null when it is not there or too large to look at. */
async function contentOf(
  warehouse: Pick<Warehouse, 'query' | 'connection'>,
  source: SourceTable,
): Promise<string | null> {
  const [row] = await warehouse.query(
    `select c.reltuples::float8 as rows, c.relkind as kind, format('%I.%I', n.nspname, c.relname) as name
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2`,
    [source.schema, source.name],
  )
  if (!row) return null
  const isOwn = source.schema === warehouse.connection.schema
  if ((row['kind'] !== 'r' && !isOwn) || Number(row['rows']) > rowsMax) return null
  const [content] = await warehouse.query(
    `select concat(count(*), ',', sum(hashtextextended(t::text, 0)::numeric)) as content from ${String(row['name'])} t`,
  )
  return `${String(row['name'])} ${String(content?.['content'])}`
}

/** Every relation outside the warehouse's own schema: what was dropped, truncated or built by somebody else since is another one. */
async function relationsOf(warehouse: Pick<Warehouse, 'query' | 'connection'>): Promise<string> {
  const [row] = await warehouse.query(
    `select md5(coalesce(string_agg(concat_ws(',', c.oid, c.relfilenode), ';' order by c.oid), '')) as relations
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast', $1) and n.nspname !~ '^pg_(temp|toast_temp)_'`,
    [warehouse.connection.schema],
  )
  return String(row?.['relations'])
}

type Named = Pick<ClaimedTask, 'pipeline' | 'task'>

/** What came of the models when they were last made from the same, if they are still there; undefined: they have to be built. */
export async function unchangedModels(
  { warehouse }: Pick<Ports, 'warehouse'>,
  { pipeline, task }: Named,
  content: string | null,
): Promise<BodyEnd<Json> | undefined> {
  if (content === null) return undefined
  const [row] = await warehouse.query<SqlRow & { readonly output: Json }>(
    'select output from engine_content where pipeline = $1 and task = $2 and content_hash = $3',
    [pipeline, task, `${content} ${await relationsOf(warehouse)}`],
  )
  return row && { kind: 'unchanged', output: row.output }
}

/** After a build that went well: from what it was made, with the relations as it has left them. */
export async function rememberModels(
  { warehouse }: Pick<Ports, 'warehouse'>,
  { pipeline, task }: Named,
  content: string | null,
  output: Json,
): Promise<void> {
  if (content === null) return
  await warehouse.query(
    `insert into engine_content (pipeline, task, content_hash, output, made_at) values ($1, $2, $3, $4, clock_timestamp())
     on conflict (pipeline, task) do update
     set content_hash = excluded.content_hash, output = excluded.output, made_at = excluded.made_at`,
    [pipeline, task, `${content} ${await relationsOf(warehouse)}`, JSON.stringify(output)],
  )
}
