-- Whether an account's costs bear value-added tax, where its platform says so: amounts with and without it are not comparable.
alter table dim_account add column cost_basis text check (cost_basis in ('net', 'gross_vat'));

-- Where other people's sources stood when the newest row they had given was of a day. A slice of later days begins there.
create table source_state (
  source_key text collate "C" not null,
  through date not null,
  state text not null,
  kept_at timestamptz not null,
  primary key (source_key, through)
);
