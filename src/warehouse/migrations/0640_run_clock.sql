-- A run's times are this server's, so that workers need not agree; a program whose own clock stands elsewhere (a demo's day) says by
-- how much. Who shows a run's times adds it, so that a page has one clock.
alter table engine_run add column clock_shift interval not null default '0';

-- Pages of a run's lines by their place, whatever task wrote them.
create index engine_log_of_run on engine_log (run_id, log_id);
