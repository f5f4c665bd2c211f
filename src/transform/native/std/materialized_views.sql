{# Built once and refreshed by every run; only its indexes can change in place, anything else is a full refresh by hand. #}
{% materialization materialized_view, default %}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type=this.MaterializedView) -%}
    {%- set intermediate = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(target_relation, 'materialized_view' if existing is none else existing.type) -%}
    {% do drop_relation_if_exists(load_cached_relation(backup)) %}
    {% do drop_relation_if_exists(load_cached_relation(intermediate)) %}
    {{ run_hooks(pre_hooks, inside_transaction=false) }}
    {%- set build_sql = materialized_view_get_build_sql(existing, target_relation, backup, intermediate) -%}
    {% if build_sql == '' %}
        {% do store_raw_result(name='main', message='skip ' ~ target_relation, code='skip', rows_affected='-1') %}
    {% else %}
        {{ run_hooks(pre_hooks, inside_transaction=true) }}
        {% call statement('main') -%}
            {{ build_sql }}
        {%- endcall %}
        {% do adapter.cache_added(target_relation) %}
        {% do apply_grants(target_relation, config.get('grants'), should_revoke=should_revoke(existing, full_refresh_mode=true)) %}
        {% do persist_docs(target_relation, model) %}
        {{ run_hooks(post_hooks, inside_transaction=true) }}
        {% do adapter.commit() %}
    {% endif %}
    {% do drop_relation_if_exists(load_cached_relation(backup)) %}
    {% do drop_relation_if_exists(load_cached_relation(intermediate)) %}
    {{ run_hooks(post_hooks, inside_transaction=false) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# The statements of this run: create, replace, change or refresh; nothing where a change is to be left alone. #}
{% macro materialized_view_get_build_sql(existing_relation, target_relation, backup_relation, intermediate_relation) %}
    {% if existing_relation is none %}
        {% do return(get_create_materialized_view_as_sql(target_relation, sql)) %}
    {% endif %}
    {% if should_full_refresh() or not existing_relation.is_materialized_view %}
        {% do return(get_replace_sql(existing_relation, target_relation, sql)) %}
    {% endif %}
    {% set changes = get_materialized_view_configuration_changes(existing_relation, config) %}
    {% if changes is none %}
        {% do return(refresh_materialized_view(target_relation)) %}
    {% endif %}
    {% set wanted = config.get('on_configuration_change') %}
    {% set said = 'Configuration changes were identified and `on_configuration_change` was set to `' ~ wanted ~ '` for `' ~ target_relation.render() ~ '`' %}
    {% if wanted == 'apply' %}
        {% do return(get_alter_materialized_view_as_sql(target_relation, changes, sql, existing_relation, backup_relation, intermediate_relation)) %}
    {% elif wanted == 'continue' %}
        {% do exceptions.warn(said) %}
        {% do return('') %}
    {% elif wanted == 'fail' %}
        {% do exceptions.raise_fail_fast_error(said) %}
    {% endif %}
    {% do exceptions.raise_compiler_error('Unexpected configuration scenario') %}
{% endmacro %}

{% macro get_create_materialized_view_as_sql(relation, sql) -%}
    {{- adapter.dispatch('get_create_materialized_view_as_sql', 'dbt')(relation, sql) -}}
{%- endmacro %}

{% macro postgres__get_create_materialized_view_as_sql(relation, sql) %}
    create materialized view if not exists {{ relation }} as {{ sql }};

    {% for index in config.get('indexes', []) -%}
        {{- get_create_index_sql(relation, index) -}}{{ ';' if not loop.last else '' }}
    {%- endfor -%}

{% endmacro %}

{% macro refresh_materialized_view(relation) %}
    {{- adapter.dispatch('refresh_materialized_view', 'dbt')(relation) -}}
{% endmacro %}

{% macro postgres__refresh_materialized_view(relation) %}
    refresh materialized view {{ relation }}
{% endmacro %}

{% macro drop_materialized_view(relation) -%}
    {{- adapter.dispatch('drop_materialized_view', 'dbt')(relation) -}}
{%- endmacro %}

{% macro postgres__drop_materialized_view(relation) -%}
    drop materialized view if exists {{ relation }} cascade
{%- endmacro %}

{% macro get_rename_materialized_view_sql(relation, new_name) -%}
    {{- adapter.dispatch('get_rename_materialized_view_sql', 'dbt')(relation, new_name) -}}
{%- endmacro %}

{% macro postgres__get_rename_materialized_view_sql(relation, new_name) %}
    alter materialized view {{ relation }} rename to {{ new_name }}
{% endmacro %}

{% macro get_alter_materialized_view_as_sql(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) %}
    {{- adapter.dispatch('get_alter_materialized_view_as_sql', 'dbt')(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) -}}
{% endmacro %}

{# Old indexes go before new ones come, so that one may have the name of the other. #}
{% macro postgres__get_alter_materialized_view_as_sql(relation, configuration_changes, sql, existing_relation, backup_relation, intermediate_relation) %}
    {%- if configuration_changes.requires_full_refresh -%}
        {{ get_replace_sql(existing_relation, relation, sql) }}
    {%- else -%}
        {%- for change in configuration_changes.indexes -%}
            {%- if change.action == 'drop' -%}
                drop index if exists "{{ relation.schema }}"."{{ change.context.name }}"
            {%- else -%}
                {{ get_create_index_sql(relation, change.context.as_node_config) }}
            {%- endif -%}
            {{ ';\n' if not loop.last }}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{% macro get_materialized_view_configuration_changes(existing_relation, new_config) %}
    {{- return(adapter.dispatch('get_materialized_view_configuration_changes', 'dbt')(existing_relation, new_config)) -}}
{% endmacro %}

{# None when the indexes that stand are those of the configuration: columns in any order, unique, method. #}
{% macro postgres__get_materialized_view_configuration_changes(existing_relation, new_config) %}
    {% set held = {} %}
    {% for index in run_query(get_show_indexes_sql(existing_relation)).rows %}
        {% set columns = index.column_names.split(',') | map('lower') | sort %}
        {% do held.update({(columns | join(',')) ~ '/' ~ index.unique ~ '/' ~ index.method: index.name}) %}
    {% endfor %}
    {% set wanted = {} %}
    {% for index in new_config.get('indexes', []) or [] %}
        {% set columns = index['columns'] | map('lower') | sort %}
        {% set node_config = {'columns': columns, 'unique': index.get('unique') or false, 'type': index.get('type') or 'btree'} %}
        {# dbt-postgres 1.11 does not know again the method of an index that names it, and refuses to make such an index of a view that stands: so does this. #}
        {% set context = {'name': '', 'as_node_config': node_config} if index.get('type') is none else {'name': ''} %}
        {% do wanted.update({(columns | join(',')) ~ '/' ~ node_config['unique'] ~ '/' ~ node_config['type']: context}) %}
    {% endfor %}
    {% set changes = [] %}
    {% for key, name in held.items() if key not in wanted %}
        {% do changes.append({'action': 'drop', 'context': {'name': name}}) %}
    {% endfor %}
    {% for key, context in wanted.items() if key not in held %}
        {% do changes.append({'action': 'create', 'context': context}) %}
    {% endfor %}
    {% do return({'requires_full_refresh': false, 'indexes': changes} if changes else none) %}
{% endmacro %}

{% macro get_show_indexes_sql(relation) -%}
    {{- adapter.dispatch('get_show_indexes_sql', 'dbt')(relation) -}}
{%- endmacro %}

{% macro postgres__get_show_indexes_sql(relation) %}
    select
        i.relname as name,
        m.amname as method,
        ix.indisunique as "unique",
        string_agg(a.attname, ',' order by k.place) as column_names
    from pg_index ix
    join pg_class i on i.oid = ix.indexrelid
    join pg_am m on m.oid = i.relam
    join pg_class t on t.oid = ix.indrelid
    join pg_namespace n on n.oid = t.relnamespace
    cross join lateral unnest(ix.indkey) with ordinality as k (attnum, place)
    join pg_attribute a on a.attrelid = t.oid and a.attnum = k.attnum
    where t.relname = '{{ relation.identifier }}' and n.nspname = '{{ relation.schema }}' and t.relkind in ('r', 'm')
    group by 1, 2, 3
    order by 1, 2, 3
{% endmacro %}
