{# The columns that a snapshot adds, by their configured names. #}
{% macro get_snapshot_table_column_names() %}
    {{ return({'dbt_valid_to': 'dbt_valid_to', 'dbt_valid_from': 'dbt_valid_from', 'dbt_scd_id': 'dbt_scd_id', 'dbt_updated_at': 'dbt_updated_at', 'dbt_is_deleted': 'dbt_is_deleted'}) }}
{% endmacro %}

{% macro snapshot_column_names() %}
    {% set names = get_snapshot_table_column_names() %}
    {% set given = config.get('snapshot_meta_column_names') or {} %}
    {% for key, value in given.items() if value %}
        {% do names.update({key: value}) %}
    {% endfor %}
    {{ return(names) }}
{% endmacro %}

{% macro snapshot_hash_arguments(args) -%}
    {{ adapter.dispatch('snapshot_hash_arguments', 'dbt')(args) }}
{%- endmacro %}

{% macro default__snapshot_hash_arguments(args) -%}
    md5({%- for arg in args -%}
        coalesce(cast({{ arg }} as varchar ), '')
        {% if not loop.last %} || '|' || {% endif %}
    {%- endfor -%})
{%- endmacro %}

{% macro snapshot_get_time() -%}
    {{ adapter.dispatch('snapshot_get_time', 'dbt')() }}
{%- endmacro %}

{% macro default__snapshot_get_time() -%}
    {{ current_timestamp() }}
{%- endmacro %}

{% macro postgres__snapshot_get_time() -%}
    {{ current_timestamp() }}::timestamp without time zone
{%- endmacro %}

{% macro strategy_dispatch(name) -%}
    {% set original_name = name %}
    {% if '.' in name %}
        {% set package_name, name = name.split('.', 1) %}
    {% else %}
        {% set package_name = none %}
    {% endif %}
    {% set package_context = context if package_name is none else context[package_name] %}
    {% set search_name = 'snapshot_' ~ name ~ '_strategy' %}
    {% if search_name not in package_context %}
        {% do exceptions.raise_compiler_error("Could not find strategy macro with name '" ~ original_name ~ "'") %}
    {% endif %}
    {{ return(package_context[search_name]) }}
{%- endmacro %}

{% macro snapshot_key_list(unique_key) %}
    {{ return(unique_key if unique_key is sequence and unique_key is not string else [unique_key]) }}
{% endmacro %}

{% macro snapshot_hard_deletes(config) %}
    {{ return(adapter.get_hard_deletes_behavior(config)) }}
{% endmacro %}

{% macro snapshot_timestamp_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {% set primary_key = config.get('unique_key') %}
    {% set updated_at = config.get('updated_at') %}
    {% set names = snapshot_column_names() %}
    {% set row_changed_expr -%}
        ({{ snapshotted_rel }}.{{ names.dbt_valid_from }} < {{ current_rel }}.{{ updated_at }})
    {%- endset %}
    {% do return({
        'unique_key': primary_key, 'updated_at': updated_at, 'row_changed': row_changed_expr,
        'scd_id': snapshot_hash_arguments(snapshot_key_list(primary_key) + [updated_at]),
        'hard_deletes': snapshot_hard_deletes(config)}) %}
{% endmacro %}

{% macro snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) -%}
    {% if not target_exists %}
        {% set all = get_column_schema_from_query(node['compiled_code']) | map(attribute='name') | map('lower') | list %}
        {{ return((false, all if check_cols_config == 'all' else check_cols_config)) }}
    {% endif %}
    {% set query_columns = get_columns_in_query(node['compiled_code']) %}
    {% if check_cols_config == 'all' %}
        {% set wanted = query_columns %}
    {% elif check_cols_config is iterable and check_cols_config | length > 0 %}
        {% set lowered = check_cols_config | map('lower') | list %}
        {% set wanted = [] %}
        {% for column in query_columns if column | lower in lowered %}
            {% do wanted.append(column) %}
        {% endfor %}
    {% else %}
        {% do exceptions.raise_compiler_error('Invalid value for \'check_cols\': ' ~ check_cols_config) %}
    {% endif %}
    {% set existing = adapter.get_columns_in_relation(load_cached_relation(this)) | map(attribute='name') | map('lower') | list %}
    {% set state = namespace(added=false) %}
    {% set kept = [] %}
    {% for column in wanted %}
        {% if column | lower in existing %}
            {% do kept.append(adapter.quote(column)) %}
        {% else %}
            {% set state.added = true %}
        {% endif %}
    {% endfor %}
    {{ return((state.added, kept)) }}
{%- endmacro %}

{% macro snapshot_check_strategy(node, snapshotted_rel, current_rel, model_config, target_exists) %}
    {% set check_cols_config = config.get('check_cols') %}
    {% set primary_key = config.get('unique_key') %}
    {% set updated_at = config.get('updated_at') or snapshot_get_time() %}
    {% set column_added, check_cols = snapshot_check_all_get_existing_columns(node, target_exists, check_cols_config) %}
    {%- set row_changed_expr -%}
    (
    {%- if column_added -%}
        TRUE
    {%- else -%}
    {%- for col in check_cols -%}
        {{ snapshotted_rel }}.{{ col }} != {{ current_rel }}.{{ col }}
        or
        (
            (({{ snapshotted_rel }}.{{ col }} is null) and not ({{ current_rel }}.{{ col }} is null))
            or
            ((not {{ snapshotted_rel }}.{{ col }} is null) and ({{ current_rel }}.{{ col }} is null))
        )
        {%- if not loop.last %} or {% endif -%}
    {%- endfor -%}
    {%- endif -%}
    )
    {%- endset %}
    {% do return({
        'unique_key': primary_key, 'updated_at': updated_at, 'row_changed': row_changed_expr,
        'scd_id': snapshot_hash_arguments(snapshot_key_list(primary_key) + [updated_at]),
        'hard_deletes': snapshot_hard_deletes(config)}) %}
{% endmacro %}

{% macro get_dbt_valid_to_current(strategy, columns) %}
  {% set current = config.get('dbt_valid_to_current') or 'null' %}
  coalesce(nullif({{ strategy.updated_at }}, {{ strategy.updated_at }}), {{ current }})
  as {{ columns.dbt_valid_to }}
{% endmacro %}

{% macro build_snapshot_table(strategy, sql) -%}
    {{ adapter.dispatch('build_snapshot_table', 'dbt')(strategy, sql) }}
{% endmacro %}

{% macro default__build_snapshot_table(strategy, sql) %}
    {% set columns = snapshot_column_names() %}

    select *,
        {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
        {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
        {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
        {{ get_dbt_valid_to_current(strategy, columns) }}
        {%- if strategy.hard_deletes == 'new_record' -%}
        , 'False' as {{ columns.dbt_is_deleted }}
      {% endif -%}
    from (
        {{ sql }}
    ) sbq

{% endmacro %}

{# `a.key_1 = b.dbt_unique_key_1 and …`; one key has no number. #}
{% macro snapshot_key_names(unique_key) %}
    {% set names = [] %}
    {% if unique_key is sequence and unique_key is not string %}
        {% for key in unique_key %}{% do names.append('dbt_unique_key_' ~ loop.index) %}{% endfor %}
    {% else %}
        {% do names.append('dbt_unique_key') %}
    {% endif %}
    {{ return(names) }}
{% endmacro %}

{% macro unique_key_fields(unique_key) %}
    {%- set names = snapshot_key_names(unique_key) -%}
    {%- for key in snapshot_key_list(unique_key) %}
        {{ key }} as {{ names[loop.index0] }}{{ ',' if not loop.last }}
    {%- endfor %}
{% endmacro %}

{% macro unique_key_join_on(unique_key, identifier, from_identifier) %}
    {%- for name in snapshot_key_names(unique_key) -%}
        {{ identifier }}.{{ name }} = {{ from_identifier }}.{{ name }}{{ ' and ' if not loop.last }}
    {%- endfor -%}
{% endmacro %}

{% macro snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {{ adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation) }}
{%- endmacro %}

{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {% set columns = snapshot_column_names() %}
    {% set keys = snapshot_key_names(strategy.unique_key) %}
    {% set with_deleted = strategy.hard_deletes == 'new_record' %}
    {% set finds_deleted = strategy.hard_deletes in ['invalidate', 'new_record'] %}
    {% set current_mark = config.get('dbt_valid_to_current') %}
    {% if with_deleted %}
        {% set new_names = get_columns_in_query(source_sql) %}
        {% set held_names = adapter.get_columns_in_relation(target_relation) | map(attribute='name') | list %}
    {% endif %}
    with snapshot_query as (

        {{ source_sql }}

    ),

    snapshotted_data as (

        select *, {{ unique_key_fields(strategy.unique_key) }}
        from {{ target_relation }}
        where
            {% if current_mark %}
                ( {{ columns.dbt_valid_to }} = {{ current_mark }} or {{ columns.dbt_valid_to }} is null )
            {% else %}
                {{ columns.dbt_valid_to }} is null
            {% endif %}

    ),

    insertions_source_data as (

        select *, {{ unique_key_fields(strategy.unique_key) }},
            {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
            {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
            {{ get_dbt_valid_to_current(strategy, columns) }},
            {{ strategy.scd_id }} as {{ columns.dbt_scd_id }}
        from snapshot_query

    ),

    updates_source_data as (

        select *, {{ unique_key_fields(strategy.unique_key) }},
            {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
            {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
            {{ strategy.updated_at }} as {{ columns.dbt_valid_to }}
        from snapshot_query

    ),
    {% if finds_deleted %}
    deletes_source_data as (

        select *, {{ unique_key_fields(strategy.unique_key) }}
        from snapshot_query

    ),
    {% endif %}
    insertions as (

        select
            'insert' as dbt_change_type,
            source_data.*
            {%- if with_deleted %}, 'False' as {{ columns.dbt_is_deleted }}{% endif %}
        from insertions_source_data as source_data
        left outer join snapshotted_data on {{ unique_key_join_on(strategy.unique_key, 'snapshotted_data', 'source_data') }}
        where snapshotted_data.{{ keys[0] }} is null
            or (snapshotted_data.{{ keys[0] }} is not null and (
                {{ strategy.row_changed }} {% if with_deleted %} or snapshotted_data.{{ columns.dbt_is_deleted }} = 'True' {% endif %}
            ))

    ),

    updates as (

        select
            'update' as dbt_change_type,
            source_data.*,
            snapshotted_data.{{ columns.dbt_scd_id }}
            {%- if with_deleted %}, snapshotted_data.{{ columns.dbt_is_deleted }}{% endif %}
        from updates_source_data as source_data
        join snapshotted_data on {{ unique_key_join_on(strategy.unique_key, 'snapshotted_data', 'source_data') }}
        where (
            {{ strategy.row_changed }} {% if with_deleted %} or snapshotted_data.{{ columns.dbt_is_deleted }} = 'True' {% endif %}
        )

    )
    {%- if finds_deleted %},

    deletes as (

        select
            'delete' as dbt_change_type,
            source_data.*,
            {{ snapshot_get_time() }} as {{ columns.dbt_valid_from }},
            {{ snapshot_get_time() }} as {{ columns.dbt_updated_at }},
            {{ snapshot_get_time() }} as {{ columns.dbt_valid_to }},
            snapshotted_data.{{ columns.dbt_scd_id }}
            {%- if with_deleted %}, snapshotted_data.{{ columns.dbt_is_deleted }}{% endif %}
        from snapshotted_data
        left join deletes_source_data as source_data on {{ unique_key_join_on(strategy.unique_key, 'snapshotted_data', 'source_data') }}
        where source_data.{{ keys[0] }} is null
        {%- if with_deleted %} and not snapshotted_data.{{ columns.dbt_is_deleted }} = 'True'{% endif %}

    )
    {%- endif %}
    {%- if with_deleted %},

    deletion_records as (

        select
            'insert' as dbt_change_type,
            {# A column that the query has only now is not there to be taken over: the row that is gone gives a null of its type. #}
            {% for name in new_names %}{{ 'snapshotted_data' if name in held_names else 'source_data' }}.{{ adapter.quote(name) }}, {% endfor %}
            {% for key in keys %}snapshotted_data.{{ key }}, {% endfor %}
            {{ snapshot_get_time() }} as {{ columns.dbt_valid_from }},
            {{ snapshot_get_time() }} as {{ columns.dbt_updated_at }},
            {{ current_mark if current_mark else 'snapshotted_data.' ~ columns.dbt_valid_to }} as {{ columns.dbt_valid_to }},
            {{ snapshot_hash_arguments([columns.dbt_scd_id, snapshot_get_time()]) }} as {{ columns.dbt_scd_id }},
            'True' as {{ columns.dbt_is_deleted }}
        from snapshotted_data
        left join deletes_source_data as source_data on {{ unique_key_join_on(strategy.unique_key, 'snapshotted_data', 'source_data') }}
        where source_data.{{ keys[0] }} is null
            and not snapshotted_data.{{ columns.dbt_is_deleted }} = 'True'

    )
    {%- endif %}

    {# By name: the parts list the added columns in different orders. #}
    {% set all = [] %}
    {% for name in get_columns_in_query(source_sql) %}{% do all.append(adapter.quote(name)) %}{% endfor %}
    {% set all = all + keys + [columns.dbt_updated_at, columns.dbt_valid_from, columns.dbt_valid_to, columns.dbt_scd_id] + ([columns.dbt_is_deleted] if with_deleted else []) %}
    {% set list = all | join(', ') %}
    select dbt_change_type, {{ list }} from insertions
    union all
    select dbt_change_type, {{ list }} from updates
    {%- if finds_deleted %}
    union all
    select dbt_change_type, {{ list }} from deletes
    {%- endif %}
    {%- if with_deleted %}
    union all
    select dbt_change_type, {{ list }} from deletion_records
    {%- endif %}
{%- endmacro %}

{% macro snapshot_merge_sql(target, source, insert_cols) -%}
    {{ adapter.dispatch('snapshot_merge_sql', 'dbt')(target, source, insert_cols) }}
{%- endmacro %}

{% macro postgres__snapshot_merge_sql(target, source, insert_cols) -%}
    {%- set csv = insert_cols | join(', ') -%}
    {%- set columns = snapshot_column_names() -%}
    {%- set current_mark = config.get('dbt_valid_to_current') -%}
    update {{ target }}
    set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = {{ target }}.{{ columns.dbt_scd_id }}::text
      and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update'::text, 'delete'::text)
      {% if current_mark %}
        and ({{ target }}.{{ columns.dbt_valid_to }} = {{ current_mark }} or {{ target }}.{{ columns.dbt_valid_to }} is null);
      {% else %}
        and {{ target }}.{{ columns.dbt_valid_to }} is null;
      {% endif %}


    insert into {{ target }} ({{ csv }})
    select DBT_INTERNAL_SOURCE.{{ insert_cols | join(',DBT_INTERNAL_SOURCE.') }}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert'::text;
{% endmacro %}

{% macro create_columns(relation, columns) %}
    {{ adapter.dispatch('create_columns', 'dbt')(relation, columns) }}
{% endmacro %}

{% macro default__create_columns(relation, columns) %}
    {% for column in columns %}
        {% call statement() %}
            alter table {{ relation.render() }} add column {{ column.quoted }} {{ column.data_type }};
        {% endcall %}
    {% endfor %}
{% endmacro %}

{% materialization snapshot, default %}
    {%- set target_table = model.get('alias', model.get('name')) -%}
    {%- set strategy_name = config.get('strategy') -%}
    {%- set grant_config = config.get('grants') -%}
    {%- set existing = adapter.get_relation(database=model.database, schema=model.schema, identifier=target_table) -%}
    {%- set exists = existing is not none -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% if exists and existing.type != 'table' %}
        {% do exceptions.relation_wrong_type(existing, 'table') %}
    {% endif %}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% set strategy = strategy_dispatch(strategy_name)(model, 'snapshotted_data', 'source_data', model['config'], exists) %}
    {% if not exists %}
        {% set final_sql = create_table_as(False, target_relation, build_snapshot_table(strategy, model['compiled_code'])) %}
        {% call statement('main') %}
      {{ final_sql }}
  {% endcall %}
        {% do adapter.cache_added(target_relation) %}
    {% else %}
        {% set columns = snapshot_column_names() %}
        {{ adapter.assert_valid_snapshot_target_given_strategy(existing, columns, strategy) }}
        {% set staging = make_temp_relation(target_relation) %}
        {% call statement('build_snapshot_staging_relation') %}
            {{ create_table_as(True, staging, snapshot_staging_table(strategy, sql, target_relation)) }}
        {% endcall %}
        {% do adapter.expand_target_column_types(from_relation=staging, to_relation=target_relation) %}
        {% set left_out = ['dbt_change_type', 'DBT_CHANGE_TYPE', 'dbt_unique_key', 'DBT_UNIQUE_KEY'] + snapshot_key_names(strategy.unique_key) %}
        {% set missing = adapter.get_missing_columns(staging, target_relation) | rejectattr('name', 'in', left_out) | list %}
        {% do create_columns(target_relation, missing) %}
        {% set source_columns = adapter.get_columns_in_relation(staging) | rejectattr('name', 'in', left_out) | list %}
        {% set quoted = [] %}
        {% for column in source_columns %}{% do quoted.append(adapter.quote(column.name)) %}{% endfor %}
        {% call statement('main') %}
      {{ snapshot_merge_sql(target=target_relation, source=staging, insert_cols=quoted) }}
  {% endcall %}
    {% endif %}
    {% do apply_grants(target_relation, grant_config, should_revoke=should_revoke(exists, full_refresh_mode=False)) %}
    {% do persist_docs(target_relation, model) %}
    {% if not exists %}
        {% do create_indexes(target_relation) %}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
