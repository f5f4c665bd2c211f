-- Lists that somebody pasted into a filter, by the hash of what they hold: too long for an address, and a link to them stays short.
create table screen_selection (
  selection text primary key,
  names text[] not null,
  created_at timestamptz not null
);
