import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import type { Bench, Invoked } from './bench.fixture.ts'
import type { Runner, RunnerRequest } from './runner.ts'

/** A small project with something of every command: one model fails until its variable says otherwise. */
const files: Readonly<Record<string, string>> = {
  'dbt_project.yml':
    'name: small\nversion: "1.0"\nprofile: p\nquery-comment: {comment: "by {{ node.name if node else connection_name }}", append: true}\n',
  'profiles.yml': `p:
  target: t
  outputs:
    t: {type: postgres, host: "{{ env_var('MILLRACE_DBT_HOST') }}", port: "{{ env_var('MILLRACE_DBT_PORT') | int }}", user: "{{ env_var('MILLRACE_DBT_USER') }}",
      password: "{{ env_var('MILLRACE_DBT_PASSWORD', 'none') }}", dbname: "{{ env_var('MILLRACE_DBT_DBNAME') }}", schema: "{{ env_var('MILLRACE_DBT_SCHEMA') }}", threads: 1}
`,
  'models/one.sql': "select 1 as id, 'ä'::text as name, 1.50::numeric as amount, null::text as nothing",
  'models/two.sql':
    "{{ config(materialized='table') }} select * from {{ ref('one') }} where {{ var('broken', 'nowhere') }}",
  'models/three.sql': "select * from {{ ref('two') }}",
  'models/s.yml': `version: 2
sources:
  - name: raw
    schema: "{{ target.schema }}"
    config: {loaded_at_field: at, freshness: {warn_after: {count: 1, period: day}, error_after: {count: 3, period: day}}}
    tables:
      - name: fresh
      - {name: aging, identifier: fresh, config: {loaded_at_query: "select now() - interval '2 days' from {{ this }} limit 1"}}
      - {name: stale, identifier: fresh, config: {freshness: {filter: "id = 2"}}}
      - {name: empty, identifier: fresh, config: {freshness: {filter: "id = 3"}}}
      - {name: gone}
      - {name: unasked, config: {freshness: null}}
models:
  - name: one
    description: the first
    config: {persist_docs: {relation: true, columns: true}}
    columns: [{name: id, description: its number}]
`,
  'macros/m.sql': `{% macro said(what) %}{% call statement('said', auto_begin=true) %}create table {{ target.schema }}.said as select '{{ what }}'::text as what, current_query() as sent{% endcall %}{% do adapter.commit() %}{% endmacro %}
{% macro refused() %}{% do exceptions.raise_compiler_error('not today') %}{% endmacro %}
`,
}

export interface CommandBench {
  readonly bench: Bench
  readonly runner: Runner
  readonly folder: string
}

export async function openCommands(bench: Bench, runner: Runner): Promise<CommandBench> {
  const folder = join(bench.projectDir, '..', 'small')
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  await bench.rows(`create schema small;
    create table small.fresh as select 1 as id, now() as at union all select 2, now() - interval '4 days'`)
  return { bench, runner, folder }
}

function invoke({ bench, runner, folder }: CommandBench, changes: Partial<RunnerRequest>): Promise<Invoked> {
  const own = { projectDir: folder, profilesDir: folder, targetPath: 'target', useColors: false }
  return bench.invoke(runner, { schema: 'small', ...own, ...changes })
}

function lines({ events }: Invoked): string[] {
  return events.flatMap((event) => (event.kind === 'output' ? [event.line] : []))
}

async function artifact<Content>({ folder }: CommandBench, name: string): Promise<Content> {
  return JSON.parse(await readFile(join(folder, 'target', name), 'utf8')) as Content
}

interface Results {
  readonly results: readonly Readonly<Record<string, unknown>>[]
  readonly args: Readonly<Record<string, unknown>>
}

const byFirst = ([left]: readonly unknown[], [right]: readonly unknown[]): number =>
  String(left) < String(right) ? -1 : 1

const statuses = ({ result }: Invoked): Record<string, string> =>
  Object.fromEntries(result.nodes.map(({ uniqueId, status }) => [uniqueId.split('.').at(-1) ?? '', status]))

/** What every runner promises of the commands beside those that build, each over what the one before it left. */
export const commandPromises: readonly (readonly [title: string, body: (small: CommandBench) => Promise<void>])[] = [
  [
    'retry continues with what failed or was skipped, under the earlier variables unless others are given',
    async (small) => {
      const first = await invoke(small, { command: 'run', vars: { unused: 'kept' } })
      expect([first.result.exitCode, statuses(first)]).toEqual([1, { one: 'success', two: 'error', three: 'skipped' }])
      const again = await invoke(small, { command: 'retry' })
      expect([again.result.exitCode, statuses(again)]).toEqual([1, { two: 'error', three: 'skipped' }])
      const { args } = await artifact<Results>(small, 'run_results.json')
      expect(args).toMatchObject({ which: 'run', vars: { unused: 'kept' } })
      const last = await invoke(small, { command: 'retry', vars: { broken: 'true' } })
      expect([last.result.exitCode, statuses(last)]).toEqual([0, { two: 'success', three: 'success' }])
    },
  ],
  [
    'show prints rows of a model as a table and of SQL as JSON',
    async (small) => {
      const model = await invoke(small, { command: 'show', select: ['one'] })
      expect(lines(model)).toEqual([
        "Previewing node 'one':\n| id | name | amount | nothing |\n| -- | ---- | ------ | ------- |\n|  1 | ä    |    1.5 |         |\n",
      ])
      const sql = "select * from {{ ref('one') }} union all select 9007199254740993, 'z', 2, 'n' order by 1"
      const inline = await invoke(small, { command: 'show', inline: sql, preview: 'json', limit: 2 })
      expect(lines(inline)).toEqual([
        `{
  "show": [
    {
      "id": 1,
      "name": "\\u00e4",
      "amount": 1.5,
      "nothing": null
    },
    {
      "id": 9007199254740993,
      "name": "z",
      "amount": 2.0,
      "nothing": "n"
    }
  ]
}`,
      ])
      const bad = await invoke(small, { command: 'show', inline: 'select nowhere' }).catch((error: unknown) => error)
      expect(String(bad)).toContain('column "nowhere" does not exist')
    },
  ],
  [
    'compile prints the SQL of what is selected by name, and of the command line',
    async (small) => {
      const inline = await invoke(small, { command: 'compile', inline: "select * from {{ ref('one') }}" })
      expect(lines(inline)).toEqual([`Compiled inline node is:\nselect * from "${small.bench.database}"."small"."one"`])
    },
  ],
  [
    'source freshness passes, warns and fails by the age of rows, and writes sources.json',
    async (small) => {
      const asked = await invoke(small, { command: 'source-freshness' })
      expect([asked.result.exitCode, statuses(asked)]).toEqual([
        1,
        { fresh: 'pass', aging: 'warn', stale: 'error', empty: 'error', gone: 'error' },
      ])
      const { results } = await artifact<Results>(small, 'sources.json')
      const found = results.map((one) => [one['unique_id'], one['status'], one['criteria']]).sort(byFirst)
      const criteria = {
        warn_after: { count: 1, period: 'day' },
        error_after: { count: 3, period: 'day' },
        filter: null,
      }
      expect(found).toEqual([
        ['source.small.raw.aging', 'warn', criteria],
        ['source.small.raw.empty', 'error', { ...criteria, filter: 'id = 3' }],
        ['source.small.raw.fresh', 'pass', criteria],
        ['source.small.raw.stale', 'error', { ...criteria, filter: 'id = 2' }],
      ])
      const state = join(small.folder, 'before')
      await mkdir(state, { recursive: true })
      const earlier = results.map((one) => ({ ...one, max_loaded_at: '2020-01-01T00:00:00+00:00' }))
      await writeFile(
        join(state, 'sources.json'),
        JSON.stringify({ ...(await artifact<object>(small, 'sources.json')), results: earlier }),
      )
      const fresher = await invoke(small, { command: 'ls', select: ['source_status:fresher'], statePath: state })
      expect(lines(fresher)).toEqual(['aging', 'fresh', 'stale'].map((name) => `source:small.raw.${name}`))
      const empty = results.find((one) => one['unique_id'] === 'source.small.raw.empty')
      expect(empty?.['max_loaded_at']).toBe('0001-01-01T00:00:00+00:00')
    },
  ],
  [
    'docs generate writes what the database holds, with comments, columns and their types',
    async (small) => {
      const { result } = await invoke(small, { command: 'docs-generate', vars: { broken: 'true' } })
      expect(result.exitCode).toBe(0)
      const catalog = await artifact<Catalog>(small, 'catalog.json')
      expect(catalog.metadata.dbt_schema_version).toBe('https://schemas.getdbt.com/dbt/catalog/v1.json')
      expect(Object.keys(catalog.nodes).sort()).toEqual(['one', 'three', 'two'].map((name) => `model.small.${name}`))
      expect(catalog.nodes['model.small.one']).toMatchObject({
        unique_id: 'model.small.one',
        metadata: { type: 'VIEW', schema: 'small', name: 'one', comment: 'the first' },
        columns: {
          id: { type: 'integer', index: 1, name: 'id', comment: 'its number' },
          amount: { type: 'numeric', index: 3, name: 'amount', comment: null },
        },
        stats: { has_stats: { id: 'has_stats', label: 'Has Stats?', value: false, include: false } },
      })
      expect(Object.keys(catalog.sources).sort()).toContain('source.small.raw.fresh')
      expect(catalog.errors).toBeNull()
    },
  ],
  [
    'run-operation calls a macro with arguments; one that fails ends with 1',
    async (small) => {
      const said = await invoke(small, {
        command: 'run-operation',
        operation: { macro: 'said', args: { what: 'hey' } },
      })
      expect(said.result.exitCode).toBe(0)
      expect(await small.bench.rows("select what, sent like '%/* by macro_said */' from small.said")).toEqual([
        ['hey', true],
      ])
      const { results } = await artifact<Results>(small, 'run_results.json')
      expect(results).toMatchObject([{ unique_id: 'macro.small.said', status: 'success', failures: 0 }])
      const refused = await invoke(small, { command: 'run-operation', operation: { macro: 'refused', args: {} } })
      expect(refused.result.exitCode).toBe(1)
      const told = refused.events.flatMap((event) =>
        event.kind === 'log' && event.level === 'error' ? [event.message] : [],
      )
      expect(told.join('\n')).toContain('Compilation Error in macro refused (macros/m.sql)\n  not today')
    },
  ],
  [
    'what is not built here is read from the earlier run, and clone makes views of it',
    async (small) => {
      const state = join(small.folder, 'earlier')
      await mkdir(state, { recursive: true })
      await writeFile(join(state, 'manifest.json'), await readFile(join(small.folder, 'target', 'manifest.json')))
      const elsewhere = { schema: 'small_b', statePath: state, vars: { broken: 'true' } } as const
      const deferred = await invoke(small, { ...elsewhere, command: 'run', select: ['two'], defer: true })
      expect([deferred.result.exitCode, statuses(deferred)]).toEqual([0, { two: 'success' }])
      const cloned = await invoke(small, { ...elsewhere, command: 'clone', select: ['one', 'two'] })
      expect(cloned.result.nodes.map(({ uniqueId, message }) => [uniqueId, message]).sort(byFirst)).toEqual([
        ['model.small.one', 'CREATE VIEW'],
        ['model.small.two', 'No-op'],
      ])
      const kinds =
        "select table_name, table_type from information_schema.tables where table_schema = 'small_b' order by 1"
      expect(await small.bench.rows(kinds)).toEqual([
        ['one', 'VIEW'],
        ['two', 'BASE TABLE'],
      ])
    },
  ],
  [
    'a warning is an error when it is asked to be, and --empty builds without rows',
    async (small) => {
      const nothing = { command: 'run', select: ['nobody'] } as const
      expect((await invoke(small, nothing)).result.exitCode).toBe(0)
      const warnErrors = { error: 'all', warn: [], silence: [] } as const
      const raised = await invoke(small, { ...nothing, warnErrors }).catch((error: unknown) => error)
      expect(String(raised)).toContain("The selection criterion 'nobody' does not match any enabled nodes")
      const empty = await invoke(small, { command: 'run', vars: { broken: 'true' }, empty: true })
      expect(empty.result.exitCode).toBe(0)
      expect(await small.bench.rows('select count(*)::int from small.two')).toEqual([[0]])
    },
  ],
]

interface Catalog {
  readonly metadata: { readonly dbt_schema_version: string }
  readonly nodes: Readonly<Record<string, unknown>>
  readonly sources: Readonly<Record<string, unknown>>
  readonly errors: unknown
}
