-- Partitions whose conversions were counted by another version than the one in force, by account and month: what is still to be counted.
-- $1 platform
with force as (
  select distinct on (d.account_id) d.account_id, d.version from conversion_definition d
  where d.platform = $1 order by d.account_id, d.version desc
), wanted as (
  select p.account_id, date_trunc('month', p.date)::date as month, p.partition_id, p.rows, p.actions_stored,
         coalesce((select o.version from force o where o.account_id = p.account_id),
                  (select a.version from force a where a.account_id = ''), 0) as version, p.definition_version
  from partition_state p
  where p.platform = $1 and p.published_at is not null
)
select account_id as "accountId", month, count(*) filter (where actions_stored)::int as partitions,
       coalesce(sum(rows) filter (where actions_stored), 0)::int as rows,
       count(*) filter (where not actions_stored)::int as "withoutActions",
       array_agg(partition_id) filter (where actions_stored) as ids
from wanted
where definition_version is distinct from version
group by account_id, month
order by account_id, month
