-- $1 now: calls that one question (an account, a level, a range of days) has cost lately, by platform and level, with what was used of
-- the present UTC day's quota by the platform as a whole.
select platform, level,
  percentile_cont(0.5) within group (order by operations) filter (where place <= 200)::float8 as calls,
  (sum(coalesce(sum(operations) filter (where requested_at >= date_trunc('day', $1::timestamptz, 'UTC')), 0)) over (partition by platform))::int as used
from (
  select platform, level, requested_at, operations, row_number() over (partition by platform, level order by requested_at desc) as place
  from extract
  where operations > 0
) recent
group by platform, level
