import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adapter as dbtCore, defaultDbtFolder } from './dbt-core.ts'
import { installedVersion, pinnedDbt } from './dbt-install.ts'
import { adapter as native } from './native.ts'
import { openBench } from './bench.fixture.ts'
import type { Bench } from './bench.fixture.ts'
import { diffRunners } from './dbt-diff.ts'
import type { Runner, RunnerRequest, RunnerResult } from './runner.ts'
import { warmDbt } from './warm-dbt.fixture.ts'
import type { WarmDbt } from './warm-dbt.fixture.ts'

const folder = defaultDbtFolder(process.env)
const absent = installedVersion(folder) !== pinnedDbt.core
const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes('dbt')

/** What must be equal in the manifest, node by node. */
const manifestKeys = [
  'unique_id',
  'fqn',
  'refs',
  'sources',
  'config',
  'tags',
  'checksum',
  'name',
  'alias',
  'path',
  'original_file_path',
  'raw_code',
  'compiled_code',
  'description',
  'columns',
  'meta',
  'patch_path',
  'unrendered_config',
  'test_metadata',
  'attached_node',
  'column_name',
  'file_key_name',
  'doc_blocks',
  'docs',
  'access',
  'language',
  'relation_name',
  'contract',
  'resource_type',
  'package_name',
  'database',
  'schema',
]

interface Manifest {
  readonly nodes: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly parent_map: Readonly<Record<string, string[]>>
}

/** dbt keeps tests of a disabled model among its nodes, switched off; the native runner lists them as disabled. */
function isEnabled(node: Readonly<Record<string, unknown>>): boolean {
  return (node['config'] as { enabled?: boolean } | undefined)?.enabled !== false
}

const ready = (skip: (condition: boolean, note: string) => void): void => {
  if (!required) skip(absent, 'dbt-core is not installed: scripts/services.sh install dbt')
}
let bench: Bench
let warm: WarmDbt
let runners: { readonly native: Runner; readonly dbtCore: Runner }
beforeAll(async () => {
  if (absent && !required) return
  bench = await openBench()
  warm = await warmDbt(folder)
  runners = { native: await native.open({}), dbtCore: await dbtCore.open({ folder: warm.folder, install: false }) }
}, 120_000)
afterAll(async () => {
  await warm?.[Symbol.asyncDispose]()
  await bench?.[Symbol.asyncDispose]()
})

/** Real dbt-core builds the default project beside the native runner, on the same warehouse. */
describe.each([
  { vars: {}, sides: ['side_a', 'side_b'] },
  { vars: { seed_formulas: true }, sides: ['seed_a', 'seed_b'] },
] as const)('the same as real dbt-core, vars $vars', { timeout: 120_000 }, ({ vars, sides: [sideA, sideB] }) => {
  let ours: RunnerResult
  let theirs: RunnerResult
  beforeAll(async () => {
    if (absent && !required) return
    ours = (await bench.invoke(runners.native, { schema: sideA, vars })).result
    theirs = (await bench.invoke(runners.dbtCore, { schema: sideB, vars })).result
  }, 120_000)

  test('statuses, messages and failures', async ({ skip }) => {
    ready(skip)
    const said = (result: RunnerResult) =>
      result.nodes
        .map(({ uniqueId, status, message, failures, relationName }) => ({
          uniqueId,
          status,
          message,
          failures,
          relationName: relationName?.replace(sideB, sideA) ?? null,
        }))
        .sort((left, right) => (left.uniqueId < right.uniqueId ? -1 : 1))
    expect(said(ours)).toEqual(said(theirs))
  })

  test('relations, columns, types and indexes', async ({ skip }) => {
    ready(skip)
    const columns = (schema: string) =>
      bench.rows(`
        select c.relname, c.relkind::text, a.attnum::int, a.attname, format_type(a.atttypid, a.atttypmod)
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = '${schema}'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
        order by 1, 3`)
    expect(await columns(sideA)).toEqual(await columns(sideB))
    const indexes = (schema: string) =>
      bench.rows(
        `select tablename, regexp_replace(indexdef, '^(create (unique )?index) \\S+ on \\S+', '\\1', 'i') from pg_indexes where schemaname = '${schema}' order by 1, 2`,
      )
    expect(await indexes(sideA)).toEqual(await indexes(sideB))
  })

  test('rows, both ways', async ({ skip }) => {
    ready(skip)
    const relations = await bench.rows(
      `select table_name from information_schema.tables where table_schema = '${sideB}' order by 1`,
    )
    expect(relations.length).toBeGreaterThanOrEqual(2)
    for (const [relation] of relations) {
      const list = await bench.rows(`select string_agg(quote_ident(column_name), ', ' order by ordinal_position)
        from information_schema.columns where table_schema = '${sideB}' and table_name = '${String(relation)}' and column_name <> 'processed_at'`)
      const rows = (schema: string) => `select ${String(list[0]?.[0])} from ${schema}.${String(relation)}`
      const [a, b] = [rows(sideA), rows(sideB)]
      expect(await bench.rows(`(${a} except all ${b}) union all (${b} except all ${a})`)).toEqual([])
    }
  })

  test('the manifest, node by node, compiled SQL byte by byte', async ({ skip }) => {
    ready(skip)
    const read = async (result: RunnerResult) =>
      JSON.parse((await readFile(result.manifestPath ?? '', 'utf8')).replaceAll(sideB, sideA)) as Manifest
    const [mine, real] = [await read(ours), await read(theirs)]
    const chosen = (manifest: Manifest) =>
      Object.fromEntries(
        Object.entries(manifest.nodes)
          .filter(([, node]) => isEnabled(node))
          .map(([id, node]) => [id, Object.fromEntries(manifestKeys.map((key) => [key, node[key] ?? null]))]),
      )
    expect(chosen(mine)).toEqual(chosen(real))
    const edges = (manifest: Manifest) =>
      Object.fromEntries(
        Object.entries(manifest.parent_map)
          .filter(([id]) => isEnabled(manifest.nodes[id] ?? {}))
          .map(([id, parents]) => [id, [...parents].sort()]),
      )
    expect(edges(mine)).toEqual(edges(real))
  })
})

describe('both runners on one database', { timeout: 300_000 }, () => {
  /** The bench fills in the surroundings of a request; here they are wanted without a run. */
  async function request(): Promise<RunnerRequest> {
    let seen: RunnerRequest | undefined
    const spy: Runner = {
      ...(await native.open({})),
      invoke: async (given) => {
        seen = given
        return Promise.resolve({ exitCode: 0, nodes: [], manifestPath: null, runResultsPath: null })
      },
    }
    await bench.invoke(spy, { schema: 'diffed' })
    return seen!
  }

  test('make the same of the default project, and what one does otherwise is found', async ({ skip }) => {
    ready(skip)
    // A column of the letter that a query might give its rows.
    await writeFile(join(bench.projectDir, 'models', 'lettered.sql'), "select 'x' as t, 1 as id")
    const options = { request: await request(), ignoredColumns: ['processed_at'], onEvent: () => undefined }
    const same = await diffRunners({ ...options, ...runners })
    expect(same.differences).toEqual([])
    expect(same.relations).toBeGreaterThanOrEqual(3)
    const other: Runner = {
      ...runners.native,
      invoke: async (given, onEvent) =>
        runners.native.invoke({ ...given, vars: { start_date: '2026-01-02' } }, onEvent),
    }
    const replayed: Runner = { ...other, invoke: async (given, onEvent) => runners.native.invoke(given, onEvent) }
    const { differences } = await diffRunners({ ...options, native: other, dbtCore: replayed })
    expect(new Set(differences.map(({ kind }) => kind))).toEqual(new Set(['compiled', 'rows']))
  })
})
