-- Conversions that are no copies, in the order of the log: each counts once by its identity, wherever else it came.
select _off::double as _off, _place::double as _place,
       case platform when 'facebook_ads' then 'meta_ads' else coalesce(platform, '') end as platform,
       coalesce(account_id, '') as account_id, campaign_id, coalesce(currency, '') as currency,
       coalesce(source, '') as source, event_id,
       _ms::double as _ms,
       (case when _append_ms - _ms <= 172800000 then 0 when _append_ms - _ms <= 3024000000 then 1 else 2 end)::double as age,
       _value_micros::double as value_micros, _cost_micros::double as cost_micros, _ivt::double as ivt
from landed
anti join copies using (_off, _place)
where _type = 2 and _append_ms - _ms <= 34560000000
  and _off >= getvariable('from_offset') and _off < getvariable('until_offset')
order by landed._off, landed._place
