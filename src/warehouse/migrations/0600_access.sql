-- Who may do what, and who did. Passwords, keys and sessions are kept as hashes: what is here opens nothing.

create table access_user (
  user_id uuid primary key,
  -- what they sign in with, in lower case
  name text collate "C" not null unique,
  role text not null check (role in ('viewer', 'operator', 'admin')),
  -- the only clients whose accounts they see; null: all accounts
  clients text[],
  -- null: signs in elsewhere
  password_hash text,
  password_at timestamptz,
  -- who says who they are, and its name for them
  issuer text,
  subject text,
  created_at timestamptz not null,
  created_by text not null,
  last_seen_at timestamptz,
  disabled_at timestamptz,
  unique (issuer, subject),
  check ((issuer is null) = (subject is null)),
  check (clients is null or cardinality(clients) > 0)
);

create table access_session (
  session_hash text collate "C" primary key,
  user_id uuid not null references access_user on delete cascade,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  address text not null,
  agent text not null
);

create index access_session_user on access_session (user_id);

create table access_key (
  key_id text collate "C" primary key,
  name text collate "C" not null,
  scope text not null check (scope in ('viewer', 'operator', 'admin', 'collect')),
  clients text[],
  key_hash text not null,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  revoked_by text,
  check (clients is null or cardinality(clients) > 0)
);

create unique index access_key_name on access_key (name) where revoked_at is null;

-- Append only: the trigger refuses every change, and each line holds the hash of the one before it.
create table audit_line (
  audit_id bigint generated always as identity primary key,
  -- lines of one deed: begun, and how it ended
  deed uuid not null,
  at timestamptz not null,
  who_kind text not null,
  who_id text not null,
  who text not null,
  action text not null,
  subject text not null,
  detail jsonb not null,
  origin text not null,
  outcome text not null check (outcome in ('begun', 'done', 'refused', 'failed')),
  before_hash text,
  after_hash text,
  previous_hash text not null,
  line_hash text not null
);

create index audit_line_at on audit_line (at);

create function audit_line_stays() returns trigger language plpgsql as $$
begin
  raise exception 'lines of the audit log are never changed or removed' using errcode = 'insufficient_privilege';
end
$$;

create trigger audit_line_stays before update or delete or truncate on audit_line
for each statement execute function audit_line_stays();

-- For whom an account advertises; an account without a row is nobody's in particular.
create table account_client (
  platform text collate "C" not null,
  account_id text collate "C" not null,
  client text collate "C" not null,
  set_at timestamptz not null,
  set_by text not null,
  primary key (platform, account_id)
);

create index account_client_client on account_client (client);
