-- $1 now: rows that were told of as late and are in by now.
with account as (
  update ledger_account l set recovered_at = $1 where l.late_told_at is not null and l.recovered_at is null and l.state = 'ok'
  returning l.pipeline, l.platform || '/' || l.account_id as account, l.day, l.deadline_at
), day as (
  update ledger_day l set recovered_at = $1 where l.late_told_at is not null and l.recovered_at is null and l.state = 'ok'
  returning l.pipeline, l.day, l.deadline_at
)
select pipeline, account, day::text as day, deadline_at as deadline from account
union all
select d.pipeline, '*', d.day::text, d.deadline_at from day d
where not exists (select from ledger_account a where a.pipeline = d.pipeline and a.day = d.day)
