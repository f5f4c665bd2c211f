-- Sums by campaign and minute, copies apart, in one pass over the columns that are summed; with what the fold says of the same records beside its
-- sums. Conversions that are no copies are read one by one: here only their number is.
select case platform when 'facebook_ads' then 'meta_ads' else coalesce(platform, '') end as platform,
       coalesce(account_id, '') as account_id, campaign_id, coalesce(currency, '') as currency,
       is_copy,
       case when _append_ms - _ms <= 172800000 then 0 when _append_ms - _ms <= 3024000000 then 1
            when _append_ms - _ms <= 34560000000 then 2 else 3 end as age,
       _ms // 60000 as minute,
       (count(*) filter (where _type = 0))::double as impressions,
       (count(*) filter (where _type = 1))::double as clicks,
       (count(*) filter (where _type = 2 and is_copy))::double as conversions,
       coalesce(sum(_value_micros) filter (where _type = 2 and is_copy), 0)::double as revenue_micros,
       coalesce(sum(_cost_micros) filter (where _type <> 2 or is_copy), 0)::double as cost_micros,
       (count(*) filter (where _type = 0 and _ivt = 1))::double as ivt_impressions,
       (count(*) filter (where _type = 1 and _ivt = 1))::double as ivt_clicks,
       (count(*) filter (where _type = 2 and _ivt = 1 and is_copy))::double as ivt_conversions,
       count(*)::double as records,
       (count(*) filter (where _skewed = 1))::double as skewed,
       (count(*) filter (where _type > 2))::double as uncounted,
       max(least(_ms, _append_ms))::double as newest_ms
from (
  select landed.*, copies._off is not null as is_copy
  from landed
  left join copies using (_off, _place)
  where _type is not null and landed._off >= getvariable('from_offset') and landed._off < getvariable('until_offset')
)
group by all
