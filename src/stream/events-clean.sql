-- Events as they count: no refused records, of equal ids the first in the log, the kind of invalid traffic beside them.
select * exclude (_raw)
from ad_events_raw
where _raw is null
qualify event_id is null or row_number() over (partition by _part, coalesce(source, ''), event_id order by _off, _place) = 1
