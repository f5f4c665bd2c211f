/** A project with something of every kind that dbt can select. */
export type Files = Readonly<Record<string, string>>

const project: Files = {
  'dbt_project.yml': `name: shop
version: "1.0"
profile: p
models:
  shop:
    +meta: {team: core}
    staging: {+tags: [nightly, staging]}
    marts: {+materialized: table, +tags: mart, core: {+group: finance}}
seeds: {shop: {+tags: [seeded]}}
snapshots: {shop: {+target_schema: snaps}}
data_tests: {shop: {+tags: tested}}
exposures: {shop: {+enabled: true}}
`,
  'profiles.yml':
    'p:\n  target: dev\n  outputs:\n    dev: {type: postgres, host: 127.0.0.1, port: 1, user: u, password: p, dbname: d, schema: s, threads: 2}\n',
  'packages.yml': 'packages:\n  - local: ./helper\n',
  'models/sources.yml': `version: 2
sources:
  - name: raw
    tags: [landing]
    meta: {owner: ops}
    tables:
      - name: orders
        tags: [big]
        columns: [{name: id, data_tests: [unique]}]
      - name: customers
  - name: web_2024
    schema: web
    tables: [{name: events}, {name: events_old, config: {enabled: false}}]
`,
  'models/staging/stg_orders.sql': "select * from {{ source('raw', 'orders') }}",
  'models/staging/stg_customers.sql':
    "{{ config(tags=['pii']) }} select * from {{ source('raw', 'customers') }} -- {{ ref('country_codes') }}",
  'models/staging/web/stg_events.sql':
    "{{ config(materialized='ephemeral') }} select * from {{ source('web_2024', 'events') }}",
  'models/staging/staging.yml': `version: 2
models:
  - name: stg_orders
    description: orders
    columns:
      - name: id
        data_tests: [unique, not_null]
      - name: customer_id
        data_tests:
          - relationships: {arguments: {to: ref('stg_customers'), field: id}}
  - name: stg_customers
    config: {access: public}
    data_tests:
      - above: {arguments: {floor: 1}, config: {severity: warn, tags: [odd]}}
`,
  'models/marts/core/fct_orders.sql':
    "{{ config(unique_key=['id', 'day']) }} select {{ cents('1') }} from {{ ref('stg_orders') }} join {{ ref('stg_customers') }} using (id)",
  'models/marts/core/dim_customers.sql':
    "select * from {{ ref('stg_customers') }} join {{ ref('customers_history') }} using (id)",
  'models/marts/daily.sql':
    "{{ config(meta={'sla': 'gold', 'deep': {'er': 'x'}}) }} select * from {{ ref('fct_orders') }} join {{ ref('stg_events') }} using (id) join {{ ref('helper', 'calendar') }} using (day)",
  'models/marts/report.v1.sql': "select * from {{ ref('daily') }}",
  'models/marts/empty.sql': '',
  'models/marts/off.sql': '{{ config(enabled=false) }} select 1',
  'models/marts/marts.yml': `version: 2
groups:
  - name: finance
    owner: {name: Fin}
models:
  - name: fct_orders
    config: {access: protected, persist_docs: {relation: true}}
    description: one row an order
    columns: [{name: id, data_tests: [not_null: {config: {where: "id > 0", severity: ERROR}}]}]
  - name: dim_customers
    config: {access: private}
  - name: daily
    config: {group: finance}
    data_tests:
      - same_rows: {arguments: {other: ref('fct_orders')}}
exposures:
  - name: board
    type: dashboard
    owner: {name: Ann, email: ann@example.com}
    depends_on: ["ref('daily')", "source('raw', 'customers')"]
    config: {tags: [visible]}
  - name: sheet_1
    type: notebook
    owner: {name: Bob, email: bob@example.com}
    depends_on: ["ref('stg_orders')"]
`,
  'models/metrics/semantic.yml': `version: 2
models:
  - name: spine
    time_spine: {standard_granularity_column: day}
    columns: [{name: day, granularity: day}]
semantic_models:
  - name: orders
    model: ref('fct_orders')
    defaults: {agg_time_dimension: ordered_on}
    entities: [{name: order, expr: id, type: primary}]
    dimensions: [{name: ordered_on, expr: day, type: time, type_params: {time_granularity: day}}]
    measures: [{name: n_rows, agg: count, expr: id}, {name: total, agg: sum, expr: id}]
metrics:
  - name: n_orders
    label: orders
    type: simple
    type_params: {measure: n_rows}
    config: {group: finance}
  - name: revenue
    label: revenue
    type: simple
    type_params: {measure: total}
  - name: basket
    label: basket
    type: ratio
    type_params: {numerator: revenue, denominator: n_orders}
saved_queries:
  - name: weekly
    query_params: {metrics: [basket], group_by: ["TimeDimension('order__ordered_on', 'day')"]}
`,
  'models/metrics/spine.sql': 'select current_date as day',
  'seeds/country_codes.csv': 'code,name\nDE,Germany\n',
  'seeds/seeds.yml': 'version: 2\nseeds:\n  - name: country_codes\n    columns: [{name: code, data_tests: [unique]}]\n',
  'snapshots/history.sql': `{% snapshot customers_history %}{{ config(strategy='check', unique_key='id', check_cols='all', tags=['slow']) }}
select * from {{ source('raw', 'customers') }}{% endsnapshot %}`,
  'analyses/look.sql': "select * from {{ ref('daily') }}",
  'tests/no_negative.sql': "select * from {{ ref('fct_orders') }} where id < 0",
  'tests/orders_match.sql':
    "{{ config(severity='warn', tags=['cross']) }} select 1 from {{ ref('stg_orders') }} join {{ source('web_2024', 'events') }} using (id)",
  'macros/own.sql': `{% macro cents(x) %}{{ inner(x) }}{% endmacro %}
{% macro inner(x) %}{{ x }} * 100{% endmacro %}
{% macro unused() %}1{% endmacro %}
{% test above(model, floor) %}select * from {{ model }} where 1 < {{ floor }}{% endtest %}
{% test same_rows(model, other) %}select * from {{ model }} except select * from {{ other }}{% endtest %}`,
  'selectors.yml': `selectors:
  - name: nightly
    description: what runs at night
    definition: {method: tag, value: nightly}
  - name: marts
    definition:
      union:
        - method: fqn
          value: marts
          parents: true
          parents_depth: 1
        - tag:slow
        - exclude: ['daily+', {method: resource_type, value: test}]
  - name: both
    definition:
      intersection:
        - {path: models/staging}
        - method: selector
          value: nightly
        - exclude: [{tag: pii}]
  - name: inherited
    definition: {method: selector, value: marts}
  - name: careful
    definition:
      method: fqn
      value: stg_orders
      indirect_selection: cautious
  - name: careful_pair
    definition:
      union:
        - {method: fqn, value: stg_orders, indirect_selection: cautious}
        - {method: fqn, value: stg_customers, indirect_selection: buildable}
  - name: without
    definition: {method: package, value: this, exclude: [{method: config.materialized, value: table}, 'source:*']}
  - name: deep
    definition:
      union:
        - intersection: ['@stg_events', 'config.materialized:table']
        - {method: exposure, value: '*', children: true, parents: true, parents_depth: 2}
  - name: kin
    definition: {method: fqn, value: fct_orders, childrens_parents: true}
  - name: truth
    definition: {method: config.enabled, value: true}
  - name: plain
    definition: '2+daily+1'
`,
  'helper/dbt_project.yml': 'name: helper\nversion: "1.0"\nmodels: {helper: {+tags: [helped]}}\n',
  'helper/models/calendar.sql': 'select 1 as day',
  'helper/models/staging/inner.sql': "select * from {{ ref('calendar') }}",
  'helper/models/staging/calendar.yml':
    'version: 2\nmodels:\n  - name: inner\n    columns: [{name: day, data_tests: [not_null]}]\n',
}

/** The same project earlier: what differs is what `state:` finds. */
const changes: Readonly<Record<string, string | null>> = {
  'models/staging/stg_orders.sql': "select id from {{ source('raw', 'orders') }}",
  'models/staging/web/stg_events.sql': null,
  'models/marts/daily.sql':
    "{{ config(meta={'sla': 'silver'}) }} select * from {{ ref('fct_orders') }} join {{ ref('helper', 'calendar') }} using (day)",
  'models/metrics/spine.sql': "{{ config(schema='elsewhere') }}select current_date as day",
  'seeds/country_codes.csv': 'code,name\nDE,Deutschland\n',
  'macros/own.sql': project['macros/own.sql']!.replace('* 100', '* 10').replace('unused', 'other'),
  'models/marts/marts.yml': project['models/marts/marts.yml']!.replace('one row an order', 'something')
    .replace('bob@', 'rob@')
    .replace('exposures:\n  - name: board', 'exposures:\n  - name: old_board'),
  'models/gone.sql': 'select 1',
  'models/sources.yml': project['models/sources.yml']!.replace('schema: web\n', 'schema: elsewhere\n'),
  'tests/orders_match.sql': null,
}

const installed = Object.entries(project)
  .filter(([path]) => path.startsWith('helper/'))
  .map(([path, text]) => [`dbt_packages/${path}`, text] as const)

/** The project with its package in place, as `dbt deps` leaves it. */
export const selectionProject: Files = { ...project, ...Object.fromEntries(installed) }

export const earlierProject: Files = Object.fromEntries(
  Object.entries({ ...selectionProject, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
)

const metadata = (kind: string): object => ({
  dbt_schema_version: `https://schemas.getdbt.com/dbt/${kind}.json`,
  dbt_version: '1.11.16',
  generated_at: '2026-01-01T00:00:00.000000Z',
  invocation_id: 'i',
  env: {},
})

const result = (unique_id: string, status: string): object => ({
  status,
  timing: [],
  thread_id: 'Thread-1',
  execution_time: 1,
  adapter_response: {},
  message: null,
  failures: null,
  unique_id,
  compiled: true,
  compiled_code: '',
  relation_name: null,
  batch_results: null,
})

const freshness = (unique_id: string, max_loaded_at: string | null): object =>
  max_loaded_at === null
    ? { unique_id, error: 'no connection', status: 'runtime error' }
    : {
        unique_id,
        max_loaded_at,
        snapshotted_at: '2026-01-03T00:00:00Z',
        max_loaded_at_time_ago_in_s: 1,
        status: 'pass',
        criteria: {
          warn_after: { count: 1, period: 'day' },
          error_after: { count: 2, period: 'day' },
          filter: null,
        },
        adapter_response: {},
        timing: [],
        thread_id: 'Thread-1',
        execution_time: 1,
      }

const sources = (...results: readonly object[]): string =>
  JSON.stringify({ metadata: metadata('sources/v3'), results, elapsed_time: 1 })

/** Artifacts of the earlier run beside its manifest. */
export const earlierArtifacts: Files = {
  'run_results.json': JSON.stringify({
    metadata: metadata('run-results/v6'),
    results: [
      result('model.shop.stg_orders', 'success'),
      result('model.shop.daily', 'error'),
      result('model.shop.report.v1', 'skipped'),
      result('test.shop.no_negative', 'fail'),
      result('seed.shop.country_codes', 'success'),
      result('model.shop.gone', 'error'),
    ],
    elapsed_time: 1,
    args: {},
  }),
  'sources.json': sources(
    freshness('source.shop.raw.orders', '2026-01-01T00:00:00Z'),
    freshness('source.shop.raw.customers', '2026-01-01T00:00:00Z'),
  ),
}

/** sources.json of now, in the target folder. */
export const currentSources = sources(
  freshness('source.shop.raw.orders', '2026-01-02T00:00:00Z'),
  freshness('source.shop.raw.customers', '2026-01-01T00:00:00Z'),
  freshness('source.shop.web_2024.events', '2026-01-02T00:00:00Z'),
)
