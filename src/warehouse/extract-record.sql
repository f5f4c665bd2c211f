-- An extract that is loaded again, from the lake and perhaps by a newer mapping, is the same extract.
insert into extract (extract_id, platform, account_id, level, breakdown_key, kind, since, until, requested_at, finished_at,
                     rows, api_version, request_ids, control_totals, map_version, raw_keys, loaded_at, operations)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
on conflict (extract_id) do update set map_version = excluded.map_version, loaded_at = excluded.loaded_at
