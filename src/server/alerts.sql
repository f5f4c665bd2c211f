-- $1 from, $2 until (instants), $3 how many: what went wrong, newest first; the same trouble of many days or tries is one line with a count.
select max(a.at) as at, a.component, a.severity, a.code, a.message, count(*)::int as count, max(a.run_id) as "runId"
from (
  select problem_at as at, platform as component, case when state = 'failed' then 'ERROR' else 'WARNING' end as severity,
         problem_codes[1] as code, coalesce(problem_message, array_to_string(problem_codes, ', ')) as message, null::text as run_id
  from partition_state where problem_at is not null and cardinality(problem_codes) > 0
  union all
  select k.ended_at + e.clock_shift, k.kind, 'ERROR', coalesce(k.error ->> 'code', 'ORCHESTRATE_TASK_FAILED'),
         k.task || ': ' || coalesce(k.error ->> 'message', k.error ->> 'what', k.state), k.run_id::text
  from engine_task k join engine_run e on e.run_id = k.run_id where k.state = 'failed' and k.ended_at is not null
  union all
  select p.finished_at, 'pipeline', 'ERROR', t ->> 'code', t ->> 'message', p.run_id::text
  from pipeline_run p cross join jsonb_array_elements(coalesce(p.summary -> 'troubles', '[]')) as t where p.finished_at is not null
  union all
  select r.started_at, 'quality', case when q.outcome = 'warn' then 'WARNING' else 'ERROR' end, q.check_id,
         concat_ws(' ', split_part(r.partition, '|', 1) || '/' || split_part(r.partition, '|', 2), nullif(split_part(r.partition, '|', 3), 'campaign'), nullif(split_part(r.partition, '|', 4), ''), right(r.partition, 10)), null
  from dq_run r join dq_result q on q.run_id = r.run_id where q.outcome in ('warn', 'fail', 'error') and q.on_fail <> 'record'
  union all
  select created_at, 'notify', 'ERROR', 'NOTIFY_DEAD', channel || ': ' || coalesce(last_error, subject), null from outbox where dead_at is not null
  union all
  select created_at, 'notify', 'INFO', 'NOTIFY_SENT', channel || ': ' || subject, null from outbox where delivered_at is not null
  union all
  select at, 'stream', 'WARNING', reason, topic, null from dead_letter
) a
where a.at between $1::timestamptz and $2::timestamptz
group by a.component, a.severity, a.code, a.message
order by max(a.at) desc, a.component, a.code, a.message
limit $3
