-- $1 now: an account's day is there when its partition is published, whichever run or command did it; what was refused or
-- failed is not. A day that has come in stays so when it is only its refresh that failed: its partition is stale, and it is not late.
update ledger_account l
set state = s.state, updated_at = $1
from (
  select p.platform, p.account_id, p.date, case p.state when 'published' then 'ok' else 'failed' end as state, p.state = 'stale' as stale
  from partition_state p
  where p.level = 'campaign' and p.breakdown_key = ''
) s
where l.platform = s.platform and l.account_id = s.account_id and l.day = s.date and l.state <> s.state and l.state <> 'excluded'
  and not (s.stale and l.state = 'ok')
  and (s.state = 'ok' or l.state in ('due', 'late', 'running', 'ok'))
returning l.pipeline, l.platform, l.account_id, l.day, l.state
