{# Rows of a schema file as a query with the columns of the relation that they stand for; what a row leaves out is null. #}
{% macro get_fixture_sql(rows, column_name_to_data_types) %}
-- Fixture for {{ model.name }}
{% set quoted = {} -%}
{%- if not column_name_to_data_types -%}
    {%- set relation = defer_relation if (defer_relation and not load_relation(this)) else this -%}
    {%- set column_name_to_data_types = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do column_name_to_data_types.update({column.name | lower: column.data_type}) -%}
        {%- do quoted.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
{%- endif -%}
{%- if not column_name_to_data_types -%}
    {%- do exceptions.raise_compiler_error("Not able to get columns for unit test '" ~ model.name ~ "' from relation " ~ this ~ " because the relation doesn't exist") -%}
{%- endif -%}
{%- set nulls = {} -%}
{%- for name, type in column_name_to_data_types.items() -%}
    {%- do nulls.update({name: safe_cast('null', type) | trim}) -%}
{%- endfor -%}
{{ validate_fixture_rows(rows, none) }}
{%- set queries = [] -%}
{%- for row in rows -%}
    {%- set full = nulls.copy() -%}
    {%- do full.update(format_row(row, column_name_to_data_types)) -%}
    {%- do queries.append('select ' ~ unit_test_select_list(full, quoted, ', ')) -%}
{%- endfor -%}
{{ queries | join('\nunion all\n') }}
{%- if not rows -%}
    select {{ unit_test_select_list(nulls, quoted, ',') }}
    limit 0
{%- endif -%}
{% endmacro %}

{% macro unit_test_select_list(values, quoted, separator) -%}
    {%- for name, value in values.items() %}{{ ' ' if not loop.first and separator == ',' }}{{ value }} as {{ quoted[name] }}{{ separator if not loop.last }}{% endfor -%}
{%- endmacro %}

{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) -%}
{%- set queries = [] -%}
{%- for row in rows -%}
    {%- do queries.append('select ' ~ unit_test_select_list(format_row(row, column_name_to_data_types), column_name_to_quoted, ', ')) -%}
{%- endfor -%}
{{ queries | join('\nunion all\n') if rows else 'select * from dbt_internal_unit_test_actual\n    limit 0' }}
{%- endmacro %}

{# A row with every value cast to its column's type. A text is not cut to the length of its column. #}
{%- macro format_row(row, column_name_to_data_types) -%}
    {%- set formatted = {} -%}
    {%- for given, value in row.items() -%}
        {%- set name = given | lower -%}
        {%- if name not in column_name_to_data_types -%}
            {%- set fixture = 'expected output' if model.resource_type == 'unit_test' else "'" ~ model.name ~ "'" -%}
            {%- do exceptions.raise_compiler_error("Invalid column name: '" ~ name ~ "' in unit test fixture for " ~ fixture ~ ".\nAccepted columns for " ~ fixture ~ " are: " ~ (column_name_to_data_types.keys() | list)) -%}
        {%- endif -%}
        {%- set type = column_name_to_data_types[name] -%}
        {%- if value is string and 'varying' in type -%}
            {%- set type = type.split('(')[0] -%}
        {%- endif -%}
        {%- if value is string -%}
            {%- set literal = string_literal(escape_single_quotes(value)) -%}
        {%- else -%}
            {%- set literal = 'null' if value is none else value -%}
        {%- endif -%}
        {%- do formatted.update({name: safe_cast(literal, type)}) -%}
    {%- endfor -%}
    {{ return(formatted) }}
{%- endmacro -%}

{% macro validate_fixture_rows(rows, row_number) -%}
    {{ return(adapter.dispatch('validate_fixture_rows', 'dbt')(rows, row_number)) }}
{%- endmacro %}

{% macro default__validate_fixture_rows(rows, row_number) -%}
{%- endmacro %}

{% macro get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
    {{ adapter.dispatch('get_unit_test_sql', 'dbt')(main_sql, expected_fixture_sql, expected_column_names) }}
{%- endmacro %}

{% macro default__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
-- Build actual result given inputs
with dbt_internal_unit_test_actual as (
  select
    {{ expected_column_names | join(',') }}, {{ string_literal('actual') }} as {{ adapter.quote('actual_or_expected') }}
  from (
    {{ main_sql }}
  ) _dbt_internal_unit_test_actual
),
-- Build expected result
dbt_internal_unit_test_expected as (
  select
    {{ expected_column_names | join(', ') }}, {{ string_literal('expected') }} as {{ adapter.quote('actual_or_expected') }}
  from (
    {{ expected_fixture_sql }}
  ) _dbt_internal_unit_test_expected
)
-- Union actual and expected results
select * from dbt_internal_unit_test_actual
union all
select * from dbt_internal_unit_test_expected
{%- endmacro %}

{% materialization unit, default %}
    {%- set expected_rows = config.get('expected_rows') -%}
    {%- set expected_sql = config.get('expected_sql') -%}
    {%- set names = expected_rows[0].keys() if expected_rows else get_columns_in_query(sql) -%}
    {%- set temp_relation = make_temp_relation(this.incorporate(type='table')) -%}
    {% do run_query(get_create_table_as_sql(True, temp_relation, get_empty_subquery_sql(sql))) %}
    {%- set types = {} -%}
    {%- set quoted = {} -%}
    {%- for column in adapter.get_columns_in_relation(temp_relation) -%}
        {%- do types.update({column.name | lower: column.data_type}) -%}
        {%- do quoted.update({column.name | lower: column.quoted}) -%}
    {%- endfor -%}
    {%- set compared = [] -%}
    {%- for name in names -%}
        {%- do compared.append(quoted[name | lower]) -%}
    {%- endfor -%}
    {% call statement('main', fetch_result=True) -%}

    {{ '' }}
    {{ get_unit_test_sql(sql, expected_sql or get_expected_sql(expected_rows, types, quoted), compared) }}

  {%- endcall %}
    {% do adapter.drop_relation(temp_relation) %}
    {{ return({'relations': []}) }}
{% endmaterialization %}
