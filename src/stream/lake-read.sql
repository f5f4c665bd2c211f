-- Where the copies of one partition lie: of equal ids the first in the log is the event. `landed` is the view over the partition's files; records
-- below from_offset are read for their ids alone. Ids are told apart by a hash first, and by themselves only where two hashes are equal:
-- numbers of eight bytes are sorted into their places ten times as fast as texts.
create or replace temp table twice as
select hash(coalesce(source, ''), event_id) as id_hash
from landed
where event_id is not null and _type is not null and _off < getvariable('until_offset')
group by 1
having count(*) > 1;

create or replace temp table copies as
select _off, _place
from (
  select _off, _place, row_number() over (partition by coalesce(source, ''), event_id order by _off, _place) as nth
  from landed
  where exists (select 1 from twice) and event_id is not null and _type is not null and _off < getvariable('until_offset')
    and hash(coalesce(source, ''), event_id) in (select id_hash from twice)
)
where nth > 1
