-- $1 pipeline, $2 day, $3 accounts, $4 run, $5 now.
update ledger_account l
set run_id = $4, state = case when l.state in ('expected', 'due', 'late', 'ok', 'partial', 'failed', 'skipped') then 'running' else l.state end,
  updated_at = $5
where l.pipeline = $1 and l.day = $2 and l.platform || '/' || l.account_id = any ($3::text[])
