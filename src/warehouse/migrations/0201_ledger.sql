-- The ledger: what ought to be there, made before any run and without one, so that a run that was never created is noticed.
create table ledger_pipeline (
  pipeline text primary key,
  cron text not null,
  zone text not null,
  start_day date not null,
  catchup text not null check (catchup in ('all', 'latest', 'none')),
  -- After the interval is due.
  deadline_ms bigint not null,
  paused boolean not null default false,
  planned_through date,
  ticked_at timestamptz
);

create table ledger_day (
  pipeline text not null references ledger_pipeline,
  day date not null,
  start_at timestamptz not null,
  end_at timestamptz not null,
  due_at timestamptz not null,
  deadline_at timestamptz not null,
  state text not null check (state in ('expected', 'due', 'late', 'running', 'ok', 'partial', 'failed', 'skipped', 'excluded')),
  -- The first instant at which it was seen late; stays when it is made up for, so that lateness can be counted.
  late_at timestamptz,
  run_id uuid,
  updated_at timestamptz not null,
  primary key (pipeline, day),
  check (start_at < end_at and end_at <= due_at and due_at <= deadline_at)
);

create index ledger_day_open on ledger_day (pipeline, due_at) where state in ('expected', 'due', 'late');

-- The same for each account, on its own clock.
create table ledger_account (
  pipeline text not null references ledger_pipeline,
  platform text not null,
  account_id text not null,
  day date not null,
  -- When the day has closed in the account's zone and has settled, but not before the pipeline's own interval is due.
  due_at timestamptz not null,
  deadline_at timestamptz not null,
  state text not null check (state in ('expected', 'due', 'late', 'running', 'ok', 'partial', 'failed', 'skipped', 'excluded')),
  late_at timestamptz,
  run_id uuid,
  updated_at timestamptz not null,
  primary key (pipeline, platform, account_id, day),
  check (due_at <= deadline_at)
);

create index ledger_account_open on ledger_account (pipeline, due_at) where state in ('expected', 'due', 'late');
