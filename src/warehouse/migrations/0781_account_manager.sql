-- The manager (Google) or business (Meta) that an account was found below; null where it was reached directly. An account that moves
-- to another one has a new row from then on; its facts stay what they are.
alter table dim_account add column manager_id text;
