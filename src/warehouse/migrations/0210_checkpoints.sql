-- What a task has done of its work, kept from one attempt to the next. It belongs to the run: another run of the same partition may be
-- about other days, and must not find half of somebody else's work.
drop table engine_checkpoint;

create table engine_checkpoint (
  run_id uuid not null,
  task text not null,
  key text not null,
  value jsonb not null,
  attempt integer not null,
  updated_at timestamptz not null,
  primary key (run_id, task, key),
  foreign key (run_id, task) references engine_task on delete cascade
);

-- What a task was last made from, as one hash, and what came of it: the same hash again means that there is nothing to do.
create table engine_content (
  pipeline text not null,
  task text not null,
  content_hash text not null,
  output jsonb not null,
  made_at timestamptz not null,
  primary key (pipeline, task)
);

-- Calls that counted against the platform's quota; null for downloads of before this was written down.
alter table extract add operations integer check (operations >= 0);
