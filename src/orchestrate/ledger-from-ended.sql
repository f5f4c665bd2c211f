-- $1 now: an account whose run has ended without its partition being published is not running any more. A cancelled run leaves it owed.
update ledger_account l
set state = case when r.state = 'cancelled' then 'due' else 'failed' end, updated_at = $1
from engine_run r
where r.run_id = l.run_id and l.state = 'running' and r.state in ('success', 'partial', 'failed', 'cancelled')
