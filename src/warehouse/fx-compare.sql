-- How given rates stand to those that are kept: $1 [{date, currency, perEuro}]
select case when r.rate is null or r.is_filled then 'added' when r.rate <> g.rate then 'changed' else 'unchanged' end as state,
       g.currency, g.date, r.rate as before, g.rate as after
from (
  select o.currency, o.date, o."perEuro" as rate
  from jsonb_to_recordset($1::jsonb) as o (date date, currency text, "perEuro" numeric(20, 10))
) g
left join fx_rate r on r.base = 'EUR' and r.quote = g.currency and r.date = g.date
