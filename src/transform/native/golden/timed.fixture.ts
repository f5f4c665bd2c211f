import type { Step } from './step.fixture.ts'

const config = (more: string): string =>
  `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', unique_key='id', ${more}) }}\n`

/** Models that are built in batches of time, over inputs of every kind. */
export const timedProject: Readonly<Record<string, string>> = {
  'dbt_project.yml': `name: timed
version: "1.0"
profile: p
vars: {boom: ''}
on-run-start: ["create table if not exists {{ target.schema }}.audit (what text)"]
seeds: {timed: {+event_time: at, +column_types: {at: timestamp}}}
`,
  'profiles.yml': `p:
  target: t
  outputs:
    t: {type: postgres, host: "{{ env_var('MILLRACE_DBT_HOST') }}", port: "{{ env_var('MILLRACE_DBT_PORT') | int }}", user: "{{ env_var('MILLRACE_DBT_USER') }}",
      password: "{{ env_var('MILLRACE_DBT_PASSWORD', 'none') }}", dbname: "{{ env_var('MILLRACE_DBT_DBNAME') }}", schema: timed, threads: 1}
`,
  'macros/listed.sql': "{%- macro listed(dict) -%}{{ dict.keys() | sort | join(' ') }}{%- endmacro -%}",
  'seeds/days.csv':
    'id,at\n1,2023-12-31 10:00:00\n2,2024-01-02 00:00:00\n3,2024-02-03 23:59:59\n4,2025-01-01 00:00:00\n',
  'models/schema.yml': `version: 2
sources:
  - name: raw
    schema: "{{ target.schema }}"
    tables:
      - {name: up, config: {event_time: at}, columns: [{name: at, quote: true}]}
      - {name: unquoted, identifier: up, quoting: {column: true}, config: {event_time: at}, columns: [{name: at, quote: false}]}
models:
  - {name: up, config: {event_time: at}}
  - {name: passing, config: {event_time: at}}
  - {name: daily, config: {event_time: at}}
  - name: from_yaml
    config: {materialized: incremental, incremental_strategy: microbatch, event_time: at, begin: '2023-06-01', batch_size: year, unique_key: id}
`,
  'models/up.sql': `{{ config(materialized='table') }}
select i as id, timestamp '2024-01-01' + i * interval '6 hours' as at, i * {{ var('round', 1) }} as amount from generate_series(0, 20) i`,
  'models/passing.sql': "{{ config(materialized='ephemeral') }} select id, at from {{ ref('up') }}",
  'models/daily.sql': `${config(`begin='2024-01-01', batch_size='day', lookback=2,
  pre_hook="insert into {{ target.schema }}.audit values ('pre {{ model.batch.id }} {{ is_incremental() }}')",
  post_hook="insert into {{ target.schema }}.audit values ('post {{ this.name }}')"`)}
-- {% if model.batch %}{{ model.batch.id }} {{ model.batch.event_time_end - model.batch.event_time_start }}{% endif %} {{ is_incremental() }}
-- {{ model.config.get('__dbt_internal_microbatch_event_time_start') }} {{ config.get('begin') }} {{ config.get('batch_size') }} {{ config.get('lookback') }}
select id, at, amount + (select count(*) from {{ ref('up').render() }}) as amount
  {% if var('boom') %}, case when date_trunc('day', at) = '{{ var('boom') }}'::timestamp then 1 / (id - id) end as x {% else %}, 0 as x {% endif %}
from {{ ref('up') }}`,
  'models/hourly.sql': `${config("begin='2024-01-01 05:30:00', batch_size='hour'")}
select id, at from {{ source('raw', 'up') }} union all select id + 100, at from {{ source('raw', 'unquoted') }}`,
  'models/monthly.sql': `${config("begin=modules.datetime.datetime(2024, 1, 15), batch_size='month', concurrent_batches=true")}
select id, at from {{ ref('passing') }}`,
  'models/from_yaml.sql': "select d.id, d.at from {{ ref('days') }} as d",
  'models/keyless.sql': `{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='at', begin='2024-01-01', batch_size='day') }}
select id, at from {{ ref('up') }}`,
  'models/whole.sql': `${config("begin='2024-01-01', batch_size='year'")}
select 1 as id, timestamp '2024-01-01' as at`,
  'models/unwritten.sql': `${config("begin='2024-01-01', batch_size='day'")}
{% if model.batch %}{{ exceptions.raise_compiler_error('not in batch ' ~ model.batch.id) }}{% endif %} select id, at from {{ ref('up') }}`,
  'models/metrics.yml': `version: 2
models: [{name: facts, time_spine: {standard_granularity_column: on_day}, columns: [{name: on_day, granularity: day}]}]
semantic_models:
  - name: facts
    model: ref('facts')
    defaults: {agg_time_dimension: on_day}
    entities: [{name: id, type: primary}]
    dimensions: [{name: on_day, type: time, type_params: {time_granularity: day}}]
    measures: [{name: amount, agg: sum}]
metrics:
  - {name: revenue, label: Revenue, type: simple, description: what came in, type_params: {measure: amount}}
  - {name: twice, label: Twice, type: derived, type_params: {expr: revenue * 2, metrics: [revenue]}}
`,
  'models/facts.sql': "select 1 as id, date '2024-01-01' as on_day, 2 as amount",
  'models/metrical.sql': `-- {{ metric('revenue') }} {{ metric('timed', 'twice').label }} {{ metric('twice').base_metric_dependency() }}
-- {{ metric('twice').derived_metric_dependency_depth() }}
select 1 as id`,
  'models/names.sql': `{{ config(tags=['one'], meta={'a': 1}, pre_hook='select 1', post_hook=['select 2', {'sql': 'select 3', 'transaction': false}]) }}
{%- if execute %}
-- {{ builtins.keys() | reject('in', ['function', 'submit_python_job']) | sort | join(' ') }}
-- {{ listed(model) }} | {{ listed(model.config) }}
-- {{ listed(graph.nodes['model.timed.names']) }}
-- {{ listed(exceptions) }} | {{ listed(api) }} | {{ listed(modules) }} | {{ listed(modules.datetime) }} | {{ listed(modules.itertools) }}
-- {{ listed(target) }} | {{ listed(env) }} | {{ listed(validation) }} | {{ listed(graph) }}
-- {{ model.config_call_dict }} {{ model.unrendered_config_call_dict }} {{ sql_now }} {{ column.translate_type('string') }} {{ _sql_results }}
-- {{ config.get('materialized', 'x', validator=validation.any('view')) }} {{ config.meta_get('a') }} {{ config.meta_get('b', 'c') }} {{ config.get('unique_key', 'u') }} {{ config.get('nope', 'n') }} {{ config.get('a', 'm') }}
{%- else %}{{ config.get('tags') }}{{ config.require('nothing') }}{% endif %}
select 1 as id`,
  'models/after.sql': "select * from {{ ref('daily') }}",
}

const days = { start: '2024-01-02T00:00:00', end: '2024-01-04T10:00:00' }
const sorted = 'select * from timed.daily order by id'

/** The invocations over that project, in their order. */
const invocations: readonly Omit<Step, 'project'>[] = [
  {
    name: 'batches: one fails',
    request: { command: 'build', exclude: ['hourly'], eventTime: days, vars: { boom: '2024-01-03' } },
    rows: sorted,
  },
  { name: 'batches: retry', request: { command: 'retry', vars: { boom: '' } }, rows: sorted },
  {
    name: 'batches: again',
    request: { command: 'run', select: ['up', 'daily'], eventTime: days, vars: { round: 2 } },
    rows: sorted,
  },
  {
    name: 'batches: anew, the first one fails',
    request: { command: 'run', select: ['daily+'], fullRefresh: true, eventTime: days, vars: { boom: '2024-01-02' } },
    rows: sorted,
  },
  { name: 'batches: retry from the first one', request: { command: 'retry', vars: { boom: '' } }, rows: sorted },
  {
    name: 'batches: of an hour',
    request: {
      command: 'run',
      select: ['hourly'],
      eventTime: { start: '2024-01-01T05:10:00', end: '2024-01-01T08:00:00' },
    },
    rows: 'select * from timed.hourly order by id',
  },
  {
    name: 'batches: empty',
    request: { command: 'run', select: ['monthly', 'from_yaml'], eventTime: days, empty: true },
  },
  {
    name: 'batches: compiled',
    request: { command: 'compile', select: ['daily', 'hourly'] },
    rows: 'select * from timed.audit',
  },
]
export const timedSteps: readonly Step[] = invocations.map((step) => ({ ...step, project: 'timed' }))
