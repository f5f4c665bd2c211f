-- What of the warehouse's own tables shows through the views that models read. A partition's facts change with the instant of its
-- publication, or with a recount; of accounts and entities only what a row can say counts, not when it was last looked at.
select md5(concat_ws('|',
  (select string_agg(concat_ws(',', partition_id, published_at, rows, state, completeness, definition_version, day_end), ';' order by partition_id)
   from partition_state where published_at is not null),
  (select max(recount_id) from conversion_recount),
  (select string_agg(concat_ws(',', platform, account_id, name, currency, timezone, valid_from, valid_to), ';'
     order by platform, account_id, valid_from) from dim_account),
  (select string_agg(concat_ws(',', entity_key, name, status_canonical, objective_raw, budget, valid_from, valid_to), ';' order by entity_key)
   from dim_entity),
  (select string_agg(concat_ws(',', base, quote, date, rate, is_filled), ';' order by base, quote, date) from fx_rate),
  (select concat(max(version), ',', count(*)) from conversion_definition),
  (select max(version) from naming_version),
  (select count(*) from name_reading))) as content
