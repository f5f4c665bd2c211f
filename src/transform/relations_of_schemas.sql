-- One row a relation: its kind, and its columns with their types in their order.
select
  n.nspname,
  c.relname,
  c.relkind::text,
  coalesce(
    string_agg(
      quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod),
      ', ' order by a.attnum
    ),
    ''
  )
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'v', 'm') and starts_with(n.nspname, $1)
group by 1, 2, 3
order by 1, 2
