{% macro load_cached_relation(relation) %}
    {% do return(adapter.get_relation(database=relation.database, schema=relation.schema, identifier=relation.identifier)) %}
{% endmacro %}

{% macro load_relation(relation) %}
    {% do return(load_cached_relation(relation)) %}
{% endmacro %}

{# A name beside the relation's own, cut so that the suffix fits into Postgres' 63 bytes. #}
{% macro make_relation_with_suffix(relation, suffix) %}
    {% set room = relation.relation_max_name_length() - suffix | length %}
    {% do return(relation.incorporate(path={'identifier': relation.identifier[:room] ~ suffix})) %}
{% endmacro %}

{% macro make_intermediate_relation(base_relation, suffix='__dbt_tmp') %}
    {{ return(adapter.dispatch('make_intermediate_relation', 'dbt')(base_relation, suffix)) }}
{% endmacro %}

{% macro default__make_intermediate_relation(base_relation, suffix) %}
    {% do return(make_relation_with_suffix(base_relation, suffix)) %}
{% endmacro %}

{# Every batch of a microbatch model has a temporary table of its own. #}
{% macro make_temp_relation(base_relation, suffix='__dbt_tmp') %}
    {% if suffix == '__dbt_tmp' and model.batch %}
        {% set suffix = suffix ~ '_' ~ model.batch.id %}
    {% endif %}
    {{ return(adapter.dispatch('make_temp_relation', 'dbt')(base_relation, suffix)) }}
{% endmacro %}

{# Temporary tables live in a schema of the session's own, which has no name to write. #}
{% macro postgres__make_temp_relation(base_relation, suffix) %}
    {% set named = make_relation_with_suffix(base_relation, suffix ~ modules.datetime.datetime.now().strftime('%H%M%S%f')) %}
    {% do return(named.incorporate(path={'database': none, 'schema': none})) %}
{% endmacro %}

{% macro make_backup_relation(base_relation, backup_relation_type, suffix='__dbt_backup') %}
    {{ return(adapter.dispatch('make_backup_relation', 'dbt')(base_relation, backup_relation_type, suffix)) }}
{% endmacro %}

{% macro default__make_backup_relation(base_relation, backup_relation_type, suffix) %}
    {% do return(make_relation_with_suffix(base_relation, suffix).incorporate(type=backup_relation_type)) %}
{% endmacro %}

{% macro drop_relation(relation) -%}
    {{ return(adapter.dispatch('drop_relation', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__drop_relation(relation) -%}
    {% call statement('drop_relation', auto_begin=false) -%}
        drop {{ relation.type | replace('_', ' ') }} if exists {{ relation }} cascade
    {%- endcall %}
{%- endmacro %}

{% macro drop_relation_if_exists(relation) %}
    {% if relation is not none %}
        {% do adapter.drop_relation(relation) %}
    {% endif %}
{% endmacro %}

{% macro rename_relation(from_relation, to_relation) -%}
    {{ return(adapter.dispatch('rename_relation', 'dbt')(from_relation, to_relation)) }}
{%- endmacro %}

{% macro default__rename_relation(from_relation, to_relation) -%}
    {% call statement('rename_relation') -%}
        alter {{ 'view' if from_relation.type == 'view' else 'table' }} {{ from_relation }} rename to {{ adapter.quote(to_relation.identifier) }}
    {%- endcall %}
{%- endmacro %}

{% macro create_schema(relation) -%}
    {{ return(adapter.dispatch('create_schema', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__create_schema(relation) -%}
    {% call statement('create_schema') -%}
        create schema if not exists {{ adapter.quote(relation.schema) }}
    {%- endcall %}
{%- endmacro %}

{% macro get_columns_in_relation(relation) -%}
    {{ return(adapter.get_columns_in_relation(relation)) }}
{%- endmacro %}

{% macro create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {{- '\n  \n    ' ~ adapter.dispatch('create_table_as', 'dbt')(temporary, relation, compiled_code) ~ '\n  ' -}}
{%- endmacro %}

{# A contract is kept by creating the table with its columns first; a temporary one promises nothing. #}
{% macro postgres__create_table_as(temporary, relation, sql) -%}
    {%- set enforced = (config.get('contract') or {}).enforced -%}
    {%- if enforced -%}
        {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {%- set kind = 'temporary' if temporary else ('unlogged' if config.get('unlogged', default=false) else '') -%}
    {{- config.get('sql_header', none) or '' }}

  create {{ kind }} table {{ relation }}
  {{ '\n  \n    \n  ' if enforced else '\n  ' }}
    {%- if enforced and not temporary -%}
        {{ get_table_columns_and_constraints() }} ;
    insert into {{ relation }} (
      {{ adapter.dispatch('get_column_names', 'dbt')() }}
    )
  {{ '' }}
  (
    {{ get_select_subquery(sql) }}
  );
    {%- else %}
    as
  {{ '' }}
  (
    {{ sql }}
  );
    {%- endif -%}
{%- endmacro %}

{% macro get_create_table_as_sql(temporary, relation, sql) -%}
    {{ adapter.dispatch('get_create_table_as_sql', 'dbt')(temporary, relation, sql) }}
{%- endmacro %}

{% macro default__get_create_table_as_sql(temporary, relation, sql) -%}
    {{ return(create_table_as(temporary, relation, sql)) }}
{%- endmacro %}

{% macro create_view_as(relation, sql) -%}
    {{ adapter.dispatch('create_view_as', 'dbt')(relation, sql) }}
{%- endmacro %}

{% macro default__create_view_as(relation, sql) -%}
    {%- set enforced = (config.get('contract') or {}).enforced -%}
    {%- if enforced -%}
        {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {{- config.get('sql_header', none) or '' }}
  create view {{ relation.render() }}
    {{ '\n    \n      ' if enforced else '\n    ' }}
  as (
    {{ sql }}
  );
{%- endmacro %}

{% macro get_create_view_as_sql(relation, sql) -%}
    {{ adapter.dispatch('get_create_view_as_sql', 'dbt')(relation, sql) }}
{%- endmacro %}

{% macro default__get_create_view_as_sql(relation, sql) -%}
    {{ return(create_view_as(relation, sql)) }}
{%- endmacro %}

{% macro get_create_index_sql(relation, index_dict) -%}
    {{ return(adapter.dispatch('get_create_index_sql', 'dbt')(relation, index_dict)) }}
{%- endmacro %}

{% macro postgres__get_create_index_sql(relation, index_dict) -%}
    {%- set index = adapter.parse_index(index_dict) -%}
    {#- Columns are not quoted: a column of an index may be an expression. -#}
    create {{ 'unique ' if index.unique }}index if not exists {{ adapter.quote(index.render(relation)) }}
    on {{ relation }} {{ 'using ' ~ index.type if index.type }} ({{ index.columns | join(', ') }})
{%- endmacro %}

{% macro create_indexes(relation) -%}
    {{ adapter.dispatch('create_indexes', 'dbt')(relation) }}
{%- endmacro %}

{% macro default__create_indexes(relation) -%}
    {%- for index in config.get('indexes', default=[]) -%}
        {% call statement('create_index') -%}
            {{ get_create_index_sql(relation, index) }}
        {%- endcall %}
    {%- endfor -%}
{%- endmacro %}

{% macro truncate_relation(relation) -%}
    {{ return(adapter.dispatch('truncate_relation', 'dbt')(relation)) }}
{%- endmacro %}

{% macro default__truncate_relation(relation) -%}
    {% call statement('truncate_relation') -%}
        truncate table {{ relation.render() }}
    {%- endcall %}
{%- endmacro %}

{% macro drop_schema(relation) -%}
    {{ adapter.dispatch('drop_schema', 'dbt')(relation) }}
{%- endmacro %}

{% macro default__drop_schema(relation) -%}
    {% call statement('drop_schema') -%}
        drop schema if exists {{ relation.without_identifier() }} cascade
    {%- endcall %}
{%- endmacro %}
