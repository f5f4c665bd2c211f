select
  column_name,
  data_type,
  character_maximum_length,
  numeric_precision,
  numeric_scale
from information_schema.columns
where (table_schema = $1 or ($1::text is null and table_schema = (select nspname from pg_catalog.pg_namespace where oid = pg_catalog.pg_my_temp_schema())))
  and table_name = $2
order by ordinal_position
