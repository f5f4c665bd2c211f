-- People are told once that an account's day is late, and once that it came after all.
alter table ledger_account
  add late_told_at timestamptz,
  add recovered_at timestamptz;

alter table ledger_day
  add late_told_at timestamptz,
  add recovered_at timestamptz;

create index ledger_account_late on ledger_account (late_at) where late_at is not null and recovered_at is null;
create index ledger_day_late on ledger_day (late_at) where late_at is not null and recovered_at is null;

-- The lake that everybody who works on this database reaches.
create table engine_lake (
  lone boolean primary key check (lone),
  lake_id text not null,
  place text not null
);
