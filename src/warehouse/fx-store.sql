-- Rates as they were published; the euro is 1 on each of their days. $1 [{date, currency, perEuro}], $2 source, $3 at
insert into fx_rate (base, quote, date, rate, source, is_filled, rate_date, loaded_at)
select 'EUR', o.currency, o.date, o."perEuro", $2, false, o.date, $3::timestamptz
from (
  select g.currency, g.date, g."perEuro" from jsonb_to_recordset($1::jsonb) as g (date date, currency text, "perEuro" numeric(20, 10))
  union all
  select distinct 'EUR', e.date, 1.0 from jsonb_to_recordset($1::jsonb) as e (date date)
) o
on conflict (base, quote, date) do update
set rate = excluded.rate, source = excluded.source, is_filled = false, rate_date = excluded.rate_date, loaded_at = excluded.loaded_at
where fx_rate.is_filled or fx_rate.rate <> excluded.rate
