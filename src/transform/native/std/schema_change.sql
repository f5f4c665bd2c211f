{% macro incremental_validate_on_schema_change(on_schema_change, default='ignore') %}
    {% do return(on_schema_change if on_schema_change in ['sync_all_columns', 'append_new_columns', 'fail', 'ignore'] else default) %}
{% endmacro %}

{% macro diff_columns(source_columns, target_columns) %}
    {% set held = target_columns | map(attribute='column') | map('lower') | list %}
    {% set missing = [] %}
    {% for column in source_columns if column.column | lower not in held %}
        {% do missing.append(column) %}
    {% endfor %}
    {% do return(missing) %}
{% endmacro %}

{% macro diff_column_data_types(source_columns, target_columns) %}
    {% set changes = [] %}
    {% for ours in source_columns %}
        {% for theirs in target_columns if theirs.name == ours.name and theirs.data_type != ours.data_type and not theirs.can_expand_to(other_column=ours) %}
            {% do changes.append({'column_name': theirs.name, 'new_type': ours.data_type}) %}
        {% endfor %}
    {% endfor %}
    {% do return(changes) %}
{% endmacro %}

{% macro check_for_schema_changes(source_relation, target_relation) %}
    {{ return(adapter.dispatch('check_for_schema_changes', 'dbt')(source_relation, target_relation)) }}
{% endmacro %}

{% macro default__check_for_schema_changes(source_relation, target_relation) %}
    {% set source_columns = adapter.get_columns_in_relation(source_relation) %}
    {% set target_columns = adapter.get_columns_in_relation(target_relation) %}
    {% set added = diff_columns(source_columns, target_columns) %}
    {% set gone = diff_columns(target_columns, source_columns) %}
    {% set types = diff_column_data_types(source_columns, target_columns) %}
    {% do return({
        'schema_changed': added != [] or gone != [] or types != [],
        'source_not_in_target': added,
        'target_not_in_source': gone,
        'source_columns': source_columns,
        'target_columns': target_columns,
        'new_target_types': types
    }) %}
{% endmacro %}

{% macro sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
    {{ return(adapter.dispatch('sync_column_schemas', 'dbt')(on_schema_change, target_relation, schema_changes_dict)) }}
{% endmacro %}

{% macro default__sync_column_schemas(on_schema_change, target_relation, schema_changes_dict) %}
    {% set all = on_schema_change == 'sync_all_columns' %}
    {% set added = schema_changes_dict['source_not_in_target'] %}
    {% set gone = schema_changes_dict['target_not_in_source'] if all else [] %}
    {% if added or gone %}
        {% do alter_relation_add_remove_columns(target_relation, added, gone) %}
    {% endif %}
    {% for change in schema_changes_dict['new_target_types'] if all %}
        {% do alter_column_type(target_relation, change['column_name'], change['new_type']) %}
    {% endfor %}
{% endmacro %}

{% macro process_schema_changes(on_schema_change, source_relation, target_relation) %}
    {{ return(adapter.dispatch('process_schema_changes', 'dbt')(on_schema_change, source_relation, target_relation)) }}
{% endmacro %}

{% macro default__process_schema_changes(on_schema_change, source_relation, target_relation) %}
    {% if on_schema_change == 'ignore' %}
        {% do return({}) %}
    {% endif %}
    {% set changes = check_for_schema_changes(source_relation, target_relation) %}
    {% if changes['schema_changed'] and on_schema_change == 'fail' %}
        {% set message %}
              The source and target schemas on this incremental model are out of sync!
              They can be reconciled in several ways:
                - set the `on_schema_change` config to either append_new_columns or sync_all_columns, depending on your situation.
                - Re-run the incremental model with `full_refresh: True` to update the target schema.
                - update the schema manually and re-run the process.

              Additional troubleshooting context:
                 Source columns not in target: {{ changes['source_not_in_target'] }}
                 Target columns not in source: {{ changes['target_not_in_source'] }}
                 New column types: {{ changes['new_target_types'] }}
        {% endset %}
        {% do exceptions.raise_compiler_error(message) %}
    {% elif changes['schema_changed'] %}
        {% do sync_column_schemas(on_schema_change, target_relation, changes) %}
    {% endif %}
    {% do return(changes['source_columns']) %}
{% endmacro %}

{% macro alter_column_type(relation, column_name, new_column_type) -%}
    {{ return(adapter.dispatch('alter_column_type', 'dbt')(relation, column_name, new_column_type)) }}
{%- endmacro %}

{# A new column takes the values over: the old one keeps its place in what depends on it until it is dropped. #}
{% macro default__alter_column_type(relation, column_name, new_column_type) -%}
    {%- set beside = adapter.quote(column_name ~ '__dbt_alter') -%}
    {%- set own = adapter.quote(column_name) -%}
    {% call statement('alter_column_type') %}
        alter table {{ relation }} add column {{ beside }} {{ new_column_type }};
        update {{ relation }} set {{ beside }} = {{ own }};
        alter table {{ relation }} drop column {{ own }} cascade;
        alter table {{ relation }} rename column {{ beside }} to {{ own }}
    {% endcall %}
{%- endmacro %}

{% macro alter_relation_add_remove_columns(relation, add_columns=none, remove_columns=none) -%}
    {{ return(adapter.dispatch('alter_relation_add_remove_columns', 'dbt')(relation, add_columns, remove_columns)) }}
{%- endmacro %}

{% macro default__alter_relation_add_remove_columns(relation, add_columns, remove_columns) -%}
    {%- set changes = [] -%}
    {%- for column in add_columns or [] -%}
        {%- do changes.append('add column ' ~ column.quoted ~ ' ' ~ column.data_type) -%}
    {%- endfor -%}
    {%- for column in remove_columns or [] -%}
        {%- do changes.append('drop column ' ~ column.quoted) -%}
    {%- endfor -%}
    {%- do run_query('alter ' ~ (relation.type or 'table') ~ ' ' ~ relation ~ ' ' ~ changes | join(', ')) -%}
{%- endmacro %}
