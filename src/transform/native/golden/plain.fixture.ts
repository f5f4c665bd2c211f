/** The materializations, seeds, snapshots and tests, as plain as they can be. */
export const plain: Readonly<Record<string, string>> = {
  'snapshots/sn.sql': `{% snapshot sn %}{{ config(strategy='check', unique_key='id', check_cols=['n'], target_schema=target.schema) }} select * from {{ ref('v') }}{% endsnapshot %}
`,
  'snapshots/st.sql': `{% snapshot st %}{{ config(strategy='timestamp', unique_key='id', updated_at='u', target_schema=target.schema, hard_deletes='invalidate') }} select *, now()::timestamp as u from {{ ref('v') }}{% endsnapshot %}
`,
  'models/plain/tu.sql': `{{ config(materialized='table', unlogged=true, sql_header='set search_path to public;') }} select * from {{ ref('v') }}
`,
  'models/plain/vh.sql': `{{ config(materialized='view', sql_header='-- head') }} select * from {{ ref('v') }}
`,
  'models/plain/id.sql': `{{ config(materialized='incremental', unique_key=['id','n'], incremental_strategy='delete+insert', incremental_predicates=['id > 0'], on_schema_change='append_new_columns') }} select * from {{ ref('v') }}
`,
  'models/plain/s.yml': `version: 2
models:
  - name: v
    description: vee
    columns: [{name: id, description: the id, data_tests: [unique, {not_null: {config: {where: "id > 0", limit: 3}}}, {accepted_values: {arguments: {values: [1]}, config: {store_failures: true, limit: 2}}}, {relationships: {arguments: {to: ref('t'), field: id}, config: {store_failures_as: view}}}]}]
`,
  'models/plain/v.sql': `select 1 as id, 'a' as n
`,
  'models/plain/im.sql': `{{ config(materialized='incremental', unique_key=['id','n'], incremental_strategy='merge', incremental_predicates=['DBT_INTERNAL_DEST.id > 0']) }} select * from {{ ref('v') }}
`,
  'models/plain/im2.sql': `{{ config(materialized='incremental', unique_key='id', incremental_strategy='merge', merge_exclude_columns=['n']) }} select * from {{ ref('v') }}
`,
  'models/plain/i.sql': `{{ config(materialized='incremental', unique_key='id') }} select * from {{ ref('v') }}
`,
  'models/plain/im3.sql': `{{ config(materialized='incremental', incremental_strategy='merge') }} select * from {{ ref('v') }}
`,
  'models/plain/ia.sql': `{{ config(materialized='incremental') }} select * from {{ ref('v') }}
`,
  'models/plain/t.sql': `{{ config(materialized='table', indexes=[{'columns':['id'],'unique':true},{'columns':['n'],'type':'hash'}]) }} select * from {{ ref('v') }}
`,
  'seeds/sd.csv': `id,label
1,one
2,
`,
  'tests/sing.sql': `{{ config(limit=5, where='id > 0') }} select * from {{ ref('v') }} where id > 5
`,
}
