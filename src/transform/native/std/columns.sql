{# What a query would answer: its columns, without a row of it. #}
{% macro get_empty_subquery_sql(select_sql, select_sql_header=none) -%}
    {{ return(adapter.dispatch('get_empty_subquery_sql', 'dbt')(select_sql, select_sql_header)) }}
{%- endmacro %}

{% macro default__get_empty_subquery_sql(select_sql, select_sql_header) -%}
    {{ return((select_sql_header or '') ~ 'select * from (\n' ~ select_sql ~ '\n) as __dbt_sbq\nwhere false\nlimit 0') }}
{%- endmacro %}

{% macro get_column_schema_from_query(select_sql, select_sql_header=none) -%}
    {{ return(adapter.get_column_schema_from_query(get_empty_subquery_sql(select_sql, select_sql_header))) }}
{%- endmacro %}

{% macro get_columns_in_query(select_sql) -%}
    {{ return(adapter.dispatch('get_columns_in_query', 'dbt')(select_sql)) }}
{%- endmacro %}

{% macro default__get_columns_in_query(select_sql) -%}
    {{ return(run_query(get_empty_subquery_sql(select_sql)).column_names | list) }}
{%- endmacro %}

{% macro get_list_of_column_names(columns) -%}
    {{ return(columns | map(attribute='name') | list) }}
{%- endmacro %}

{% macro sql_convert_columns_in_relation(table) -%}
    {%- set columns = [] -%}
    {%- for row in table -%}
        {%- do columns.append(api.Column(*row)) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}

{# One row of nulls with the types that a schema file gives to its columns. #}
{% macro get_empty_schema_sql(columns) -%}
    {{ return(adapter.dispatch('get_empty_schema_sql', 'dbt')(columns)) }}
{%- endmacro %}

{% macro default__get_empty_schema_sql(columns) -%}
    {%- set untyped = [] -%}
    {%- set bare = [] -%}
    {%- set casts = [] -%}
    {%- for column in columns.values() -%}
        {%- if not column.get('data_type') -%}
            {%- do untyped.append(column['name']) -%}
        {%- elif column['data_type'] | trim | lower in ('numeric', 'decimal', 'number') -%}
            {%- do bare.append(column['name']) -%}
        {%- endif -%}
        {%- do casts.append(cast('null', column.get('data_type')) ~ ' as ' ~ (adapter.quote(column['name']) if column.get('quote') else column['name'])) -%}
    {%- endfor -%}
    {%- if untyped -%}
        {%- do exceptions.column_type_missing(column_names=untyped) -%}
    {%- elif bare -%}
        {%- do exceptions.warn("Detected columns with numeric type and unspecified precision/scale, this can lead to unintended rounding: " ~ bare ~ "`") -%}
    {%- endif -%}
    select {{ casts | join(', ') }}
{%- endmacro %}
