-- Live counts of a campaign's day against its loaded ones. covered: the account's live days begin before the day and go on after it.
, live as (
  select d.platform, d.account_id, d.campaign_id, d.date, sum(d.impressions) as impressions, sum(d.clicks) as clicks
  from campaign_day d
  where d.date between $1::date and $2::date
  group by d.platform, d.account_id, d.campaign_id, d.date
), span as (
  select d.platform, d.account_id, min(d.date) as first, max(d.date) as last
  from campaign_day d
  where exists (select from scope s where s.platform = d.platform and s.account_id = d.account_id)
  group by d.platform, d.account_id
), compared as (
  select s.partition_id, v.metric, v.batch, v.stream
  from scope s
  join fact_ad_daily f on f.partition_id = s.partition_id
  left join live l on l.platform = s.platform and l.account_id = s.account_id and l.date = s.date and l.campaign_id = f.entity_id
  cross join lateral (values ('impressions', f.impressions::numeric, coalesce(l.impressions, 0)::numeric),
                             ('clicks', f.clicks::numeric, coalesce(l.clicks, 0)::numeric)) v (metric, batch, stream)
)
select s.platform, s.account_id as "accountId", s.date, coalesce(bool_and(x.first < s.date and x.last > s.date), false) as covered,
       bool_or(x.first is not null) as streamed, count(c.metric)::int as compared,
       count(*) filter (where abs(c.stream - c.batch) > greatest(0.02 * c.batch, 4 * sqrt(c.batch)))::int as apart,
       sum(c.stream) filter (where c.metric = 'impressions')::text as stream, sum(c.batch) filter (where c.metric = 'impressions')::text as batch
from scope s
left join span x on x.platform = s.platform and x.account_id = s.account_id
left join compared c on c.partition_id = s.partition_id
where s.published_at is not null
group by s.platform, s.account_id, s.date
