-- $1 day, $2 now, $3 hours that a day may take to settle: every account with its last 30 days, oldest first, and its newest download.
select a.platform, a.account_id as "accountId", a.name, a.currency, a.timezone as zone, x.api_version as "apiVersion",
       x.finished_at as "lastAt", x.rows::text as "lastRows", cardinality(x.request_ids) as "lastRequests",
       array_agg(coalesce(p.state, case when ((d.date::date + 1)::timestamp at time zone a.timezone) + make_interval(hours => $3::int) > $2::timestamptz
                                        then 'not_due' else 'missing' end) order by d.date) as states,
       coalesce(sum(p.rows), 0)::int as rows
from dim_account a
cross join generate_series($1::date - 29, $1::date, interval '1 day') as d (date)
left join partition_state p on p.platform = a.platform and p.account_id = a.account_id and p.level = 'campaign' and p.breakdown_key = ''
  and p.date = d.date::date
left join lateral (select e.api_version, e.finished_at, e.rows, e.request_ids from extract e
                   where e.platform = a.platform and e.account_id = a.account_id order by e.requested_at desc limit 1) x on true
where a.is_current
group by a.platform, a.account_id, a.name, a.currency, a.timezone, x.api_version, x.finished_at, x.rows, x.request_ids
order by a.platform, a.account_id
