-- Each campaign's daily budget and spend on each published day, with the budget that it bore at the end of that day in the account's
-- own zone. A campaign with a budget and no fact spent nothing; one that neither ran nor spent is left out.
create view daily_campaign_budget as
select p.date,
       p.platform,
       p.account_id,
       coalesce(a.name, p.account_id) as account_name,
       coalesce(f.currency, a.currency) as currency,
       e.entity_id as campaign_id,
       e.name as campaign_name,
       e.status_canonical as campaign_status,
       e.budget as daily_budget,
       coalesce(f.cost, 0) as cost
from partition_state p
join dim_entity e on e.platform = p.platform and e.account_id = p.account_id and e.level = p.level
  and e.valid_from < p.day_end and e.valid_to >= p.day_end and e.budget is not null
left join dim_account a on a.platform = p.platform and a.account_id = p.account_id and a.is_current
left join fact_ad_daily f on f.partition_id = p.partition_id and f.entity_id = e.entity_id
where p.level = 'campaign' and p.breakdown_key = '' and p.published_at is not null
  and (e.status_canonical = 'active' or f.cost <> 0);
