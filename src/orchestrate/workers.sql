-- $1 milliseconds that a lease lasts: who works on the queue now, and who went without a word within a day, with what each holds.
select w.worker, w.host, w.pid, w.slots, w.started_at as "startedAt", w.heartbeat_at as "heartbeatAt",
  case when w.heartbeat_at > clock_timestamp() - make_interval(secs => $1::float8 / 1000) then 'working' else 'silent' end as state,
  (select count(*)::int from engine_task t where t.state = 'running' and t.worker = w.worker) as tasks,
  (select count(*)::int from engine_attempt a
    where a.worker = w.worker and a.state = 'lost' and a.started_at > clock_timestamp() - interval '1 day') as lost
from engine_worker w
where w.stopped_at is null and w.heartbeat_at > clock_timestamp() - interval '1 day'
order by state desc, w.started_at, w.worker
