-- $1 day: scores of each platform's partitions of the day and of the 29 days before, means over partitions; a gap where nothing was measured.
select s.date, s.platform, s.axis, round(avg(s.score)::numeric, 2)::text as score, sum(s.measured)::int as measured, sum(s.defined)::int as defined
from dq_newest_score s
where s.dataset = 'fact_ad_daily' and s.level = 'campaign' and s.date between $1::date - 29 and $1::date
group by s.date, s.platform, s.axis
order by s.date, s.platform, s.axis
