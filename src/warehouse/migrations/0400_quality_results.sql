-- Results of checks as a ledger: in an order of their own, named by account and day, added to and never rewritten.

-- run_seq is the order in which runs were written; started_at may stand still on a demo's clock or jump on a machine's.
alter table dq_run
  add column run_seq bigint generated always as identity,
  add column platform text collate "C",
  add column account_id text collate "C",
  add column level text collate "C",
  add column date date;

-- A partition is named platform|account|level|breakdown|day; its parts are kept beside it, so that readers need not cut text.
update dq_run
set platform = split_part(partition, '|', 1), account_id = split_part(partition, '|', 2), level = split_part(partition, '|', 3),
    date = right(partition, 10)::date
where dataset = 'fact_ad_daily';

create index dq_run_newest on dq_run (dataset, partition, stage, run_seq desc);
create index dq_run_date on dq_run (date);

-- score is in 0..1, how well the data kept the rule; null where nothing was measured. on_fail is what a failure does.
alter table dq_result
  add column score double precision check (score between 0 and 1),
  add column on_fail text not null default 'warn' check (on_fail in ('block', 'quarantine', 'warn', 'record'));

update dq_result set on_fail = 'block' where blocking;

-- Scores of a partition as its newest run left them: an axis without any measured check has none, which is a gap and not 100.
create table dq_score (
  run_id uuid not null references dq_run on delete cascade,
  axis text not null check (axis in ('completeness', 'accuracy', 'consistency', 'timeliness', 'validity', 'uniqueness', 'overall')),
  score double precision check (score between 0 and 100),
  -- checks that measured something, and checks there are
  measured integer not null,
  defined integer not null,
  -- the severity of the failed check that caps the overall score; null when none does
  capped_by text,
  primary key (run_id, axis)
);

-- The value of a series on a day as one load had it: what a detector knew stays readable after a restatement.
create table dq_metric (
  series_key text collate "C" not null,
  day date not null,
  load_version text collate "C" not null,
  value numeric,
  at timestamptz not null,
  metric_seq bigint generated always as identity,
  primary key (series_key, day, load_version)
);

-- Failures that somebody decided not to hear of, for a time and a reason. Ended early by ended_at, never deleted.
create table dq_mute (
  mute_id bigint generated always as identity primary key,
  check_id text not null,
  platform text,
  account_id text,
  series_key text,
  reason text not null check (reason <> ''),
  muted_by text not null check (muted_by <> ''),
  created_at timestamptz not null,
  until timestamptz not null,
  ended_at timestamptz,
  check (until > created_at)
);

-- Refused partitions that somebody published all the same.
create table dq_override (
  override_id bigint generated always as identity primary key,
  partition text not null,
  extract_id uuid not null,
  refused_by text[] not null,
  reason text not null check (reason <> ''),
  overridden_by text not null check (overridden_by <> ''),
  role text not null,
  at timestamptz not null
);

-- Rows that a check with onFail: quarantine kept out of a published partition.
create table dq_quarantine (
  run_id uuid not null references dq_run on delete cascade,
  check_id text not null,
  place integer not null,
  row jsonb not null,
  primary key (run_id, check_id, place)
);

-- Only the removal of old runs may take rows away, and says so in its own transaction: set local millrace.retention = 'on'.
create function dq_only_added() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('millrace.retention', true) = 'on' then
    return old;
  end if;
  raise exception 'results of checks are only added: % on % is not allowed', tg_op, tg_table_name using errcode = 'integrity_constraint_violation';
end
$$;

create trigger dq_run_only_added before update or delete on dq_run for each row execute function dq_only_added();
create trigger dq_result_only_added before update or delete on dq_result for each row execute function dq_only_added();
create trigger dq_score_only_added before update or delete on dq_score for each row execute function dq_only_added();
create trigger dq_metric_only_added before update or delete on dq_metric for each row execute function dq_only_added();
create trigger dq_override_only_added before update or delete on dq_override for each row execute function dq_only_added();

-- What is known now of each partition: the newest audit of its rows, and the newest runs of later checks over them.
create view dq_newest_run as
select distinct on (r.dataset, r.partition, r.stage) r.run_id, r.run_seq, r.dataset, r.partition, r.platform, r.account_id, r.level, r.date, r.load_version,
       r.stage, r.started_at, r.status
from dq_run r
order by r.dataset, r.partition, r.stage, r.run_seq desc;

create view dq_newest_score as
select distinct on (r.dataset, r.partition, s.axis) r.dataset, r.partition, r.platform, r.account_id, r.level, r.date, r.load_version, r.run_seq,
       s.axis, s.score, s.measured, s.defined, s.capped_by
from dq_score s join dq_run r on r.run_id = s.run_id
order by r.dataset, r.partition, s.axis, r.run_seq desc;
