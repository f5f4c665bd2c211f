import type { Step } from './step.fixture.ts'

const raise = (name: string, call: string): [string, string] => [
  `models/raise_${name}.sql`,
  `{% if execute %}{{ exceptions.${call} }}{% endif %} select 1 as id`,
]

/** Models, tests and the like that fail while they run, each in a way of its own: what is said of each is compared. */
export const wrongProject: Readonly<Record<string, string>> = {
  'dbt_project.yml': `name: wrong
version: "1.0"
profile: p
`,
  'profiles.yml': `p:
  target: t
  outputs:
    t: {type: postgres, host: "{{ env_var('MILLRACE_DBT_HOST') }}", port: "{{ env_var('MILLRACE_DBT_PORT') | int }}", user: "{{ env_var('MILLRACE_DBT_USER') }}",
      password: "{{ env_var('MILLRACE_DBT_PASSWORD', 'none') }}", dbname: "{{ env_var('MILLRACE_DBT_DBNAME') }}", schema: wrong, threads: 1}
`,
  'macros/m.sql': `{% macro inner(x) %}
  {{ x / 0 }}
{% endmacro %}
{% macro outer(x) %}{{ inner(x) }}{% endmacro %}
{% macro asks() %}{% if execute %}{% do run_query('select nowhere from pg_class') %}{% endif %}{% endmacro %}
{% macro needs(a, b) %}{{ a }}{{ b }}{% endmacro %}
{% macro refuses() %}{{ exceptions.raise_compiler_error('refused by a macro,\\nin two lines') }}{% endmacro %}
{% materialization silent, default %}{{ return({'relations': []}) }}{% endmaterialization %}
{% materialization shapeless, default %}{% call statement('main') %}select 1{% endcall %}{{ return('nothing') }}{% endmaterialization %}
{% test counts(model) %}select nowhere from {{ model }}{% endtest %}
`,
  ...Object.fromEntries([
    raise('compiler', "raise_compiler_error('a\\nb')"),
    raise('compiler_named', "raise_compiler_error(msg='by name')"),
    raise('database', "raise_database_error('of the database')"),
    raise('dependency', "raise_dependency_error('of a package')"),
    raise('relation', 'missing_relation(this)'),
    raise('wrong_type', "relation_wrong_type(this.incorporate(type='view'), 'table')"),
    raise('columns', "column_type_missing(['a', 'b'])"),
    raise('yaml', "raise_invalid_property_yml_version('models/x.yml', 'it is odd')"),
    raise('as_dict', 'raise_dataclass_not_dict(this)'),
    raise('package', "raise_dep_not_found(model, 'model x', 'kit')"),
  ]),
  'models/missing_config.sql': "select {{ config.require('nothing') }} as id",
  'models/missing_meta.sql': "select {{ config.meta_require('nothing') }} as id",
  'models/invalid_config.sql':
    "{{ config(materialized='table') }} select '{{ config.get('materialized', 'x', validator=validation.any('view', 'other')) }}' as id",
  'models/missing_variable.sql': "select {{ var('nothing') }} as id",
  'models/undefined_attribute.sql': '{% if execute %}select {{ nothing.at.all }} as id{% endif %}',
  'models/undefined_call.sql': '{% if execute %}select {{ nothing() }} as id{% endif %}',
  'models/undefined_method.sql': "{% if execute %}select {{ 'text'.nothing() }} as id{% endif %}",
  'models/sum_of_kinds.sql': "{% if execute %}select {{ 1 + 'a' }} as id{% endif %}",
  'models/order_of_kinds.sql': "{% if execute %}select {{ 1 < 'a' }} as id{% endif %}",
  'models/division.sql': '{% if execute %}select {{ outer(1) }} as id{% endif %}',
  'models/no_text.sql': "{% if execute %}select {{ [1, 2] | join(1) }} {{ 3 | join(',') }} as id{% endif %}",
  'models/whole_number.sql': "{% if execute %}select {{ 'x' | int(base=99) }} as id{% endif %}",
  'models/refused.sql': '{% if execute %}select {{ refuses() }} as id{% endif %}',
  'models/adapter_macro.sql': "{% if execute %}select {{ adapter_macro('type_string') }} as id{% endif %}",
  'models/too_many.sql': '{% if execute %}select {{ needs(1, 2, 3) }} as id{% endif %}',
  'models/unknown_argument.sql': '{% if execute %}select {{ needs(a=1, c=2) }} as id{% endif %}',
  'models/not_seen.sql': "{% if execute %}select * from {{ ref('division') }}{% else %}select 1{% endif %}",
  'models/syntax.sql': 'select 1 as id\nfrom\n  pg_class clas where where true',
  'models/column.sql': 'select oids from pg_class',
  'models/relation.sql': 'select * from nowhere.at_all',
  'models/function.sql': "select no_such_function('a', 1) as id",
  'models/long_line.sql': `select ${'1 + '.repeat(40)}nowhere${' + 1'.repeat(40)} as id`,
  'models/asking.sql': 'select {{ asks() }} 1 as id',
  'models/value.sql': "{{ config(materialized='table') }}\nselect 'x'::int as id",
  'models/zero.sql': "{{ config(materialized='table') }}\nselect 1 / 0 as id",
  'models/doubled.sql': "{{ config(materialized='table') }}\nselect 1 as id, 2 as id",
  'models/hook.sql': "{{ config(pre_hook='select nowhere') }} select 1 as id",
  'models/after_hook.sql': "{{ config(materialized='table', post_hook='select nowhere') }} select 1 as id",
  'models/index.sql': "{{ config(materialized='table', indexes=[{'columns': ['nowhere']}]) }} select 1 as id",
  'models/index_option.sql': "{{ config(materialized='table', indexes=[{'column': ['id']}]) }} select 1 as id",
  'models/grant.sql': "{{ config(grants={'select': ['nobody_at_all']}) }} select 1 as id",
  'models/silent.sql': "{{ config(materialized='silent') }} select 1 as id",
  'models/shapeless.sql': "{{ config(materialized='shapeless') }} select 1 as id",
  'models/two_statements.sql': 'select 1 as id; select 2 as id',
  'models/empty.sql': '-- nothing',
  'models/fine.sql': 'select 1 as id',
  'models/schema.yml': `version: 2
models:
  - name: fine
    data_tests: [counts]
    columns: [{name: nowhere, data_tests: [not_null, unique]}]
unit_tests:
  - name: other_column
    model: fine
    given: []
    expect: {rows: [{nowhere: 1}]}
`,
  'tests/singular.sql': "select * from {{ ref('fine') }} where nowhere",
  'snapshots/s.sql':
    "{% snapshot s %}{{ config(strategy='timestamp', unique_key='id', updated_at='nowhere') }}select * from {{ ref('fine') }}{% endsnapshot %}",
}

export const wrongSteps: readonly Step[] = [
  { name: 'what fails', request: { command: 'build' }, project: 'wrong' },
  { name: 'what fails again', request: { command: 'retry' }, project: 'wrong' },
]
