-- $1 now: the next instant at which something of the ledger falls due or becomes late, in ms since 1970.
select extract(epoch from min(at))::float8 * 1000 as ms
from (
  select due_at as at from ledger_account where due_at > $1 and state = 'expected'
  union all
  select deadline_at from ledger_account where deadline_at > $1 and state <> 'ok'
  union all
  select due_at from ledger_day where due_at > $1 and state = 'expected'
) l
