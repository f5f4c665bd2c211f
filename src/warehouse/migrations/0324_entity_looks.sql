-- When an entity was found as a row describes it: a look that arrives late can then take its place between them, so that the history
-- does not depend on the order in which looks arrive. Of a row that was seen more than 400 times the first and the newest 200 are kept.
alter table dim_entity add column seen_at timestamptz[] not null default '{}';

update dim_entity
set seen_at = case when first_seen < last_seen then array[first_seen, last_seen] else array[first_seen] end
where not is_stub;
