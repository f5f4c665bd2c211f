-- What the fold says of the same range beside its sums.
select (select count(*) from landed
        where _off >= getvariable('from_offset') and _off < getvariable('until_offset')) as records,
       (select count(*) from landed
        where _type is null and _off >= getvariable('from_offset') and _off < getvariable('until_offset')) as invalid,
       count(*) filter (where is_copy) as duplicates,
       count(*) filter (where not is_copy and age = 3) as late_dropped,
       count(*) filter (where not is_copy and _skewed = 1) as skewed,
       count(*) filter (where not is_copy and age < 3 and _type > 2) as uncounted,
       max(least(_ms, _append_ms)) filter (where not is_copy) as newest_ms
from counted
