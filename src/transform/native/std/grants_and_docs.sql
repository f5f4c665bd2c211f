{% macro copy_grants() %}
    {{ return(adapter.dispatch('copy_grants', 'dbt')()) }}
{% endmacro %}

{% macro default__copy_grants() %}
    {% do return(true) %}
{% endmacro %}

{# A Postgres table that takes another's place begins without the other's grants. #}
{% macro postgres__copy_grants() %}
    {% do return(false) %}
{% endmacro %}

{% macro should_revoke(existing_relation, full_refresh_mode=true) %}
    {% if not existing_relation %}
        {% do return(false) %}
    {% endif %}
    {% do return(copy_grants() if full_refresh_mode else true) %}
{% endmacro %}

{% macro get_show_grant_sql(relation) %}
    {{ return(adapter.dispatch('get_show_grant_sql', 'dbt')(relation)) }}
{% endmacro %}

{% macro postgres__get_show_grant_sql(relation) %}
    select grantee, privilege_type
    from {{ relation.information_schema('role_table_grants') }}
    where grantor = current_role
      and grantee != current_role
      and table_schema = '{{ relation.schema }}'
      and table_name = '{{ relation.identifier }}'
{% endmacro %}

{% macro get_grant_sql(relation, privilege, grantees) %}
    {{ return(adapter.dispatch('get_grant_sql', 'dbt')(relation, privilege, grantees)) }}
{% endmacro %}

{% macro default__get_grant_sql(relation, privilege, grantees) -%}
    grant {{ privilege }} on {{ relation.render() }} to {{ grantees | join(', ') }}
{%- endmacro %}

{% macro get_revoke_sql(relation, privilege, grantees) %}
    {{ return(adapter.dispatch('get_revoke_sql', 'dbt')(relation, privilege, grantees)) }}
{% endmacro %}

{% macro default__get_revoke_sql(relation, privilege, grantees) -%}
    revoke {{ privilege }} on {{ relation.render() }} from {{ grantees | join(', ') }}
{%- endmacro %}

{% macro get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
    {{ return(adapter.dispatch('get_dcl_statement_list', 'dbt')(relation, grant_config, get_dcl_macro)) }}
{% endmacro %}

{% macro default__get_dcl_statement_list(relation, grant_config, get_dcl_macro) %}
    {% set statements = [] %}
    {% for privilege, grantees in grant_config.items() if grantees %}
        {% do statements.append(get_dcl_macro(relation, privilege, [grantees] if grantees is string else grantees)) %}
    {% endfor %}
    {% do return(statements) %}
{% endmacro %}

{% macro call_dcl_statements(dcl_statement_list) %}
    {{ return(adapter.dispatch('call_dcl_statements', 'dbt')(dcl_statement_list)) }}
{% endmacro %}

{% macro default__call_dcl_statements(dcl_statement_list) %}
    {% call statement('grants') %}
        {{ dcl_statement_list | join(';\n') }}
    {% endcall %}
{% endmacro %}

{% macro apply_grants(relation, grant_config, should_revoke) %}
    {{ return(adapter.dispatch('apply_grants', 'dbt')(relation, grant_config, should_revoke)) }}
{% endmacro %}

{% macro default__apply_grants(relation, grant_config, should_revoke=true) %}
    {% if grant_config %}
        {% set held = adapter.standardize_grants_dict(run_query(get_show_grant_sql(relation))) if should_revoke else {} %}
        {% set granting = diff_of_two_dicts(grant_config, held) if should_revoke else grant_config %}
        {% set statements = get_dcl_statement_list(relation, diff_of_two_dicts(held, grant_config), get_revoke_sql)
            + get_dcl_statement_list(relation, granting, get_grant_sql) %}
        {% if statements %}
            {% do call_dcl_statements(statements) %}
        {% endif %}
    {% endif %}
{% endmacro %}

{% macro postgres_escape_comment(comment) -%}
    {% if comment is not string %}
        {% do exceptions.raise_compiler_error('cannot escape a non-string: ' ~ comment) %}
    {% endif %}
    {%- set fence = '$dbt_comment_literal_block$' -%}
    {%- if fence in comment -%}
        {%- do exceptions.raise_compiler_error('The string ' ~ fence ~ ' is not allowed in comments.') -%}
    {%- endif -%}
    {{ return(fence ~ comment ~ fence) }}
{%- endmacro %}

{% macro alter_relation_comment(relation, relation_comment) -%}
    {{ return(adapter.dispatch('alter_relation_comment', 'dbt')(relation, relation_comment)) }}
{%- endmacro %}

{% macro postgres__alter_relation_comment(relation, comment) -%}
    comment on {{ relation.type | replace('_', ' ') }} {{ relation }} is {{ postgres_escape_comment(comment) }}
{%- endmacro %}

{% macro alter_column_comment(relation, column_dict) -%}
    {{ return(adapter.dispatch('alter_column_comment', 'dbt')(relation, column_dict)) }}
{%- endmacro %}

{% macro postgres__alter_column_comment(relation, column_dict) -%}
    {%- set held = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- for name in column_dict if name in held %}
    comment on column {{ relation }}.{{ adapter.quote(name) if column_dict[name]['quote'] else name }} is {{ postgres_escape_comment(column_dict[name]['description']) }};
    {%- endfor -%}
{%- endmacro %}

{% macro persist_docs(relation, model, for_relation=true, for_columns=true) -%}
    {{ return(adapter.dispatch('persist_docs', 'dbt')(relation, model, for_relation, for_columns)) }}
{%- endmacro %}

{% macro default__persist_docs(relation, model, for_relation, for_columns) -%}
    {% if for_relation and config.persist_relation_docs() and model.description %}
        {% do run_query(alter_relation_comment(relation, model.description)) %}
    {% endif %}
    {% if for_columns and config.persist_column_docs() and model.columns %}
        {% set comments = alter_column_comment(relation, model.columns) %}
        {% if comments | trim %}
            {% do run_query(comments) %}
        {% endif %}
    {% endif %}
{%- endmacro %}
