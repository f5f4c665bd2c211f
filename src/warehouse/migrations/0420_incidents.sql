-- Incidents: one for each root cause, from the first sign until the data is right again, with all that belongs to it.
create table incident (
  incident_id uuid primary key,
  -- Of the root: data set, check, platform, account, series. The same cause within 72 hours of its end is the same incident.
  fingerprint text not null,
  dataset text not null,
  check_id text not null,
  platform text not null,
  -- Null: the platform as a whole.
  account_id text,
  series_key text not null default '',
  state text not null check (state in ('open', 'acknowledged', 'resolved')),
  -- Only ever raised while the incident lives.
  severity text not null check (severity in ('info', 'warn', 'error', 'critical')),
  first_day date not null,
  last_day date not null,
  opened_at timestamptz not null,
  changed_at timestamptz not null,
  resolved_at timestamptz,
  reopened integer not null default 0,
  owner text,
  -- What the last message told, and when; messages are numbered so that each has a key of its own.
  told_at timestamptz,
  told_seq integer not null default 0,
  facts jsonb not null
);

create index incident_live on incident (state, changed_at);
create index incident_fingerprint on incident (fingerprint);

-- What was found, root and what stands beneath it; held_by names why it was not told by itself.
create table incident_member (
  incident_id uuid not null references incident on delete cascade,
  fingerprint text not null,
  check_id text not null,
  account_id text,
  series_key text not null default '',
  severity text not null,
  firing boolean not null,
  held_by text,
  first_day date not null,
  last_day date not null,
  facts jsonb not null,
  primary key (incident_id, fingerprint)
);

create index incident_member_firing on incident_member (fingerprint) where firing;

-- What happened to an incident, in its order; only added.
create table incident_event (
  incident_id uuid not null references incident on delete cascade,
  seq integer not null,
  at timestamptz not null,
  kind text not null,
  -- Null: Millrace itself.
  by text,
  text text,
  facts jsonb not null default '{}',
  primary key (incident_id, seq)
);

-- What somebody does not want to be told of, for a time and a reason. Incidents are kept all the same. Null matches all.
create table silence (
  silence_id bigint generated always as identity primary key,
  platform text,
  account_id text,
  check_id text,
  reason text not null check (reason <> ''),
  silenced_by text not null check (silenced_by <> ''),
  created_at timestamptz not null,
  until timestamptz not null,
  ended_at timestamptz,
  check (until > created_at)
);

-- What a detector judged of a series on a day as one state of the data had it; only added, so that a restatement rewrites nothing.
create table anomaly (
  series_key text collate "C" not null,
  platform text not null,
  account_id text not null,
  day date not null,
  load_version text collate "C" not null,
  judged_at timestamptz not null,
  told_with text,
  because text,
  score double precision not null,
  p double precision,
  contributions jsonb not null,
  explanation jsonb not null,
  primary key (series_key, day, load_version)
);

-- What a channel needs beside text: the incident's fingerprint, severity and whether it begins or ends.
alter table outbox add column facts jsonb;
