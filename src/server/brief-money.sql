-- $1 day: sums of each currency on it and on the same weekday a week before, the ratios of the sums, and the median cost of the 28 days before.
with day as (
  select currency, date, sum(cost) as cost, sum(impressions) as impressions, sum(clicks) as clicks, sum(conversions) as conversions,
         sum(conversion_value) as value
  from daily_campaign_metrics
  where date between $1::date - 28 and $1::date
  group by currency, date
)
select t.currency, trim_scale(t.cost)::text as cost, trim_scale(b.cost)::text as "costBefore",
       (select round(percentile_cont(0.5) within group (order by m.cost)::numeric, 6)::text from day m
        where m.currency = t.currency and m.date < $1::date) as "costMedian",
       trim_scale(t.conversions)::text as conversions, trim_scale(b.conversions)::text as "conversionsBefore",
       round(t.cost / nullif(t.conversions, 0), 6)::text as cpa, round(b.cost / nullif(b.conversions, 0), 6)::text as "cpaBefore",
       round(t.value / nullif(t.cost, 0), 6)::text as roas, round(b.value / nullif(b.cost, 0), 6)::text as "roasBefore",
       round(t.clicks::numeric / nullif(t.impressions, 0), 8)::text as ctr,
       round(b.clicks::numeric / nullif(b.impressions, 0), 8)::text as "ctrBefore"
from day t
left join day b on b.currency = t.currency and b.date = $1::date - 7
where t.date = $1::date
order by t.currency
