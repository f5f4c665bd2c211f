-- $1 names of tables and views, as schema.name: what the lake has of each platform, and how large and how new each relation is.
select 'platform' as kind, e.platform as name, sum(e.rows)::bigint::text as rows, max(e.finished_at) as "freshAt",
       count(*)::int as files, null::boolean as failed
from extract e
group by e.platform
union all
select 'relation', r.name, case when c.relkind in ('r', 'p', 'm') and c.reltuples >= 0 then c.reltuples::bigint::text end,
       case when r.name like '%.fact_ad_daily' or r.name like '%.daily_campaign_metrics' then (select max(published_at) from partition_state) end,
       0, c.oid is null
from unnest($1::text[]) as r (name)
left join pg_class c on c.oid = to_regclass(r.name)
union all
select 'models', coalesce(p.run_id::text, ''), null, p.finished_at, 0, (p.summary #>> '{dbtTests,fail}')::int > 0
from (select * from pipeline_run where finished_at is not null and (summary ->> 'models')::int > 0 order by finished_at desc limit 1) p
