-- Currencies that amounts can be shown in: those of the accounts, and the two that reports are mostly made in, as far as there are rates.
select distinct c.currency
from (select a.currency::text as currency from dim_account a where a.is_current union values ('EUR'), ('USD')) c
where exists (select 1 from fx_rate r where r.quote::text = c.currency or r.base::text = c.currency)
order by c.currency
