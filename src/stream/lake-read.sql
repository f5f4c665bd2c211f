-- The records of one partition up to an offset, copies marked: of equal ids the first in the log is the event. `landed` is the view over
-- the partition's files; records below from_offset are read for their ids alone.
create or replace temp table counted as
with events as (
  select _off, _place, _append_ms, _type, _ms, _value_micros, _cost_micros, _ivt, _skewed,
         case platform when 'facebook_ads' then 'meta_ads' else coalesce(platform, '') end as platform,
         coalesce(account_id, '') as account_id, campaign_id, coalesce(currency, '') as currency,
         coalesce(source, '') as source, event_id,
         case when _append_ms - _ms <= 172800000 then 0 when _append_ms - _ms <= 3024000000 then 1
              when _append_ms - _ms <= 34560000000 then 2 else 3 end as age
  from landed
  where _type is not null and _off < getvariable('until_offset')
),
marked as (
  select *, event_id is not null
         and row_number() over (partition by source, event_id order by _off, _place) > 1 as is_copy
  from events
)
select * from marked where _off >= getvariable('from_offset')
