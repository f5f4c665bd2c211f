/** Versions, contracts with their constraints, groups and access. */
export const promised: Readonly<Record<string, string>> = {
  'models/promised/dim_old.sql': `select 1 as id
`,
  'models/promised/notnull.sql': `select null::int as id
`,
  'models/promised/incr.sql': `select 5::bigint as id, 'u' as t {% if is_incremental() %} union all select 6, 'v' {% endif %}
`,
  'models/promised/s.yml': `version: 2
groups:
  - name: fin
    owner: {name: F, email: f@x.y}
models:
  - name: dim
    latest_version: 2
    description: base
    access: public
    config: {contract: {enforced: true}, materialized: table, meta: {a: 1}}
    constraints:
      - {type: primary_key, columns: [id]}
      - {type: check, expression: "id > 0", name: pos}
    columns:
      - name: id
        data_type: int
        constraints: [{type: not_null}, {type: unique}]
        data_tests: [unique, not_null, {accepted_values: {values: [1,2], quote: false}}]
      - {name: name, data_type: text, description: nm}
    data_tests:
      - unique: {column_name: name}
    versions:
      - v: 1
        defined_in: dim_old
        deprecation_date: 2030-01-01
        config: {materialized: view, alias: dim_first}
        columns:
          - include: all
            exclude: [name]
      - v: 2
        data_tests: []
      - v: 3
        columns:
          - include: "*"
          - {name: extra, data_type: "numeric(10,2)", data_tests: [not_null]}
  - name: child
    config: {contract: {enforced: true}, materialized: table, group: fin}
    access: private
    columns:
      - name: id
        data_type: integer
        constraints:
          - {type: foreign_key, to: "ref('dim', v=2)", to_columns: [id]}
          - {type: check, expression: "id < 100"}
      - {name: q, data_type: varchar, quote: true}
  - name: uses
    config: {group: fin}
  - name: incr
    config: {materialized: incremental, unique_key: id, on_schema_change: append_new_columns, contract: {enforced: true}}
    columns: [{name: id, data_type: bigint, constraints: [{type: not_null}]}, {name: t, data_type: text}]
  - name: bad
    config: {contract: {enforced: true}, materialized: table}
    columns: [{name: id, data_type: text}, {name: gone, data_type: date}]
  - name: badview
    config: {contract: {enforced: true}}
    columns: [{name: id, data_type: text}]
  - name: notnull
    config: {contract: {enforced: true}, materialized: table}
    columns: [{name: id, data_type: int, constraints: [{type: not_null}]}]
  - name: untyped
    config: {contract: {enforced: true}, materialized: table}
    columns: [{name: id}]
  - name: num
    config: {contract: {enforced: true}, materialized: table}
    columns: [{name: id, data_type: numeric}]
exposures:
  - name: ex
    type: dashboard
    owner: {name: a}
    depends_on: ["ref('dim', v=1)", "ref('dim')"]
`,
  'models/promised/bad.sql': `select 1 as id, 2 as more
`,
  'models/promised/num.sql': `select 1.5 as id
`,
  'models/promised/dim.sql': `select 2 as id, 'x' as name
`,
  'models/promised/dim_v3.sql': `select 2 as id, 'x' as name, 1.5::numeric(10,2) as extra
`,
  'models/promised/child.sql': `select 'q' as "q", id from {{ ref('dim', v=2) }}
`,
  'models/promised/badview.sql': `select 1 as id
`,
  'models/promised/uses.sql': `select c.id, d.name from {{ ref('child') }} c join {{ ref('dim') }} d using (id) union all select id, 'o' from {{ ref('dim', version=1) }} union all select id, name from {{ ref('gold', 'dim', v=3) }}
`,
  'models/promised/untyped.sql': `select 1 as id
`,
}
