-- What platforms said of their budgets of calls, and when the next call may be made: one row for all processes. Times are the
-- asking clock's. An empty account: the credential's budget as a whole. spacing_ms is the pause between two calls that the percentage
-- asks for; a row without a percentage is a fixed pace (a report every five seconds).
create table platform_quota (
  platform text not null,
  credential text not null,
  account text not null,
  scope text not null,
  percent numeric,
  spacing_ms bigint not null,
  told_at timestamptz not null,
  free_at timestamptz,
  turn_at timestamptz not null,
  primary key (platform, credential, account, scope)
);
