-- How much of a day's cost its newest version moved, and how much versions of other days moved that were as old then.
, moved as (
  select h.partition_id, h.extract_id, max(h.at) as at, sum(abs(coalesce(h.new_cost, 0) - coalesce(h.old_cost, 0))) as cost,
         sum(coalesce(h.new_cost, 0) - coalesce(h.old_cost, 0)) as net
  from fact_ad_daily_history h
  join partition_state p on p.partition_id = h.partition_id
  where p.level = 'campaign' and p.breakdown_key = '' and p.date between $1::date - 60 and $2::date
    and exists (select from scope s where s.platform = p.platform and s.account_id = p.account_id)
  group by h.partition_id, h.extract_id
), sized as (
  select m.partition_id, m.extract_id, m.at, p.platform, p.account_id, p.date,
         (m.at at time zone coalesce(a.timezone, 'UTC'))::date - p.date as age,
         m.cost / nullif((select sum(f.cost) from fact_ad_daily f where f.partition_id = m.partition_id) - m.net, 0) as share
  from moved m
  join partition_state p on p.partition_id = m.partition_id
  left join dim_account a on a.platform = p.platform and a.account_id = p.account_id and a.is_current
)
select s.platform, s.account_id as "accountId", s.date, z.share::text as share, z.age, s.completeness,
       (select count(*)::int from sized o where o.platform = z.platform and o.account_id = z.account_id and o.date <> z.date
          and abs(o.age - z.age) <= 1 and o.at < z.at) as known,
       (select max(o.share)::text from sized o where o.platform = z.platform and o.account_id = z.account_id and o.date <> z.date
          and abs(o.age - z.age) <= 1 and o.at < z.at) as "shareMax"
from scope s
left join sized z on z.partition_id = s.partition_id and z.extract_id = s.extract_id
where s.published_at is not null
