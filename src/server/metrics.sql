-- $1 now. Samples in the order of their names.
select 'millrace_runs_total' as name, jsonb_build_object('pipeline', pipeline, 'state', state) as labels, count(*)::text as value
from (select pipeline, state from engine_run
      union all
      select pipeline, state from pipeline_run p where not exists (select from engine_run e where e.run_id = p.run_id)) r
group by pipeline, state
union all
select 'millrace_run_duration_seconds', jsonb_build_object('pipeline', pipeline), seconds::text
from (select distinct on (pipeline) pipeline, extract(epoch from ended_at - started_at) as seconds
      from (select pipeline, started_at, ended_at from engine_run
            union all
            select pipeline, started_at, finished_at from pipeline_run) r
      where ended_at is not null and started_at is not null
      order by pipeline, ended_at desc) d
union all
select 'millrace_partition_freshness_seconds', jsonb_build_object('platform', platform, 'account', account_id),
       extract(epoch from $1::timestamptz - max(day_end))::text
from partition_state
where state = 'published' and level = 'campaign'
group by platform, account_id
union all
select 'millrace_partitions', jsonb_build_object('state', state), count(*)::text from partition_state group by state
union all
select 'millrace_check_failures_total', jsonb_build_object('check', check_id), count(*)::text
from dq_result where outcome in ('fail', 'error') group by check_id
union all
select 'millrace_outbox_waiting', jsonb_build_object('channel', channel), count(*)::text
from outbox where delivered_at is null and dead_at is null group by channel
