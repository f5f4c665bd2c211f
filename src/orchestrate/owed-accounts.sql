-- $1 now: accounts that are owed a day and have not had a run of it, with how the day itself stands. `isWave`: its first run is over,
-- and this account has closed since; all that have closed by now are one run.
select l.pipeline, l.day, l.platform || '/' || l.account_id as account, d.state in ('ok', 'partial', 'failed') as "isWave"
from ledger_account l
join ledger_day d on d.pipeline = l.pipeline and d.day = l.day
join ledger_pipeline p on p.pipeline = l.pipeline
where l.due_at <= $1 and l.run_id is null and not p.paused and l.state not in ('skipped', 'excluded')
  and (d.state in ('due', 'late') and d.run_id is null or d.state in ('ok', 'partial', 'failed') and l.state in ('due', 'late'))
order by l.pipeline, l.day, account
