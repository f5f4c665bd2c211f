-- How long tasks of each kind took lately, in the middle, with what came of them: for how long more of them will take.
select kind, percentile_cont(0.5) within group (order by extract(epoch from ended_at - started_at))::float8 as seconds
from (
  select t.kind, a.started_at, a.ended_at, row_number() over (partition by t.kind order by a.ended_at desc) as place
  from engine_attempt a
  join engine_task t on t.run_id = a.run_id and t.task = a.task
  where a.state in ('success', 'unchanged') and t.kind in ('extract', 'load', 'dbt')
) recent
where place <= 200
group by kind
