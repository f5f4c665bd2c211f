-- $1 now: calls that one day of an account has cost lately, by platform, with what was used of the present UTC day's quota.
select platform,
  percentile_cont(0.5) within group (order by operations) filter (where since = until and place <= 200)::float8 as calls,
  coalesce(sum(operations) filter (where requested_at >= date_trunc('day', $1::timestamptz, 'UTC')), 0)::int as used
from (
  select platform, since, until, requested_at, operations,
    row_number() over (partition by platform, since = until order by requested_at desc) as place
  from extract
  where operations > 0
) recent
group by platform
