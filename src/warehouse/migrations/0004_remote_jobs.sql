-- Reports that a platform works at by itself, by what was asked: who comes back after a restart waits for the one that is under way.
create table remote_job (
  platform text collate "C" not null,
  account_id text collate "C" not null,
  -- a hash of the whole question
  question text collate "C" not null,
  job_id text not null,
  submitted_at timestamptz not null,
  primary key (platform, account_id, question)
);
