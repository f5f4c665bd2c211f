-- What was checked and how it came out; results are only ever added. load_version is the extract that was judged.
create table dq_run (
  run_id uuid primary key,
  dataset text not null,
  partition text not null,
  load_version text not null,
  stage text not null check (stage in ('audit', 'post', 'scheduled')),
  started_at timestamptz not null,
  finished_at timestamptz,
  status text not null,
  contract_hash text
);

create index dq_run_partition on dq_run (dataset, partition, started_at);

create table dq_result (
  run_id uuid not null references dq_run on delete cascade,
  check_id text not null,
  series_key text not null default '',
  outcome text not null check (outcome in ('pass', 'warn', 'fail', 'error', 'learning', 'skipped', 'muted', 'superseded')),
  severity text not null,
  dimension text not null,
  blocking boolean not null,
  tested bigint,
  failed bigint,
  value numeric,
  expected_low numeric,
  expected_high numeric,
  z double precision,
  p double precision,
  detector text,
  detector_version text,
  explain jsonb,
  sql_hash text,
  duration_ms double precision,
  error text,
  primary key (run_id, check_id, series_key)
);

create table dq_sample (
  run_id uuid not null references dq_run on delete cascade,
  check_id text not null,
  place integer not null,
  row jsonb not null,
  kept_at timestamptz not null default now(),
  primary key (run_id, check_id, place)
);

-- Runs of pipelines and the tasks they are made of. A run whose state is still `running` though no process has it was killed.
create table pipeline_run (
  run_id uuid primary key,
  pipeline text not null,
  interval_start date not null,
  interval_end date not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  state text not null check (state in ('running', 'success', 'partial', 'failed')),
  summary jsonb
);

create index pipeline_run_started on pipeline_run (pipeline, started_at desc);

create table run_task (
  run_id uuid not null references pipeline_run on delete cascade,
  task text not null,
  kind text not null,
  platform text,
  account_id text,
  state text not null,
  started_at timestamptz,
  finished_at timestamptz,
  detail jsonb,
  primary key (run_id, task)
);

-- Messages that wait until a notifier has delivered them, enqueued in the transaction of what they tell.
create table outbox (
  outbox_id bigint generated always as identity primary key,
  idempotency_key text not null,
  channel text not null,
  subject text not null,
  body_text text not null,
  body_html text not null,
  created_at timestamptz not null,
  attempts integer not null default 0,
  next_attempt_at timestamptz not null,
  delivered_at timestamptz,
  dead_at timestamptz,
  last_error text,
  unique (idempotency_key, channel)
);

create index outbox_due on outbox (next_attempt_at, outbox_id) where delivered_at is null and dead_at is null;
