-- $1 first day, $2 last day, $3 now, $4 hours that a day may take to settle: every account with its days, how each stands, and how many levels it has.
select a.platform, a.account_id as "accountId", a.name, a.timezone as zone,
       json_agg(json_build_object(
         'date', d.date::date::text,
         'state', coalesce(p.state, case when ((d.date::date + 1)::timestamp at time zone a.timezone) + make_interval(hours => $4::int) > $3::timestamptz
                                         then 'not_due' else 'missing' end),
         'completeness', p.completeness,
         'rows', coalesce(p.rows, 0),
         'levels', (select count(*) from partition_state l where l.platform = a.platform and l.account_id = a.account_id and l.breakdown_key = ''
                    and l.date = d.date::date and l.published_at is not null)) order by d.date) as days
from dim_account a
cross join generate_series($1::date, $2::date, interval '1 day') as d (date)
left join partition_state p on p.platform = a.platform and p.account_id = a.account_id and p.level = 'campaign' and p.breakdown_key = ''
  and p.date = d.date::date
where a.is_current
group by a.platform, a.account_id, a.name, a.timezone
order by a.platform, a.account_id
