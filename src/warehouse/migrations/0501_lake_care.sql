-- When each lake was last looked after, so that the runs of a day do it once.
create table lake_care (
  place text collate "C" primary key,
  tended_at timestamptz not null
);
