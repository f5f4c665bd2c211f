-- $1 day, $2 now, $3 how many: what waits for a person, the largest share of its currency's usual day first: open incidents that nobody
-- has taken, days that are not in, and credentials that end within a week. Shares, because amounts of two currencies have no order.
with usual as (
  select platform, account_id, currency, sum(cost) / greatest(count(distinct date), 1) as cost
  from daily_campaign_metrics where date between $1::date - 28 and $1::date - 1
  group by platform, account_id, currency
), whole as (
  select currency, sum(cost) as cost from usual group by currency
), wanted as (
  select 'incident' as kind, i.platform, i.account_id, i.incident_id::text as about, i.last_day as date,
         coalesce(nullif(i.facts -> 'facts' ->> 'moneyAtStake', '')::numeric, u.cost) as money, coalesce(i.facts -> 'facts' ->> 'currency', u.currency) as currency,
         i.check_id as what
  from incident i left join usual u on u.platform = i.platform and u.account_id = i.account_id
  where i.state = 'open'
  union all
  select 'load', p.platform, p.account_id, p.platform || '/' || p.account_id, p.date, u.cost, u.currency, coalesce(p.problem_codes[1], p.state)
  from partition_state p left join usual u on u.platform = p.platform and u.account_id = p.account_id
  where p.level = 'campaign' and p.breakdown_key = '' and p.date = $1::date and p.state <> 'published'
    and not exists (select from incident i where i.state <> 'resolved' and i.platform = p.platform and coalesce(i.account_id, p.account_id) = p.account_id
      and p.date between i.first_day and i.last_day)
  union all
  select 'renew', null, null, s.connection, (s.expires_at at time zone 'UTC')::date, null, null, s.name
  from connection_secret s where s.expires_at <= $2::timestamptz + interval '7 days'
)
select w.kind, w.platform, w.account_id as "accountId", w.about, w.date, w.what, trim_scale(round(w.money, 2))::text as money, w.currency
from wanted w left join whole a on a.currency = w.currency
order by w.kind = 'renew' desc, w.money / nullif(a.cost, 0) desc nulls last, w.platform, w.account_id, w.about
limit $3
