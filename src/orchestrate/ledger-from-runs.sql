-- $1 from states, $2 events, $3 to states: the interval table as rows. $4 now. $5: days whose newest run is one they do not know yet
-- begin with it; otherwise each day takes over how the run that it knows stands, one that was cleared and begins again among them.
with newest as (
  select r.pipeline, r.partition_key, r.run_id, r.state
  from engine_run r
  join ledger_day d on d.pipeline = r.pipeline and d.day::text = r.partition_key
  where (d.state = 'running' or d.run_id is distinct from r.run_id or r.state in ('queued', 'running', 'cancelling'))
    and not exists (
      select from engine_run n
      where n.pipeline = r.pipeline and n.partition_key = r.partition_key and n.generation > r.generation)
), told as (
  select n.pipeline, n.partition_key, n.run_id,
    case
      when $5::boolean or n.state in ('queued', 'running', 'cancelling') then 'begin'
      when n.state = 'success' then 'succeed'
      when n.state = 'partial' then 'succeed_in_part'
      when n.state = 'failed' then 'fail'
      else 'stop'
    end as event
  from newest n
)
update ledger_day d
set state = m.to_state, run_id = t.run_id, updated_at = $4
from told t, unnest($1::text[], $2::text[], $3::text[]) as m (from_state, event, to_state)
where d.pipeline = t.pipeline and d.day::text = t.partition_key and d.state = m.from_state and m.event = t.event
  and (d.run_id is distinct from t.run_id) = $5::boolean
returning d.pipeline, d.day, d.state
