{# Whether a test keeps the rows that it finds: its own configuration, else the invocation's flag. #}
{% macro should_store_failures() %}
    {% set wanted = config.get('store_failures') %}
    {% if wanted is none %}
        {% set wanted = flags.STORE_FAILURES %}
    {% endif %}
    {% do return(wanted) %}
{% endmacro %}

{# A query cut to so many rows; the name is from when it stood in parentheses. #}
{% macro get_limit_subquery_sql(sql, limit) -%}
    {{ adapter.dispatch('get_limit_sql', 'dbt')(sql, limit) }}
{%- endmacro %}

{% macro default__get_limit_sql(sql, limit) -%}
    {{- '\n  ' ~ sql ~ '\n  ' ~ ('\n  limit ' ~ limit if limit is not none else '') -}}
{%- endmacro %}

{% macro get_show_sql(compiled_code, sql_header, limit) -%}
    {{- (sql_header or '') ~ '\n  ' ~ get_limit_subquery_sql(compiled_code, limit) ~ '\n' -}}
{%- endmacro %}

{% materialization test, default %}
    {% set relations = [] %}
    {% set main_sql = '\n    ' ~ get_limit_subquery_sql(sql, config.get('limit')) ~ '\n  ' %}
    {% if should_store_failures() %}
        {% set keep_as = config.get('store_failures_as') or 'table' %}
        {% if keep_as not in ['table', 'view'] %}
            {% do exceptions.raise_compiler_error("'" ~ keep_as ~ "' is not a valid value for `store_failures_as`. Accepted values are: ['ephemeral', 'table', 'view']") %}
        {% endif %}
        {% set target_relation = api.Relation.create(database=database, schema=schema, identifier=model.alias, type=keep_as) -%}
        {% set existing = adapter.get_relation(database=database, schema=schema, identifier=model.alias) %}
        {% if existing %}
            {% do adapter.drop_relation(existing) %}
        {% endif %}
        {% call statement(auto_begin=True) %}
            {{ get_create_sql(target_relation, main_sql) }}
        {% endcall %}
        {% do adapter.cache_added(target_relation) %}
        {% do relations.append(target_relation) %}
        {% set main_sql = '\n        select *\n        from ' ~ target_relation ~ '\n    ' %}
        {{ adapter.commit() }}
    {% endif %}
    {% call statement('main', fetch_result=True) -%}
        {{- '\n    \n    ' ~ get_test_sql(main_sql, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none) -}}
    {%- endcall %}
    {{ return({'relations': relations}) }}
{% endmaterialization %}
