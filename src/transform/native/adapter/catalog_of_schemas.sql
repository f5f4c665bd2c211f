select
  n.nspname as schema,
  c.relname as name,
  case c.relkind when 'v' then 'VIEW' when 'm' then 'MATERIALIZED VIEW' else 'BASE TABLE' end as type,
  table_text.description as comment,
  a.attname as column_name,
  a.attnum as column_index,
  pg_catalog.format_type(a.atttypid, a.atttypmod) as column_type,
  column_text.description as column_comment,
  pg_catalog.pg_get_userbyid(c.relowner) as owner
from pg_catalog.pg_namespace n
join pg_catalog.pg_class c on c.relnamespace = n.oid
join pg_catalog.pg_attribute a on a.attrelid = c.oid
left join pg_catalog.pg_description table_text
  on table_text.objoid = c.oid and table_text.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and table_text.objsubid = 0
left join pg_catalog.pg_description column_text
  on column_text.objoid = c.oid and column_text.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass and column_text.objsubid = a.attnum
where lower(n.nspname) = any ($1)
  and not pg_catalog.pg_is_other_temp_schema(n.oid)
  and c.relpersistence in ('p', 'u')
  and c.relkind in ('r', 'v', 'f', 'p', 'm')
  and a.attnum > 0
  and not a.attisdropped
order by n.nspname, c.relname, a.attnum
