-- When events were taken without a pause, on the clock of what took them. A platform's cost is of its whole day, so it may divide only the revenue of
-- a day that was watched from its beginning.
create table stream_watch (
  watch_id integer generated always as identity primary key,
  since timestamptz not null,
  until timestamptz not null check (until >= since)
);

-- The day's ends in the account's zone; null of rows from before they were kept: nobody knows whether those were watched.
alter table stream_platform_cost add column starts_at timestamptz, add column ends_at timestamptz;

-- Cost is the events' own where they say one. Else the platform's, once: on the row that names the campaign best, in its own currency.
create or replace view campaign_day as
select date '1970-01-01' + c.day as date, s.timezone, s.platform, s.account_id, s.campaign_id, s.currency,
       c.impressions + coalesce(a.impressions, 0)::bigint as impressions, c.clicks + coalesce(a.clicks, 0)::bigint as clicks,
       c.conversions + coalesce(a.conversions, 0)::bigint as conversions,
       (c.revenue_micros + coalesce(a.revenue_micros, 0)::bigint) / 1000000.0 as revenue,
       case when e.cost_micros > 0 then e.cost_micros / 1000000.0 else coalesce(p.cost, 0.0) end as cost,
       c.ivt_impressions + coalesce(a.ivt_impressions, 0)::bigint as ivt_impressions,
       c.ivt_clicks + coalesce(a.ivt_clicks, 0)::bigint as ivt_clicks,
       c.ivt_conversions + coalesce(a.ivt_conversions, 0)::bigint as ivt_conversions,
       (c.clicks + coalesce(a.clicks, 0)) / nullif(c.impressions + coalesce(a.impressions, 0), 0)::numeric as ctr,
       (c.revenue_micros + coalesce(a.revenue_micros, 0))
         / nullif(case when e.cost_micros > 0 then e.cost_micros when p.is_watched then p.cost * 1000000 end, 0)::numeric as roas,
       case when e.cost_micros > 0 then 'events' when p.cost is not null then 'provisional' end as cost_source,
       -- of the events' own cost: the last commit
       case when e.cost_micros > 0 then (select max(k.committed_at) from stream_cursor k where k.job_id = c.job_id)
            else p.as_of end as cost_as_of,
       case when e.cost_micros = 0 and p.cost is not null and not p.is_watched then 'part_watched' end as roas_why
from rt_day c
join stream_live l on l.job_id = c.job_id
join stream_series s on s.series_id = c.series_id
left join lateral (
  select sum(x.impressions) as impressions, sum(x.clicks) as clicks, sum(x.conversions) as conversions,
         sum(x.revenue_micros) as revenue_micros, sum(x.cost_micros) as cost_micros, sum(x.ivt_impressions) as ivt_impressions,
         sum(x.ivt_clicks) as ivt_clicks, sum(x.ivt_conversions) as ivt_conversions
  from stream_adjustment x
  where x.job_id = c.job_id and x.series_id = c.series_id and x.day = c.day
) a on true
cross join lateral (select c.cost_micros + coalesce(a.cost_micros, 0)::bigint as cost_micros) e
left join lateral (
  select w.cost, w.as_of,
         exists (select from stream_watch x where x.since <= w.starts_at and x.until >= least(w.as_of, w.ends_at)) as is_watched
  from stream_platform_cost w
  where w.campaign_id = s.campaign_id and w.day = date '1970-01-01' + c.day
    and s.platform in ('', w.platform) and s.account_id in ('', w.account_id) and s.currency in ('', w.currency)
    -- Events of the campaign may say more or less of themselves; what one of them has paid is no longer the platform's to say.
    and s.series_id = (
      select o.series_id
      from stream_series o
      join rt_day x on x.series_id = o.series_id and x.job_id = c.job_id and x.day = c.day
      where o.campaign_id = w.campaign_id and o.platform in ('', w.platform) and o.account_id in ('', w.account_id)
        and o.currency in ('', w.currency)
      order by x.cost_micros > 0 desc, o.platform <> '' desc, o.account_id <> '' desc, o.currency <> '' desc, o.series_id
      limit 1)
  order by w.platform, w.account_id
  limit 1
) p on true;
