-- $1 run, $2 its last task: what was never begun is left out.
update engine_task set state = 'skipped', ended_at = clock_timestamp()
where run_id = $1 and task <> $2 and state in ('waiting', 'ready')
