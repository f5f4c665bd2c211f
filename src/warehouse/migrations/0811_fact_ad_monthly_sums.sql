-- The same sums for less: an insert, which is the first load of a day and every backfill, is summed as it is, without a sign a row; months are
-- found from partitions, of which there are few; and a month is cut from a timestamp without a zone, which asks for no rules of one. Sums
-- come out of a hash table in whatever order: the month's lock alone keeps two loads from waiting for each other crosswise.
create or replace function keep_fact_ad_monthly() returns trigger language plpgsql set enable_sort = off set work_mem = '64MB' as $body$
declare
  touched text := case tg_op when 'INSERT' then 'come' else 'gone' end;
  sums text := case tg_op
    when 'INSERT' then 'count(*), sum(cost), sum(impressions), sum(clicks), sum(conversions), coalesce(sum(conversion_value), 0), count(conversion_value) from come'
    when 'DELETE' then '-count(*), -sum(cost), -sum(impressions), -sum(clicks), -sum(conversions), coalesce(-sum(conversion_value), 0), -count(conversion_value) from gone'
    else 'sum(sign), sum(case sign when 1 then cost else -cost end), sum(sign * impressions), sum(sign * clicks),
      sum(case sign when 1 then conversions else -conversions end), coalesce(sum(case sign when 1 then conversion_value else -conversion_value end), 0),
      coalesce(sum(sign) filter (where conversion_value is not null), 0)
      from (select 1 as sign, c.* from come c union all select -1, g.* from gone g) s' end;
  months jsonb;
begin
  if tg_op = 'TRUNCATE' then
    execute format('truncate %I.fact_ad_monthly', tg_table_schema);
    return null;
  end if;
  execute format($sql$
    select jsonb_agg(jsonb_build_array(m.platform, m.account_id, m.month) order by m.platform, m.account_id, m.month)
    from (select distinct d.platform, d.account_id, date_trunc('month', d.date::timestamp)::date as month
          from (select min(platform) as platform, min(account_id) as account_id, min(date) as date from %s
                where level = 'campaign' and breakdown_key = '' group by partition_id) d) m
  $sql$, touched) into months;
  if months is null then return null; end if;
  perform pg_advisory_xact_lock(hashtextextended('millrace month ' || m.value::text, 0)) from jsonb_array_elements(months) m;
  execute format($sql$
    insert into %I.fact_ad_monthly as m
      (month, platform, account_id, entity_id, currency, rows, cost, impressions, clicks, conversions, conversion_value, valued)
    select date_trunc('month', date::timestamp)::date, platform, account_id, entity_id, currency, %s
    where level = 'campaign' and breakdown_key = ''
    group by 1, 2, 3, 4, 5
    on conflict (month, platform, account_id, entity_id, currency) do update
    set rows = m.rows + excluded.rows, cost = m.cost + excluded.cost, impressions = m.impressions + excluded.impressions,
        clicks = m.clicks + excluded.clicks, conversions = m.conversions + excluded.conversions,
        conversion_value = m.conversion_value + excluded.conversion_value, valued = m.valued + excluded.valued
  $sql$, tg_table_schema, sums);
  if tg_op <> 'INSERT' then
    execute format($sql$
      delete from %I.fact_ad_monthly m
      using jsonb_array_elements($1) t
      where m.rows = 0 and m.platform = t.value ->> 0 and m.account_id = t.value ->> 1 and m.month = (t.value ->> 2)::date
    $sql$, tg_table_schema) using months;
  end if;
  return null;
end
$body$;
