-- Which accounts a role of readers may see in the schema marts; a row without an account is all of them. Written by `millrace bi`.
create table bi_scope (
  role text collate "C" not null,
  platform text collate "C",
  account_id text collate "C",
  unique nulls not distinct (role, platform, account_id),
  check ((platform is null) = (account_id is null))
);

-- The accounts that whoever asks may see. current_user is the asker's also inside the views below, whoever owns them; a role that was
-- dropped by hand sees and shows nothing.
create view bi_account as
select a.platform, a.account_id, a.name as account_name, a.currency, a.timezone
from dim_account a
where a.is_current
  and exists (
    select from bi_scope s
    join pg_catalog.pg_roles r on r.rolname = s.role
    where pg_catalog.pg_has_role(current_user, r.oid, 'member')
      and (s.platform is null or (s.platform = a.platform and s.account_id = a.account_id))
  );
