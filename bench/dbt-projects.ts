// The projects that the dbt bench builds, written by rule: no fixture of anybody's, and as large as they are asked to be.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export type Files = ReadonlyMap<string, string>

const profiles = `bench:
  target: bench
  outputs:
    bench:
      type: postgres
      host: "{{ env_var('MILLRACE_DBT_HOST') }}"
      port: "{{ env_var('MILLRACE_DBT_PORT') | int }}"
      user: "{{ env_var('MILLRACE_DBT_USER') }}"
      password: "{{ env_var('MILLRACE_DBT_PASSWORD', 'none') }}"
      dbname: "{{ env_var('MILLRACE_DBT_DBNAME') }}"
      schema: "{{ env_var('MILLRACE_DBT_SCHEMA') }}"
      threads: 4
`

export function writeProject(folder: string, files: Files): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}

/** Macros as packages of utilities have them: dispatched, with a default and a variant for Postgres, and loops inside. */
function kitMacros(count: number): [string, string][] {
  const trios = range(Math.ceil(count / 3)).map(
    (index) => `{% macro tool_${index}(column, alias=none) %}
  {{ return(adapter.dispatch('tool_${index}', 'kit')(column, alias)) }}
{% endmacro %}

{% macro default__tool_${index}(column, alias) %}
  {%- set parts = [] -%}
  {%- for step in range(${1 + (index % 4)}) -%}
    {%- do parts.append('coalesce(' ~ column ~ ', ' ~ step ~ ')') -%}
  {%- endfor -%}
  {{ parts | join(' + ') }}{% if alias is not none %} as {{ alias }}{% endif %}
{% endmacro %}

{% macro postgres__tool_${index}(column, alias) %}
  {{ kit.default__tool_${index}(column, alias) }}
{% endmacro %}
`,
  )
  return range(Math.ceil(trios.length / 10)).map((file) => [
    `dbt_packages/kit/macros/tools_${file}.sql`,
    trios.slice(file * 10, file * 10 + 10).join('\n'),
  ])
}

const seedRows = 40

function seedText(index: number): string {
  const rows = range(seedRows).map(
    (row) =>
      `${row},2026-01-${String(1 + (row % 28)).padStart(2, '0')},${row * 3 + index},${row % 7}.5,name ${row % 5}`,
  )
  return ['id,day,clicks,cost,name', ...rows, ''].join('\n')
}

/**
 * The shape of a package for advertising reports: a platform has seeds, staging models that use tools and variables, joins in between
 * and marts; seeds, models and tests are about 1 : 3 : 2.
 */
export function reportingProject(platforms: number, macros: number): Files {
  const files = new Map<string, string>([
    [
      'dbt_project.yml',
      `name: reporting
version: "1.0"
profile: bench
vars: {reporting: {using_names: true, depth: 2}}
models:
  reporting:
    +materialized: view
    marts: {+materialized: table, +schema: marts, +tags: [mart]}
    intermediate: {+materialized: "{{ 'ephemeral' if var('depth', 2) > 5 else 'view' }}"}
seeds: {reporting: {+column_types: {cost: numeric}}}
`,
    ],
    ['profiles.yml', profiles],
    ['packages.yml', 'packages:\n  - local: ./kit\n'],
    ['kit/dbt_project.yml', 'name: kit\nversion: "1.0"\n'],
    ['dbt_packages/kit/dbt_project.yml', 'name: kit\nversion: "1.0"\n'],
    ...kitMacros(macros),
  ])
  for (const platform of range(platforms))
    for (const [path, text] of platformFiles(platform, macros)) files.set(path, text)
  return files
}

function platformFiles(platform: number, macros: number): [string, string][] {
  const name = `platform_${platform}`
  const tool = (offset: number): string => `kit.tool_${(platform * 7 + offset) % Math.ceil(macros / 3)}`
  const seeds = range(5).map((index): [string, string] => [`seeds/${name}_raw_${index}.csv`, seedText(index)])
  const staging = range(5).map((index): [string, string] => [
    `models/staging/${name}/stg_${name}_${index}.sql`,
    `with base as (
  select * from {{ ref('${name}_raw_${index}') }}
),
renamed as (
  select
    id,
    day,
    {{ ${tool(index)}('clicks', 'clicks') }},
    {{ ${tool(index + 1)}('cost') }} as cost
    {%- if var('using_names', true) %}, name{% endif %}
  from base
)
select * from renamed
`,
  ])
  const between = range(5).map((index): [string, string] => [
    `models/intermediate/${name}/int_${name}_${index}.sql`,
    `select
  {% for column in ['clicks', 'cost'] -%}
  sum(one.{{ column }}) as {{ column }},
  {% endfor -%}
  one.day
from {{ ref('stg_${name}_${index}') }} one
join {{ ref('stg_${name}_${(index + 1) % 5}') }} two using (id)
group by one.day
`,
  ])
  const marts = range(5).map((index): [string, string] => [
    `models/marts/${name}/${name}_report_${index}.sql`,
    `{{ config(indexes=[{'columns': ['day']}]) }}
select day, clicks, cost, cost / nullif(clicks, 0) as cpc
from {{ ref('int_${name}_${index}') }}
`,
  ])
  return [...seeds, ...staging, ...between, ...marts, ...schemaFiles(name)]
}

function schemaFiles(name: string): [string, string][] {
  const staging = range(5).map(
    (index) => `  - name: stg_${name}_${index}
    description: One row a day and id of ${name}, from the file {{ doc('raw_${name}') }}.
    columns:
      - name: id
        description: Key of the row.
        data_tests: [unique, not_null]
      - name: day
        description: Day of the account.
      - name: clicks
        description: Clicks on the ad.
      - name: cost
        description: Money spent.`,
  )
  return [
    [`models/staging/${name}/${name}.yml`, `version: 2\nmodels:\n${staging.join('\n')}\n`],
    [`models/staging/${name}/${name}.md`, `{% docs raw_${name} %}A file of ${name}.{% enddocs %}\n`],
  ]
}

/** Many models of one line, three tests each. */
export function simpleProject(models: number): Files {
  const files = new Map<string, string>([
    ['dbt_project.yml', 'name: simple\nversion: "1.0"\nprofile: bench\n'],
    ['profiles.yml', profiles],
  ])
  for (const index of range(models)) {
    const from =
      index === 0
        ? ''
        : ` from {{ ref('node_${index - 1 - (index % 7 === 0 ? 0 : index % 3 === 0 && index > 3 ? 2 : 0)}') }}`
    files.set(`models/node_${index}.sql`, `select 1 as id${from}\n`)
    files.set(
      `models/node_${index}.yml`,
      `version: 2\nmodels:\n  - name: node_${index}\n    columns:\n      - name: id\n        data_tests:\n          - unique\n          - not_null\n          - relationships: {arguments: {to: ref('node_0'), field: id}}\n`,
    )
  }
  return files
}

/** The classic small shop: three seeds, five models, twenty tests. */
export function shopProject(): Files {
  return new Map([
    [
      'dbt_project.yml',
      'name: shop\nversion: "1.0"\nprofile: bench\nmodels: {shop: {+materialized: table, staging: {+materialized: view}}}\n',
    ],
    ['profiles.yml', profiles],
    ['seeds/raw_customers.csv', ['id,name', ...range(100).map((row) => `${row},customer ${row}`), ''].join('\n')],
    [
      'seeds/raw_orders.csv',
      [
        'id,customer_id,ordered_on,status',
        ...range(100).map(
          (row) =>
            `${row},${(row * 7) % 100},2026-01-${String(1 + (row % 28)).padStart(2, '0')},${['placed', 'shipped', 'returned'][row % 3]}`,
        ),
        '',
      ].join('\n'),
    ],
    [
      'seeds/raw_payments.csv',
      [
        'id,order_id,method,cents',
        ...range(110).map((row) => `${row},${row % 100},${['card', 'coupon', 'bank'][row % 3]},${row * 10}`),
        '',
      ].join('\n'),
    ],
    ['models/staging/stg_customers.sql', "select id as customer_id, name from {{ ref('raw_customers') }}"],
    [
      'models/staging/stg_orders.sql',
      "select id as order_id, customer_id, ordered_on, status from {{ ref('raw_orders') }}",
    ],
    [
      'models/staging/stg_payments.sql',
      "select id as payment_id, order_id, method, cents / 100.0 as amount from {{ ref('raw_payments') }}",
    ],
    [
      'models/orders.sql',
      `{% set methods = ['card', 'coupon', 'bank'] %}
select o.order_id, o.customer_id, o.ordered_on, o.status,
{% for method in methods %} sum(case when p.method = '{{ method }}' then p.amount else 0 end) as {{ method }}_amount, {% endfor %}
 sum(p.amount) as amount
from {{ ref('stg_orders') }} o left join {{ ref('stg_payments') }} p using (order_id) group by 1, 2, 3, 4`,
    ],
    [
      'models/customers.sql',
      "select c.customer_id, c.name, min(o.ordered_on) as first_order, count(o.order_id) as orders, sum(o.amount) as lifetime from {{ ref('stg_customers') }} c left join {{ ref('orders') }} o using (customer_id) group by 1, 2",
    ],
    ['models/schema.yml', shopTests()],
  ])
}

function shopTests(): string {
  const model = (name: string, tests: readonly string[]): string =>
    `  - name: ${name}\n    columns:\n${tests.map((column) => `      - {name: ${column.split(':')[0]}, data_tests: [${column.slice(column.indexOf(':') + 1)}]}`).join('\n')}`
  return `version: 2\nmodels:\n${[
    model('stg_customers', ['customer_id:unique, not_null']),
    model('stg_orders', [
      'order_id:unique, not_null',
      'status:not_null, {accepted_values: {arguments: {values: [placed, shipped, returned]}}}',
    ]),
    model('stg_payments', [
      'payment_id:unique, not_null',
      'method:{accepted_values: {arguments: {values: [card, coupon, bank]}}}',
    ]),
    model('orders', [
      'order_id:unique, not_null',
      "customer_id:not_null, {relationships: {arguments: {to: ref('customers'), field: customer_id}}}",
      'amount:not_null',
      'card_amount:not_null',
      'coupon_amount:not_null',
      'bank_amount:not_null',
    ]),
    model('customers', ['customer_id:unique, not_null', 'name:not_null']),
  ].join('\n')}\n`
}

/** Ten models whose time is the database's own. */
export function heavyProject(): Files {
  const model = (index: number): [string, string] => [
    `models/heavy_${index}.sql`,
    `{{ config(materialized='table') }}
select campaign, day, sum(clicks + ${index}) as clicks, sum(cost) as cost, count(distinct id % ${1000 + index}) as people
from {{ source('raw', 'events') }} group by campaign, day`,
  ]
  return new Map([
    ['dbt_project.yml', 'name: heavy\nversion: "1.0"\nprofile: bench\n'],
    ['profiles.yml', profiles],
    [
      'models/sources.yml',
      'version: 2\nsources:\n  - name: raw\n    schema: bench_raw\n    tables: [{name: events}]\n',
    ],
    ...range(10).map(model),
  ])
}
