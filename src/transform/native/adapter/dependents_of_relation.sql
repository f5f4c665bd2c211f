with recursive dependent(oid) as (
  select c.oid
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1
    and c.relname = $2
  union
  select r.ev_class
  from dependent d
  join pg_catalog.pg_depend p on p.refobjid = d.oid and p.refclassid = 'pg_catalog.pg_class'::regclass
  join pg_catalog.pg_rewrite r on r.oid = p.objid and p.classid = 'pg_catalog.pg_rewrite'::regclass
)
select n.nspname, c.relname
from dependent d
join pg_catalog.pg_class c on c.oid = d.oid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
