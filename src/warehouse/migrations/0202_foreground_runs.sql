-- Runs that a command carries out itself, in its own process: nobody else takes their tasks, and they end with their process.
alter table engine_run
  -- Null for runs that workers carry out; otherwise it is renewed while the process lives.
  add attended_until timestamptz,
  -- Host and process id of who carries it out.
  add attended_by text,
  -- When people were told how it ended.
  add told_at timestamptz;

create index engine_run_untold on engine_run (ended_at) where told_at is null and state in ('success', 'partial', 'failed');

-- A pool without slots: its tasks are taken by name, and never by a worker.
insert into engine_pool (pool, slots) values ('foreground', 0);

-- From a published row to its run: fact -> partition -> extract -> here.
create table run_extract (
  extract_id uuid primary key,
  run_id uuid not null,
  task text not null,
  attempt integer not null
);

create index run_extract_of_run on run_extract (run_id);
