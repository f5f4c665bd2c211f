-- $1 day, $2 now, $3 hours that a day may take to settle: every account with its last 7 days, one row an account and day.
select a.platform, a.account_id as "accountId", a.name, a.currency, a.timezone as zone, d.date::date as date,
       case when p.state is not null then p.state
            when ((d.date::date + 1)::timestamp at time zone a.timezone) + make_interval(hours => $3::int) > $2::timestamptz then 'not_due'
            else 'missing' end as state,
       coalesce(p.rows, 0)::int as rows, p.completeness, p.published_at as "publishedAt",
       coalesce((select sum(v.updated + v.deleted + v.inserted)::int from partition_version v
                 where v.partition_id = p.partition_id and v.at > (select min(f.at) from partition_version f where f.partition_id = p.partition_id)), 0)
         as restated,
       p.problem_message as problem
from dim_account a
cross join generate_series($1::date - 6, $1::date, interval '1 day') as d (date)
left join partition_state p on p.platform = a.platform and p.account_id = a.account_id and p.level = 'campaign' and p.breakdown_key = ''
  and p.date = d.date::date
where a.is_current
order by a.platform, a.account_id, d.date
