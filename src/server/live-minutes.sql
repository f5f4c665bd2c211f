-- $1 now, $2 minutes of the window, $3 a campaign or null: each minute of the window, a minute without events is a true zero.
select to_timestamp(w.minute * 60.0) as at,
       coalesce(sum(m.impressions), 0)::text as impressions,
       coalesce(sum(m.clicks), 0)::text as clicks,
       coalesce(sum(m.conversions), 0)::text as conversions
from generate_series(floor(extract(epoch from $1::timestamptz) / 60)::int - $2::int + 1,
                     floor(extract(epoch from $1::timestamptz) / 60)::int) as w (minute)
left join (select r.minute, r.impressions, r.clicks, r.conversions
           from rt_minute r
           join stream_live l on l.job_id = r.job_id
           join stream_series s on s.series_id = r.series_id
           where $3::text is null or s.campaign_id = $3) m on m.minute = w.minute
group by w.minute
order by w.minute
