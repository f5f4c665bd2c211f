-- One row a day of the load; what an outcome does to the partition's state is decided here and nowhere else.
-- $1 partition_id[], $2 outcome[], $3 rows[], $4 completeness[], $5 refused_by[] (comma between ids), $6 extract_id, $7 requested_at, $8 at
update partition_state p
set state = case when o.outcome <> 'refused' then 'published' when p.published_at is null then 'failed' else 'stale' end,
    rows = case when o.outcome = 'refused' then p.rows else o.rows end,
    completeness = case when o.outcome = 'refused' then p.completeness else o.completeness end,
    extract_id = case when o.outcome = 'refused' then p.extract_id else $6::uuid end,
    requested_at = case when o.outcome = 'refused' then p.requested_at else $7::timestamptz end,
    published_at = case when o.outcome = 'published' then $8::timestamptz else p.published_at end,
    confirmed_at = case when o.outcome = 'refused' then p.confirmed_at else $8::timestamptz end,
    problem_extract_id = case when o.outcome = 'refused' then $6::uuid end,
    problem_codes = case when o.outcome = 'refused' then string_to_array(o.refused_by, ',') else '{}' end,
    problem_message = null,
    problem_at = case when o.outcome = 'refused' then $8::timestamptz end
from unnest($1::integer[], $2::text[], $3::integer[], $4::text[], $5::text[]) as o (partition_id, outcome, rows, completeness, refused_by)
where p.partition_id = o.partition_id
