-- The engine: one row of engine_task is both the state and the place in the queue, so that the two can never disagree.
-- Times of leases and retries are this server's, so that the clocks of workers need not agree.
create table engine_pipeline (
  pipeline text primary key,
  runs_active_max integer not null check (runs_active_max > 0),
  paused boolean not null default false,
  -- Hash of the graph that new runs are made from.
  version text not null,
  updated_at timestamptz not null
);

-- A graph as it was when runs were made from it; never changed.
create table engine_version (
  pipeline text not null,
  version text not null,
  graph jsonb not null,
  created_at timestamptz not null,
  primary key (pipeline, version)
);

-- Slots are counted from running tasks and never kept as a number, so that none can leak.
create table engine_pool (
  pool text primary key,
  slots integer not null check (slots >= 0),
  blocked_until timestamptz,
  reason text
);

insert into engine_pool (pool, slots) values ('default', 64), ('ads_api', 4);

create table engine_backfill (
  backfill_id uuid primary key,
  pipeline text not null,
  since date not null,
  until date not null,
  reprocess text not null check (reprocess in ('missing', 'failed', 'stale', 'all')),
  runs_active_max integer not null check (runs_active_max > 0),
  state text not null check (state in ('running', 'paused', 'cancelled', 'done')),
  created_at timestamptz not null,
  ended_at timestamptz
);

create table engine_run (
  run_id uuid primary key,
  pipeline text not null,
  version text not null,
  partition_key text not null,
  kind text not null check (kind in ('scheduled', 'manual', 'backfill', 'restate', 'external')),
  backfill_id uuid references engine_backfill,
  generation integer not null,
  state text not null check (state in ('queued', 'running', 'cancelling', 'success', 'partial', 'failed', 'cancelled')),
  priority integer not null default 0,
  conf jsonb not null default '{}',
  external_ref text,
  queued_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  foreign key (pipeline, version) references engine_version
);

-- One live run of a partition; a second one is refused by the database and not by a check that could be raced.
create unique index engine_run_live on engine_run (pipeline, partition_key) where state in ('queued', 'running', 'cancelling');
create unique index engine_run_generation on engine_run (pipeline, partition_key, generation);
create index engine_run_state on engine_run (pipeline, state) where state in ('queued', 'running', 'cancelling');
create index engine_run_queued on engine_run (queued_at desc);

create table engine_task (
  run_id uuid not null references engine_run on delete cascade,
  task text not null,
  kind text not null,
  -- The partition that the task is about; null for a task of the whole run.
  account text,
  after text[] not null,
  trigger_rule text not null,
  input jsonb not null,
  state text not null check (state in
    ('waiting', 'ready', 'running', 'success', 'unchanged', 'failed', 'upstream_failed', 'skipped', 'cancelled')),
  -- Every execution, in order; tries are those that count against tries_max, lost those whose worker went away.
  attempt integer not null default 0,
  tries integer not null default 0,
  tries_max integer not null,
  lost integer not null default 0,
  retry jsonb not null,
  not_before timestamptz not null,
  pool text not null references engine_pool,
  slots integer not null default 1,
  priority integer not null default 0,
  timeout_ms integer not null,
  worker text,
  lease_until timestamptz,
  fence uuid,
  cancel_at timestamptz,
  -- Set by the task's own transaction when its work became visible: who dies after that has still succeeded.
  sealed jsonb,
  output jsonb,
  output_hash text,
  error jsonb,
  started_at timestamptz,
  ended_at timestamptz,
  primary key (run_id, task)
);

create index engine_task_ready on engine_task (pool, priority desc, not_before) where state = 'ready';
create index engine_task_running on engine_task (pool, lease_until) where state = 'running';
create unique index engine_task_fence on engine_task (fence) where fence is not null;

-- Attempts are only ever added; clearing a task begins new ones behind the old.
create table engine_attempt (
  run_id uuid not null,
  task text not null,
  attempt integer not null,
  state text not null check (state in ('running', 'success', 'unchanged', 'failed', 'retry', 'deferred', 'skipped', 'lost', 'cancelled')),
  worker text not null,
  fence uuid not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  exit_code integer,
  error_class text,
  error jsonb,
  retry_at timestamptz,
  primary key (run_id, task, attempt),
  foreign key (run_id, task) references engine_task on delete cascade
);

create table engine_worker (
  worker text primary key,
  host text not null,
  pid integer not null,
  slots integer not null,
  started_at timestamptz not null,
  heartbeat_at timestamptz not null,
  stopped_at timestamptz
);

create table engine_checkpoint (
  pipeline text not null,
  partition_key text not null,
  task text not null,
  key text not null,
  value jsonb not null,
  updated_at timestamptz not null,
  primary key (pipeline, partition_key, task, key)
);

create table engine_log (
  log_id bigint generated always as identity primary key,
  run_id uuid not null,
  task text not null,
  attempt integer not null,
  at timestamptz not null,
  level text not null,
  message text not null
);

create index engine_log_of_task on engine_log (run_id, task, attempt, log_id);
create index engine_log_at on engine_log using brin (at);
