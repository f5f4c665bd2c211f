/** Unit tests in all formats, with overrides, of versions and of an incremental model. */
export const units: Readonly<Record<string, string>> = {
  'macros/h.sql': `{% macro helper() %}'real'{% endmacro %}
`,
  'models/units/ver_v1.sql': `select id from {{ ref('a') }}
`,
  'models/units/s.yml': `version: 2
sources:
  - name: raw
    schema: "{{ target.schema }}"
    tables: [{name: src, identifier: sd}]
models:
  - name: ver
    latest_version: 1
    versions: [{v: 1}, {v: 2}]
unit_tests:
  - name: good
    description: it works
    model: b
    config: {tags: [one], meta: {k: v}}
    overrides:
      macros: {helper: "'fake'", dbt.current_timestamp: "'2021-02-03'::timestamp"}
      vars: {cut: 10}
      env_vars: {UT_ENV: tested}
    given:
      - input: ref('a')
        rows:
          - {id: 1, name: null, amount: 2.0, d: "2020-05-05", ts: "2020-05-05 01:02:03", flag: false, f: 1.0}
          - {id: 2, name: "o'x", amount: 2.25}
      - input: ref('eph')
        format: sql
        rows: "select 1 as id, '{{ 'x' }}' as name"
      - input: source('raw', 'src')
        rows: []
      - input: ref('sd')
    expect:
      rows:
        - {id: 1, amount: 20, h: fake, env: tested, now: "2021-02-03", d: "2020-05-05", ts: "2020-05-05 01:02:03", f: 1.0}
        - {id: 2, amount: 23, h: fake, env: tested, now: "2021-02-03", d: null, ts: null, f: null}
  - name: fails
    model: differs
    given:
      - {input: ref('a'), rows: [{id: 1, name: n, flag: true}, {id: 2, name: m}, {id: 5, name: five, amount: 1.5}]}
    expect:
      rows:
        - {id: 1, name: q, flag: true, f: null, d: null}
        - {id: 3, name: m, flag: false, f: 1.5, d: null}
        - {id: 4, name: w, flag: null, f: 2, d: 2024-05-06}
        - {id: 5, name: five, flag: null, f: null, d: null}
  - name: columns
    model: differs_more
    given: [{input: ref('a'), rows: [{id: 7, nope: 1}]}]
    expect: {rows: [{id: 7}]}
  - name: types
    model: differs_types
    given: [{input: ref('a'), rows: [{id: abc}]}]
    expect: {rows: [{id: 7}]}
  - name: inputs
    model: differs_inputs
    given: []
    expect: {rows: []}
  - name: whole
    model: differs_not
    given: [{input: "ref('gold', 'a')", rows: [{id: 2, ts: 2024-01-02}]}]
    expect: {format: csv, rows: "id,name\\n2,"}
  - name: fixture
    model: inc
    overrides: {macros: {is_incremental: true}}
    given:
      - {input: ref('a'), format: csv, fixture: fx}
      - {input: this, format: sql, fixture: fxsql}
    expect: {format: csv, rows: "id,name\\n9,z"}
  - name: fresh
    model: inc
    overrides: {macros: {is_incremental: false}}
    given: [{input: ref('a'), format: csv, fixture: fx}]
    expect: {format: sql, rows: "select 1 as id, 'x' as name union all select null, 'y' union all select 9, 'z'"}
  - name: versioned
    model: ver
    given: [{input: ref('a'), rows: [{id: 7}]}]
    expect: {rows: [{id: 7}]}
  - name: empty
    model: ver
    versions: {exclude: [1]}
    given: [{input: ref('a'), rows: []}]
    expect: {rows: []}
  - name: switched
    model: inc
    overrides: {macros: {is_incremental: false}}
    config: {enabled: false}
    given: []
    expect: {rows: []}
`,
  'models/units/differs_more.sql': `select id, name from {{ ref('a') }}
`,
  'models/units/differs_types.sql': `select id, name from {{ ref('a') }}
`,
  'models/units/differs_inputs.sql': `select id, name from {{ ref('a') }}
`,
  'models/units/differs_not.sql': `select id, name from {{ ref('a') }}
`,
  'models/units/differs.sql': `select id, name, flag, f, d from {{ ref('a') }}
`,
  'models/units/a.sql': `select 1 as id, 'x'::varchar(10) as name, 1.5::numeric(10,2) as amount, '2020-01-01'::date as d, '2020-01-01 10:00'::timestamp as ts, true as flag, 1.25::float8 as f, '{"a":1}'::jsonb as j
`,
  'models/units/inc.sql': `{{ config(materialized='incremental') }}
select id, name from {{ ref('a') }}
{% if is_incremental() %} where id > (select max(id) from {{ this }}) {% endif %}
`,
  'models/units/b.sql': `{{ config(materialized='table') }}
with e as (select * from {{ ref('eph') }})
select a.id, a.name, (a.amount * {{ var('cut') }})::int as amount, a.d, a.ts, a.flag, a.f, {{ helper() }} as h, '{{ env_var("UT_ENV", "none") }}' as env, {{ dbt.current_timestamp() }}::date as now
from {{ ref('a') }} a left join e using (id) left join {{ source('raw', 'src') }} s on s.id = a.id left join {{ ref('sd') }} sd on sd.id = a.id
`,
  'models/units/eph.sql': `{{ config(materialized='ephemeral') }}
select id, name from {{ ref('a') }}
`,
  'models/units/ver_v2.sql': `select id from {{ ref('a') }}
`,
  'tests/fixtures/fx.csv': `id,name
9,z
1,x
,y
`,
  'tests/fixtures/fxsql.sql': `select 5 as id, 'five' as name
`,
}
