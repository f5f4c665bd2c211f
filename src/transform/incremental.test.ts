import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adapter as dbtCore, defaultDbtFolder } from './dbt-core.ts'
import { installedVersion, pinnedDbt } from './dbt-install.ts'
import { adapter as native } from './native.ts'
import { openBench } from './bench.fixture.ts'
import type { Bench } from './bench.fixture.ts'
import type { Runner, RunnerResult } from './runner.ts'
import { warmDbt } from './warm-dbt.fixture.ts'

const folder = defaultDbtFolder(process.env)
const absent = installedVersion(folder) !== pinnedDbt.core
const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes('dbt')

/** Configurations of models that add to what they have, each one way of doing so. */
const strategies: Readonly<Record<string, string>> = {
  append: "incremental_strategy='append'",
  by_default: 'tags=[]',
  by_key: "unique_key='id'",
  by_keys: "incremental_strategy='delete+insert', unique_key=['id', 'grp']",
  by_predicate: "incremental_strategy='delete+insert', unique_key='id', incremental_predicates=['id > 4']",
  merged: "incremental_strategy='merge', unique_key='id'",
  merged_amount: "incremental_strategy='merge', unique_key=['id', 'grp'], merge_update_columns=['amount']",
  merged_rest:
    "incremental_strategy='merge', unique_key='id', merge_exclude_columns=['name'], incremental_predicates=['DBT_INTERNAL_DEST.id > 3']",
  merged_keyless: "incremental_strategy='merge'",
  unknown_to_postgres: "incremental_strategy='insert_overwrite'",
  unknown: "incremental_strategy='nonsense'",
  own: "incremental_strategy='mine'",
  always_anew: "unique_key='id', full_refresh=true",
  indexed: "unique_key='id', indexes=[{'columns': ['id'], 'unique': true}, {'columns': ['grp', 'name']}]",
  unlogged: 'unlogged=true',
}

const files: Readonly<Record<string, string>> = {
  'dbt_project.yml': `name: adding
version: "1.0"
profile: p
models: {adding: {+persist_docs: {relation: true, columns: true}}}
on-run-start:
  - "create table if not exists {{ target.schema }}.audit (what text, round int)"
  - "insert into {{ target.schema }}.audit values ('start', {{ var('round') }})"
on-run-end: ["insert into {{ target.schema }}.audit values ('end, of {{ results | length > 20 }}', {{ var('round') }})"]
`,
  'profiles.yml': `p:
  target: t
  outputs:
    t: {type: postgres, host: "{{ env_var('MILLRACE_DBT_HOST') }}", port: "{{ env_var('MILLRACE_DBT_PORT') | int }}", user: "{{ env_var('MILLRACE_DBT_USER') }}",
      password: "{{ env_var('MILLRACE_DBT_PASSWORD', 'none') }}", dbname: "{{ env_var('MILLRACE_DBT_DBNAME') }}", schema: "{{ env_var('MILLRACE_DBT_SCHEMA') }}", threads: 2}
`,
  'macros/mine.sql':
    '{% macro get_incremental_mine_sql(arg_dict) %}{% do return(get_incremental_append_sql(arg_dict)) %}{% endmacro %}',
  'models/src.sql': `{{ config(materialized='table') }}
select i as id, i % 3 as grp, 'n' || i || '-{{ var('round') }}' as name, {{ var('round') }} * i as amount
  {% if var('round') >= 3 %}, date '2026-01-01' - i as extra, i::bigint * 10 as amount2 {% endif %}
from generate_series({{ 1 if var('round') == 1 else 3 }}, {{ 5 + var('round') }}) i`,
  'models/upon.sql':
    "{{ config(grants={'select': ['reader', 'other'] if var('round') == 1 else ['other']}) }} select * from {{ ref('src') }}",
  'models/granted.sql':
    "{{ config(materialized='incremental', grants={'select': ['reader', 'other'] if var('round') == 1 else ['other']}) }} select 1 as id",
  'models/wide.sql':
    "{{ config(materialized='incremental', unique_key='id') }} select id, name::varchar({{ 5 * var('round') }}) as name from {{ ref('src') }}",
  'models/hooked.sql': `{{ config(materialized='table',
  pre_hook=["insert into {{ target.schema }}.audit values ('before {{ this.name }}', {{ var('round') }})"],
  post_hook=["insert into {{ target.schema }}.audit select 'rows of {{ this.name }}', count(*) from {{ this }}", {'sql': 'analyze {{ this }}', 'transaction': false}]) }}
select id, amount from {{ ref('src') }}`,
  'snapshots/checked.sql': `{% snapshot checked %}{{ config(strategy='check', unique_key='id', check_cols=['amount'], target_schema=target.schema, hard_deletes='invalidate') }}
select id, amount, name {% if var('round') >= 3 %}, extra {% endif %} from {{ ref('src') }}{% endsnapshot %}`,
  'snapshots/snapshots.yml': `snapshots:
  - name: timed
    relation: ref('src')
    config: {strategy: check, unique_key: [id, grp], check_cols: all, hard_deletes: new_record}
`,
  'models/sources.yml': `version: 2
sources:
  - name: raw
    schema: "{{ target.schema }}"
    config: {loaded_at_field: "now() - interval '25 hours'", freshness: {warn_after: {count: 1, period: day}, error_after: {count: 3, period: day}}}
    tables: [{name: audit}, {name: early, identifier: audit, config: {freshness: {filter: "what = 'never'"}}}]
unit_tests:
  - name: counts_twice
    model: doubled
    given: [{input: ref('src'), rows: [{id: 1, amount: 2}, {id: 2, amount: 5}]}]
    expect: {rows: [{id: 1, twice: 4}, {id: 2, twice: 10}]}
  - name: breaks_later
    model: doubled_too
    given: [{input: ref('src'), rows: [{id: 1, amount: 2}]}]
    expect: {rows: [{id: 1, twice: 4}]}
`,
  'models/doubled.sql': "select id, amount * 2 as twice from {{ ref('src') }}",
  'models/doubled_too.sql': "select id, amount * {{ 2 if var('round') < 3 else 3 }} as twice from {{ ref('src') }}",
  'models/upon_doubled.sql': "select * from {{ ref('doubled_too') }}",
  'models/schema.yml': `version: 2
models:
  - name: hooked
    columns:
      - name: id
        data_tests:
          - unique: {config: {store_failures: true}}
          - accepted_values: {arguments: {values: [1, 2], quote: false}, config: {store_failures: true, severity: warn}}
          - not_null: {config: {store_failures_as: view, where: "id > 2"}}
  - name: by_key
    description: "what it is; it's $1 'quoted'"
    columns: [{name: amount, description: how much}, {name: absent, description: nowhere}]
`,
  'models/dates.sql': `select ${['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second', 'millisecond']
    .map(
      (part) =>
        `{{ dbt.datediff("'2024-01-05'::timestamp", "'2025-03-01 10:11:12.5'::timestamp", '${part}') }} as ${part}s`,
    )
    .join(
      ', ',
    )}, {{ dbt.last_day("'2024-02-05'::timestamp", 'quarter') }} as a, {{ dbt.split_part("'a-b-c'", "'-'", -1) }} as b,
    {{ dbt.listagg("'x'::text", "';'", 'order by 1', 2) }} as c, {{ dbt.hash('1') }} as d, cast(null as {{ dbt.type_numeric() }}) as e`,
  ...Object.fromEntries(
    Object.entries(strategies).map(([name, config]) => [
      `models/${name}.sql`,
      `{{ config(materialized='incremental', ${config}) }}\nselect id, grp, name, amount, {{ is_incremental() }} as added from {{ ref('src') }}
{% if is_incremental() %}where id >= 3{% endif %}`,
    ]),
  ),
  ...Object.fromEntries(
    ['ignore', 'append_new_columns', 'sync_all_columns', 'fail', 'rubbish'].map((choice) => [
      `models/on_${choice}.sql`,
      `{{ config(materialized='incremental', unique_key='id', on_schema_change='${choice}') }}
select id, {% if var('round') < 3 %} name, amount, grp {% else %} amount2 as amount, extra, grp::text || 'x' as grp {% endif %} from {{ ref('src') }}`,
    ]),
  ),
}

async function openProject(): Promise<Bench & { readonly folder: string }> {
  const bench = await openBench()
  const project = join(bench.projectDir, '..', 'adding')
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(project, path)), { recursive: true })
    await writeFile(join(project, path), text)
  }
  await bench.rows('create role reader')
  await bench.rows('create role other')
  return Object.assign(bench, { folder: project })
}

const build = async (bench: Bench & { readonly folder: string }, runner: Runner, schema: string, round: number) =>
  (await bench.invoke(runner, { schema, vars: { round }, projectDir: bench.folder, profilesDir: bench.folder })).result

/** Statuses, and the message of what went well; what a database says of an error differs in its line numbers. */
const said = ({ nodes }: RunnerResult) =>
  nodes
    .map(({ uniqueId, status, message }) => [uniqueId, status, status === 'success' ? message : null])
    .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1))

const shape = (schema: string): string => `
select c.relname, c.relkind::text, c.relpersistence::text, c.relacl::text, obj_description(c.oid, 'pg_class'), a.attnum::int, a.attname,
  format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum),
  (select count(*)::int from pg_index i where i.indrelid = c.oid)
from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = '${schema}'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
order by 1, 6`

/** Columns of the moment are compared by whether they hold one. */
const comparable = (schema: string, name: string): string => `
select format('select row(%s)::text from ${schema}.%I',
  string_agg(case when attname like 'dbt\\_%' and attname <> 'dbt_is_deleted' then format('%I is null', attname) else quote_ident(attname) end, ', ' order by attnum), '${name}')
from pg_attribute where attrelid = '${schema}.${name}'::regclass and attnum > 0 and not attisdropped`

async function different(bench: Bench): Promise<unknown[]> {
  const names = await bench.rows(
    `select relname from pg_class where relnamespace = 'side_b'::regnamespace and relkind in ('r', 'v') order by 1`,
  )
  const differing: unknown[] = []
  for (const [name] of names) {
    const [[[a]], [[b]]] = (await Promise.all(
      ['side_a', 'side_b'].map((schema) => bench.rows(comparable(schema, String(name)))),
    )) as [[[string]], [[string]]]
    const rows = await bench.rows(`(${a} except all ${b}) union all (${b} except all ${a})`)
    if (rows.length > 0) differing.push([name, rows])
  }
  return differing
}

describe('incremental models', { timeout: 240_000 }, () => {
  let bench: Awaited<ReturnType<typeof openProject>>
  beforeAll(async () => {
    bench = await openProject()
  }, 120_000)
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]()
  })

  test('what is there stays, what comes with the same key takes its place', async () => {
    const runner = await native.open({})
    await build(bench, runner, 'alone', 1)
    await build(bench, runner, 'alone', 2)
    const rows = async (name: string) =>
      (await bench.rows(`select id, amount from alone.${name} order by 1, 2`)).map((row) => row.join(' ')).join(', ')
    expect(await rows('append')).toBe('1 1, 2 2, 3 3, 3 6, 4 4, 4 8, 5 5, 5 10, 6 6, 6 12, 7 14')
    const keyed = '1 1, 2 2, 3 6, 4 8, 5 10, 6 12, 7 14'
    expect([await rows('by_key'), await rows('merged'), await rows('by_keys')]).toEqual([keyed, keyed, keyed])
    expect(await rows('always_anew')).toBe('3 6, 4 8, 5 10, 6 12, 7 14')
  })

  test('the same as real dbt-core, twice and after a change of columns', async ({ skip }) => {
    if (!required) skip(absent, 'dbt-core is not installed: scripts/services.sh install dbt')
    await using warm = await warmDbt(folder)
    const [ours, theirs] = [await native.open({}), await dbtCore.open({ folder: warm.folder, install: false })]
    for (const round of [1, 1, 3]) {
      const [mine, real] = [await build(bench, ours, 'side_a', round), await build(bench, theirs, 'side_b', round)]
      expect(said(mine)).toEqual(said(real))
      expect(mine.exitCode).toBe(real.exitCode)
      expect(await bench.rows(shape('side_a'))).toEqual(await bench.rows(shape('side_b')))
      expect(await different(bench)).toEqual([])
      const kept = (schema: string): string => shape(`${schema}_dbt_test__audit`)
      expect(await bench.rows(kept('side_a'))).toEqual(await bench.rows(kept('side_b')))
    }
    const asked = async (runner: Runner, schema: string) => {
      const request = { schema, vars: { round: 3 }, projectDir: bench.folder, profilesDir: bench.folder }
      const { result } = await bench.invoke(runner, { ...request, command: 'source-freshness' })
      return [result.exitCode, result.nodes.map(({ uniqueId, status }) => `${uniqueId} ${status}`).sort()]
    }
    expect(await asked(ours, 'side_a')).toEqual(await asked(theirs, 'side_b'))
  })
})
