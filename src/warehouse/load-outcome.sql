-- What an outcome does to the partition's state is decided here and nowhere else; what readers now see for the first time becomes a version.
-- $1 [{partitionId, outcome, rows, inserted, updated, deleted, completeness, dayEnd, fingerprint, refusedBy}], $2 extract_id, $3 requested_at, $4 at, $5 definition_version, $6 actions_stored
with outcomes as materialized (
  select o."partitionId" as partition_id, o.outcome, o.outcome = 'refused' as refused, o.rows, o.inserted, o.updated, o.deleted,
         o.completeness, o.fingerprint, o."dayEnd" as day_end, array(select jsonb_array_elements_text(o."refusedBy")) as refused_by
  from jsonb_to_recordset($1::jsonb) as o ("partitionId" integer, outcome text, rows integer, inserted integer, updated integer,
       deleted integer, completeness text, "dayEnd" timestamptz, fingerprint text, "refusedBy" jsonb)
), changed as (
  update partition_state p
  set state = case when not o.refused then 'published' when p.published_at is null then 'failed' else 'stale' end,
      rows = case when o.refused then p.rows else o.rows end,
      completeness = case when o.refused then p.completeness else o.completeness end,
      definition_version = case when o.refused then p.definition_version else $5::integer end,
      actions_stored = case when o.refused then p.actions_stored else $6::boolean end,
      fingerprint = case when o.refused then p.fingerprint else o.fingerprint end,
      day_end = case when o.refused then p.day_end else o.day_end end,
      extract_id = case when o.refused then p.extract_id else $2::uuid end,
      requested_at = case when o.refused then p.requested_at else $3::timestamptz end,
      published_at = case when o.outcome = 'published' then $4::timestamptz else p.published_at end,
      confirmed_at = case when o.refused then p.confirmed_at else $4::timestamptz end,
      problem_extract_id = case when o.refused then $2::uuid end,
      problem_codes = o.refused_by,
      problem_message = null,
      problem_at = case when o.refused then $4::timestamptz end
  from outcomes o
  where p.partition_id = o.partition_id
)
insert into partition_version (partition_id, extract_id, at, rows, inserted, updated, deleted)
select o.partition_id, $2::uuid, $4::timestamptz, o.rows, o.inserted, o.updated, o.deleted
from outcomes o
where o.outcome = 'published'
