-- Partitions that later checks look at. $1 since, $2 until, $3 platforms or null, $4 accounts or null, $5 now.
with scope as materialized (
  select p.partition_id, p.platform, p.account_id, p.date, p.extract_id, p.state, p.published_at, p.completeness, p.rows,
         coalesce(p.day_end, (p.date + 1)::timestamp at time zone coalesce(a.timezone, 'UTC')) as day_end,
         coalesce(a.timezone, 'UTC') as timezone, a.currency, a.first_seen
  from partition_state p
  left join dim_account a on a.platform = p.platform and a.account_id = p.account_id and a.is_current
  where p.level = 'campaign' and p.breakdown_key = '' and p.date between $1::date and $2::date
    and ($3::text[] is null or p.platform = any ($3)) and ($4::text[] is null or p.account_id = any ($4)) and $5::timestamptz is not null
)
