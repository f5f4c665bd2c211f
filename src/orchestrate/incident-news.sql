-- $1 now. All that can make or end an incident, as one text: while it stays the same there is nothing to be looked for.
select concat_ws('|',
  (select concat_ws(',', count(*), max(published_at), max(problem_at), max(confirmed_at)) from partition_state),
  (select max(run_seq) from dq_run),
  (select concat_ws(',', count(*) filter (where state = 'late'), count(recovered_at)) from ledger_account where late_at is not null),
  (select count(*) from silence where until > $1::timestamptz and ended_at is null),
  (select count(*) from dq_mute where until > $1::timestamptz)) as news
