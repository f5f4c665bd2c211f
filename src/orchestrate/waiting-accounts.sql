-- $1 pipeline, $2 day: accounts that are owed the day and have not had a run of it.
select l.platform, l.account_id, coalesce(a.name, l.account_id) as name, coalesce(a.currency, 'XXX') as currency,
  coalesce(a.timezone, 'UTC') as timezone
from ledger_account l
left join dim_account a on a.platform = l.platform and a.account_id = l.account_id and a.is_current
where l.pipeline = $1 and l.day = $2 and l.state = 'expected'
order by l.platform, l.account_id
