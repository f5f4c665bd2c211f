import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adapter as dbtCore, defaultDbtFolder } from './dbt-core.ts'
import { installedVersion, pinnedDbt } from './dbt-install.ts'
import { adapter as native } from './native.ts'
import { openBench } from './bench.fixture.ts'
import type { Bench } from './bench.fixture.ts'
import type { Runner, RunnerCommand, RunnerRequest, RunnerResult } from './runner.ts'
import { warmDbt } from './warm-dbt.fixture.ts'

const folder = defaultDbtFolder(process.env)
const absent = installedVersion(folder) !== pinnedDbt.core
const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes('dbt')

/** A package as `dbt deps` would have put it there. */
const helper: Readonly<Record<string, string>> = {
  'dbt_project.yml':
    'name: helper\nversion: "1.0"\nvars: {depth: 3}\nmodels: {helper: {+materialized: table, +tags: [helped]}}\non-run-end: ["insert into {{ target.schema }}.hooked values (\'helper end\')"]\n',
  'macros/say.sql': `{% macro say(word) %}{{ return(adapter.dispatch('say', 'helper')(word)) }}{% endmacro %}
{% macro default__say(word) %}'default {{ word }}'{% endmacro %}
{% macro own_depth() %}{{ var('depth') }}{% endmacro %}
{% macro never_called() %}{{ modules.re.sub('a', 'b', 'c') }}{% endmacro %}
{% test above(model, column_name, floor) %}select * from {{ model }} where {{ column_name }} <= {{ floor }}{% endtest %}`,
  'models/helped.sql': "select {{ own_depth() }} as depth, {{ say('inside') }} as said",
  'models/overridden.sql': 'select 1 as id',
  'seeds/helper_seed.csv': 'id,name\n1,one\n',
}

const files: Readonly<Record<string, string>> = {
  'dbt_project.yml': `name: wide
version: "1.0"
profile: p
vars: {helper: {depth: 7}, root: 1}
dispatch: [{macro_namespace: helper, search_order: [wide, helper]}]
models: {wide: {inner: {+schema: extra}}, helper: {overridden: {+materialized: view}}}
seeds: {wide: {typed: {+column_types: {id: bigint, code: text}}, bare: {+quote_columns: false}}}
snapshots: {wide: {+target_schema: "{{ target.schema }}"}}
data_tests: {+store_failures: true}
on-run-start:
  - "create table if not exists {{ target.schema }}.hooked (said text)"
  - "{{ said('start') }}"
on-run-end:
  - "insert into {{ target.schema }}.hooked select 'end {{ results | length }} {{ schemas | length }}'"
`,
  'packages.yml': 'packages:\n  - local: ../helper\n',
  'profiles.yml': `p:
  target: t
  outputs:
    t: {type: postgres, host: "{{ env_var('MILLRACE_DBT_HOST') }}", port: "{{ env_var('MILLRACE_DBT_PORT') | int }}", user: "{{ env_var('MILLRACE_DBT_USER') }}",
      password: "{{ env_var('MILLRACE_DBT_PASSWORD', 'none') }}", dbname: "{{ env_var('MILLRACE_DBT_DBNAME') }}", schema: "{{ env_var('MILLRACE_DBT_SCHEMA') }}", threads: 2}
`,
  ...Object.fromEntries(Object.entries(helper).map(([path, text]) => [`dbt_packages/helper/${path}`, text])),
  'macros/own.sql': `{% macro default__say(word) %}'own {{ word }}'{% endmacro %}
{% macro said(word) %}insert into {{ target.schema }}.hooked values ('{{ word }}'){% endmacro %}
{% macro make(name, rows=2) %}{% call statement('make', auto_begin=true) %}create table {{ target.schema }}.{{ name }} as select generate_series(1, {{ rows }}) as i{% endcall %}
{% do adapter.commit() %}{% endmacro %}
{% macro breaks() %}{% do run_query('select 1/0') %}{% endmacro %}
{% macro models_of_graph() %}{{ return(graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | map(attribute='name') | sort | join(' ') if execute else '') }}{% endmacro %}`,
  'seeds/typed.csv':
    'id,code,whole,amount,day,moment,flag,words,nothing\n1,007,1,1.50,2024-01-02,2024-01-02 03:04:05,true,"a, b",\n2,8,-2,2,2024-02-29,2024-02-29 00:00:00,False,NULL,\n',
  'seeds/bare.csv': 'Key,Value\nx,1\ny,2.5\n',
  'seeds/mixed.csv': 'a,b,c,d\n2024-01-01,1e3,yes,12:30\nnot a day,5,no,\n',
  'seeds/properties.yml': `version: 2
seeds:
  - name: typed
    description: typed rows
    columns: [{name: id, data_tests: [unique, not_null, {helper.above: {floor: 1}}]}]
`,
  'models/from_seed.sql':
    "select id, code, whole + 1 as next, {{ helper.say('root') }} as said from {{ ref('typed') }}",
  'models/of_package.sql':
    "{{ config(materialized='table') }} select h.*, {{ var('root') }} as root from {{ ref('helper', 'helped') }} h",
  'models/graphed.sql':
    "select '{{ models_of_graph() }}' as names, '{{ model.resource_type }} {{ model.config.materialized }}' as me",
  'models/written.sql': `select '{{ modules.re.sub("[ -]+", "_", "a - b c") }}' as a, '{{ modules.re.sub("(?P<x>a)(b)", "\\\\2\\\\1", "ab-ab", 1) }}' as b,
  '{{ modules.re.match("a(.)", "xab") }}' as c, '{{ modules.re.search("a(.)", "xab").group(1) }}' as d, '{{ modules.re.findall("[a-c]", "abxc") | join(",") }}' as e`,
  'models/spine.sql': `{{ config(materialized='table') }}
select s.date_day, {{ dbt.date(2024, 3, 7) }} as day, {{ dbt.array_construct([1, 2]) }} as a, {{ dbt.array_append('array[1]', 2) }} as b,
  {{ dbt.array_concat('array[1]', 'array[2]') }} as c, {{ dbt.array_construct([]) }} as d
from ({{ dbt.date_spine('day', "'2024-02-27'::date", "'2024-03-02'::date") }}) s`,
  'models/inner/within.sql': "select * from {{ ref('by_time') }}",
  'models/source_rows.sql': `{{ config(materialized='table', post_hook=["create index on {{ this }} (id)", {"sql": "analyze {{ this }}", "transaction": false}]) }}
select i as id, case when {{ var('round') }} = 2 and i = 2 then 'changed' else 'name' || i end as name,
  timestamp '2024-01-01' + i * interval '1 day' + case when {{ var('round') }} = 2 and i = 2 then interval '9 days' else interval '0' end as updated_at
  {% if var('round') == 2 %}, i * 2 as added {% endif %}
from generate_series({{ var('round') }}, 3 + {{ var('round') }}) i where i <> 4 or {{ var('round') }} = 2`,
  'snapshots/by_time.sql': `{% snapshot by_time %}{{ config(strategy='timestamp', unique_key='id', updated_at='updated_at') }}
select * from {{ ref('source_rows') }}{% endsnapshot %}`,
  'snapshots/checked.sql': `{% snapshot checked %}{{ config(strategy='check', unique_key=['id'], check_cols=['name'], hard_deletes='invalidate') }}
select id, name from {{ ref('source_rows') }}{% endsnapshot %}
{% snapshot checked_all %}{{ config(strategy='check', unique_key='id', check_cols='all', hard_deletes='new_record') }}
select id, name from {{ ref('source_rows') }}{% endsnapshot %}`,
  'snapshots/yaml.yml': `version: 2
snapshots:
  - name: yaml_time
    relation: ref('source_rows')
    config: {strategy: timestamp, unique_key: id, updated_at: updated_at, dbt_valid_to_current: "'9999-12-31'::timestamp", snapshot_meta_column_names: {dbt_valid_from: since}}
`,
  'analyses/look.sql': "select count(*) from {{ ref('from_seed') }}",
  'tests/few.sql': "select * from {{ ref('typed') }} where id = 2",
}

type Widths = Bench & { readonly folder: string }

async function openProject(): Promise<Widths> {
  const bench = await openBench()
  const project = join(bench.projectDir, '..', 'wide')
  const all = {
    ...files,
    ...Object.fromEntries(Object.entries(helper).map(([path, text]) => [`../helper/${path}`, text])),
  }
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(project, path)), { recursive: true })
    await writeFile(join(project, path), text)
  }
  return Object.assign(bench, { folder: project })
}

interface Call extends Partial<RunnerRequest> {
  readonly command: RunnerCommand
  readonly schema: string
}

async function invoke(bench: Widths, runner: Runner, { schema, ...call }: Call): Promise<RunnerResult> {
  return (await bench.invoke(runner, { schema, projectDir: bench.folder, profilesDir: bench.folder, ...call })).result
}

const said = ({ nodes }: RunnerResult) =>
  nodes
    .map(({ uniqueId, status, message, failures, relationName }) => [
      uniqueId,
      status,
      status === 'success' ? message : null,
      failures,
      relationName?.replaceAll(/side_[ab]/g, 'side') ?? null,
    ])
    .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1))

const shape = (schema: string): string => `
select replace(n.nspname, '${schema}', ''), c.relname, c.relkind::text, a.attnum::int, a.attname, format_type(a.atttypid, a.atttypmod),
  (select count(*)::int from pg_index i where i.indrelid = c.oid)
from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
where n.nspname like '${schema}%' and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
order by 1, 2, 4`

/** Relations of both sides whose rows differ. The instants of a check snapshot are its own: their rows are compared without them. */
async function different(bench: Bench): Promise<unknown[]> {
  const names = await bench.rows(
    `select replace(schemaname, 'side_b', ''), relname from (select schemaname, tablename as relname from pg_tables
     union all select schemaname, viewname from pg_views) r where schemaname like 'side_b%' order by 1, 2`,
  )
  const differing: unknown[] = []
  for (const [below, name] of names) {
    const columns = String(name).startsWith('checked') ? 'id, name, dbt_valid_to is null as current' : '*'
    const [a, b] = ['side_a', 'side_b'].map(
      (schema) => `select t::text from (select ${columns} from ${schema}${String(below)}.${String(name)}) t`,
    )
    const rows = await bench.rows(`(${a} except all ${b}) union all (${b} except all ${a})`)
    if (rows.length > 0) differing.push([below, name, rows])
  }
  return differing
}

describe('packages, seeds, snapshots, hooks, stored failures', { timeout: 240_000 }, () => {
  let bench: Widths
  beforeAll(async () => {
    bench = await openProject()
  }, 120_000)
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]()
  })

  test('a project of all of them builds', async () => {
    const runner = await native.open({})
    const result = await invoke(bench, runner, { command: 'build', schema: 'alone', vars: { round: 1 } })
    const failed = result.nodes
      .filter(({ status }) => status === 'error')
      .map(({ uniqueId, message }) => [uniqueId, message])
    expect(failed).toEqual([])
    const rows = async (sql: string) => (await bench.rows(sql)).map((row) => row.join(' '))
    expect(await rows('select depth, said, root from alone.of_package')).toEqual(['7 own inside 1'])
    expect(await rows('select id, code, words is null from alone.typed order by 1')).toEqual([
      '1 007 false',
      '2 8 true',
    ])
    expect(await rows('select said from alone.hooked')).toContain('start')
    const again = await invoke(bench, runner, { command: 'build', schema: 'alone', vars: { round: 2 } })
    expect(
      again.nodes.filter(({ status }) => status === 'error').map(({ uniqueId, message }) => [uniqueId, message]),
    ).toEqual([])
    const history = await rows(
      'select id, name, dbt_valid_to is null, added from alone.by_time order by id, dbt_valid_from',
    )
    const changed = ['2 name2 false ', '2 changed true 4']
    expect(history).toEqual(['1 name1 true ', ...changed, '3 name3 true ', '4 name4 true 8', '5 name5 true 10'])
  })

  test('a package that is asked for and not there, and a seed that is no table, are told', async () => {
    const runner = await native.open({})
    const call = { command: 'seed', schema: 'broken', vars: { round: 1 } } as const
    await writeFile(join(bench.folder, 'seeds', 'torn.csv'), 'a,b\n"1,2\n')
    const torn = await invoke(bench, runner, { ...call, select: ['torn'] })
    expect(torn.nodes.find(({ uniqueId }) => uniqueId === 'seed.wide.torn')).toMatchObject({
      status: 'error',
      message: expect.stringContaining('seeds/torn.csv') as string,
    })
    await rm(join(bench.folder, 'seeds', 'torn.csv'))
    await writeFile(join(bench.folder, 'packages.yml'), 'packages:\n  - local: ../helper\n  - local: ../other\n')
    await expect(invoke(bench, runner, call)).rejects.toMatchObject({
      code: 'TRANSFORM_PACKAGES_MISSING',
      facts: { wanted: 2, found: 1 },
    })
    await writeFile(join(bench.folder, 'packages.yml'), files['packages.yml'] ?? '')
  })

  test('packages of this machine are linked by deps, a hub that is away is said', async () => {
    const runner = await native.open({})
    const call = { command: 'deps', schema: 'alone' } as const
    await rm(join(bench.folder, 'dbt_packages'), { recursive: true })
    expect(await invoke(bench, runner, call)).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(bench.folder, 'dbt_packages/helper/models/helped.sql'), 'utf8')).toContain('own_depth')
    expect(await invoke(bench, runner, { ...call, command: 'parse', vars: { round: 1 } })).toMatchObject({
      exitCode: 0,
    })
    await writeFile(
      join(bench.folder, 'packages.yml'),
      'packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n',
    )
    await expect(invoke(bench, runner, call)).rejects.toMatchObject({ code: 'TRANSFORM_PACKAGES_UNREACHABLE' })
    await writeFile(join(bench.folder, 'packages.yml'), files['packages.yml'] ?? '')
  })

  test('a macro is called by run-operation, and its failure is exit 1', async () => {
    const runner = await native.open({})
    const made = { macro: 'make', args: { name: 'made', rows: 4 } }
    expect(
      await invoke(bench, runner, { command: 'run-operation', schema: 'alone', vars: { round: 1 }, operation: made }),
    ).toMatchObject({ exitCode: 0 })
    expect(await bench.rows('select count(*)::int from alone.made')).toEqual([[4]])
    const broken = {
      command: 'run-operation',
      schema: 'alone',
      vars: { round: 1 },
      operation: { macro: 'breaks', args: {} },
    } as const
    expect(await invoke(bench, runner, broken)).toMatchObject({ exitCode: 1 })
    await expect(invoke(bench, runner, { ...broken, operation: { macro: 'nowhere', args: {} } })).rejects.toMatchObject(
      { code: 'TRANSFORM_MACRO_MISSING' },
    )
  })

  test('the same as real dbt-core, anew, again and after the source has changed', async ({ skip }) => {
    if (!required) skip(absent, 'dbt-core is not installed: scripts/services.sh install dbt')
    await using warm = await warmDbt(folder)
    const [ours, theirs] = [await native.open({}), await dbtCore.open({ folder: warm.folder, install: false })]
    const calls: readonly Omit<Call, 'schema'>[] = [
      { command: 'seed', vars: { round: 1 } },
      { command: 'build', vars: { round: 1 } },
      { command: 'seed', vars: { round: 1 }, fullRefresh: true, select: ['bare'] },
      { command: 'build', vars: { round: 2 } },
      { command: 'snapshot', vars: { round: 2 } },
    ]
    for (const call of calls) {
      const mine = await invoke(bench, ours, { ...call, schema: 'side_a' })
      const real = await invoke(bench, theirs, { ...call, schema: 'side_b' })
      expect(said(mine)).toEqual(said(real))
      expect(mine.exitCode).toBe(real.exitCode)
      expect(await bench.rows(shape('side_a'))).toEqual(await bench.rows(shape('side_b')))
      expect(await different(bench)).toEqual([])
    }
  })
})
