{# Whether a test keeps the rows that it finds: its own configuration, else the invocation's flag. #}
{% macro should_store_failures() %}
    {% set wanted = config.get('store_failures') %}
    {% if wanted is none %}
        {% set wanted = flags.STORE_FAILURES %}
    {% endif %}
    {% do return(wanted) %}
{% endmacro %}

{% materialization test, default %}
    {% set relations = [] %}
    {% set keep_as = config.get('store_failures_as') %}
    {% if keep_as is none and should_store_failures() %}
        {% set keep_as = 'table' %}
    {% endif %}
    {% if keep_as in ['table', 'view'] %}
        {% set target_relation = api.Relation.create(database=model.database, schema=model.schema, identifier=model.alias, type=keep_as) -%}
        {% set existing = adapter.get_relation(database=model.database, schema=model.schema, identifier=model.alias) %}
        {% if existing %}
            {% do adapter.drop_relation(existing) %}
        {% endif %}
        {% call statement(auto_begin=True) %}
            {% if keep_as == 'table' %}{{ create_table_as(False, target_relation, sql) }}{% else %}{{ create_view_as(target_relation, sql) }}{% endif %}
        {% endcall %}
        {% do adapter.cache_added(target_relation) %}
        {% do relations.append(target_relation) %}
        {% set main_sql = 'select * from ' ~ target_relation %}
        {{ adapter.commit() }}
    {% else %}
        {% set main_sql = sql %}
    {% endif %}
    {% call statement('main', fetch_result=True, auto_begin=False) -%}
        {{ get_test_sql(main_sql, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), config.get('limit')) }}
    {%- endcall %}
    {{ return({'relations': relations}) }}
{% endmaterialization %}
