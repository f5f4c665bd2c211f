-- $1 first day, $2 last day: rows that readers see, by day and platform.
select date, platform, sum(rows)::int as rows
from partition_state
where level = 'campaign' and breakdown_key = '' and state <> 'failed' and date between $1::date and $2::date
group by date, platform
order by date, platform
