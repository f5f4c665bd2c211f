-- Days without a published rate take the last one before them, for at most 7 days. $1 first day that may have changed, $2 at
with published as (
  select r.quote, r.date, r.rate, r.source, lead(r.date) over (partition by r.quote order by r.date) as next
  from fx_rate r
  where r.base = 'EUR' and not r.is_filled and r.date >= $1::date - 7
)
insert into fx_rate (base, quote, date, rate, source, is_filled, rate_date, loaded_at)
select 'EUR', p.quote, d.date::date, p.rate, p.source, true, p.date, $2::timestamptz
from published p
cross join lateral generate_series(p.date + 1, least(coalesce(p.next - 1, p.date + 7), p.date + 7), interval '1 day') as d (date)
on conflict (base, quote, date) do update
set rate = excluded.rate, source = excluded.source, rate_date = excluded.rate_date, loaded_at = excluded.loaded_at
where fx_rate.is_filled and (fx_rate.rate_date <> excluded.rate_date or fx_rate.rate <> excluded.rate)
