import type { Step } from './step.fixture.ts'

/** Materialized views, whose indexes, query and way of change come as variables. */
export const viewsProject: Readonly<Record<string, string>> = {
  'dbt_project.yml': `name: views
version: "1.0"
profile: p
on-run-start: ["create table if not exists {{ target.schema }}.held (n int)"]
vars: {kind: materialized_view, indexes: [{columns: [id], unique: true}], change: apply, query: 1}
`,
  'profiles.yml': `p:
  target: t
  outputs:
    t: {type: postgres, host: "{{ env_var('MILLRACE_DBT_HOST') }}", port: "{{ env_var('MILLRACE_DBT_PORT') | int }}", user: "{{ env_var('MILLRACE_DBT_USER') }}",
      password: "{{ env_var('MILLRACE_DBT_PASSWORD', 'none') }}", dbname: "{{ env_var('MILLRACE_DBT_DBNAME') }}", schema: views, threads: 1}
`,
  'models/up.sql':
    "{{ config(materialized='table') }} select i as id, 'n' || i as name from generate_series(1, {{ var('query') }}) i",
  'models/m.sql': `{{ config(materialized=var('kind'), indexes=var('indexes'), on_configuration_change=var('change'),
  pre_hook="insert into {{ target.schema }}.held values (1)", post_hook="insert into {{ target.schema }}.held values (2)") }}
select id, name, {{ var('query') }} as version from {{ source('own', 'up') }}`,
  'models/upon.sql': "select * from {{ ref('m') }}",
  'models/sources.yml': `version: 2
sources: [{name: own, schema: "{{ target.schema }}", tables: [{name: up}]}]
models: [{name: m, description: a view that is kept, config: {persist_docs: {relation: true}}}]
`,
}

const run = (name: string, vars: Readonly<Record<string, unknown>> = {}, fullRefresh = false): Step => ({
  name: `materialized view: ${name}`,
  project: 'views',
  request: { command: 'run', select: ['m'], vars, fullRefresh },
  rows: `select c.relkind::text, coalesce((select string_agg(format('%s %s %s', i.indisunique, am.amname, pg_get_indexdef(i.indexrelid, 1, true)), ', ' order by 1)
    from pg_index i join pg_class x on x.oid = i.indexrelid join pg_am am on am.oid = x.relam where i.indrelid = c.oid), ''),
    obj_description(c.oid), (select count(*)::int from views.held), pg_get_viewdef(c.oid) like '%2 AS version%',
    to_regclass('views.upon') is not null, (select count(*)::int from views.m)
  from pg_class c where c.oid = 'views.m'::regclass`,
})
const hash = [{ columns: ['name'], type: 'hash' }]
const both = [...hash, { columns: ['id'] }, { columns: ['id', 'name'], unique: true }]

/** One invocation after another, each upon what the one before it left. */
export const viewsSteps: readonly Step[] = [
  { name: 'materialized view: its source', project: 'views', request: { command: 'run', select: ['up'] } },
  run('created'),
  { name: 'materialized view: what stands upon it', project: 'views', request: { command: 'run', select: ['upon'] } },
  run('no change'),
  run('more rows are not seen by continue', { change: 'continue' }),
  run('an index changes', { indexes: hash }),
  run('several indexes', { indexes: both }),
  run('an index goes by continue', { indexes: hash, change: 'continue' }),
  run('an index goes by fail', { indexes: hash, change: 'fail' }),
  run('nothing changes by fail', { indexes: both, change: 'fail' }),
  run('an index goes', { indexes: [] }),
  run('the query changes', { query: 2 }),
  run('full refresh', { query: 2 }, true),
  run('becomes a table', { kind: 'table' }),
  run('takes the place of the table'),
  run('becomes a view', { kind: 'view' }),
  run('takes the place of the view', { indexes: hash }),
  run('full refresh again', { indexes: both }, true),
]
