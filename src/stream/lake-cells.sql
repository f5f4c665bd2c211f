-- Sums by campaign and minute, copies apart; conversions that are no copies are read one by one and are not in here.
select platform, account_id, campaign_id, currency, is_copy, _ms // 60000 as minute, age,
       count(*) filter (where _type = 0) as impressions,
       count(*) filter (where _type = 1) as clicks,
       count(*) filter (where _type = 2) as conversions,
       coalesce(sum(_value_micros) filter (where _type = 2), 0)::bigint as revenue_micros,
       sum(_cost_micros)::bigint as cost_micros,
       count(*) filter (where _type = 0 and _ivt = 1) as ivt_impressions,
       count(*) filter (where _type = 1 and _ivt = 1) as ivt_clicks,
       count(*) filter (where _type = 2 and _ivt = 1) as ivt_conversions
from counted
where age < 3 and (_type <> 2 or is_copy) and (_type <= 2 or _cost_micros > 0)
group by all
