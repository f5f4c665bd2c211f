-- $1 now: an account's day is there when its partition is published, whichever run or command did it; what was refused or
-- failed is not, even while the last good rows are still to be seen.
update ledger_account l
set state = s.state, updated_at = $1
from (
  select p.platform, p.account_id, p.date, case p.state when 'published' then 'ok' else 'failed' end as state
  from partition_state p
  where p.level = 'campaign' and p.breakdown_key = ''
) s
where l.platform = s.platform and l.account_id = s.account_id and l.day = s.date and l.state <> s.state and l.state <> 'excluded'
  and (s.state = 'ok' or l.state in ('due', 'late', 'running', 'ok'))
returning l.pipeline, l.platform, l.account_id, l.day, l.state
