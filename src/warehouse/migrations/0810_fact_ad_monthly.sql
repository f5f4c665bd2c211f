-- Campaigns' facts summed by the month, for questions about a year. Kept by triggers, within the transaction of whatever changes facts: a
-- load, a recount of conversions, a hand. Once a statement, not once a row: what the statement took away and what it brought is summed
-- first. `rows` is the number of facts; a campaign's month without any is not there. `valued` of them have a conversion value.
create table fact_ad_monthly (
  month date not null check (extract(day from month) = 1),
  platform text collate "C" not null,
  account_id text collate "C" not null,
  entity_id text collate "C" not null,
  currency char(3) not null,
  rows integer not null,
  cost numeric(24, 6) not null,
  impressions bigint not null,
  clicks bigint not null,
  conversions numeric(24, 6) not null,
  conversion_value numeric(24, 6) not null,
  valued integer not null,
  primary key (month, platform, account_id, entity_id, currency)
);

-- The lock of an account's month is taken behind those of partitions, in one order, so that two loads of different days of a month go
-- one after the other and never wait for each other crosswise.
create function keep_fact_ad_monthly() returns trigger language plpgsql as $body$
declare
  source text := case tg_op
    when 'INSERT' then 'select 1 as sign, c.* from come c'
    when 'DELETE' then 'select -1 as sign, g.* from gone g'
    else 'select 1 as sign, c.* from come c union all select -1 as sign, g.* from gone g' end;
  touched text := case tg_op when 'INSERT' then 'come' else 'gone' end;
  months jsonb;
begin
  if tg_op = 'TRUNCATE' then
    execute format('truncate %I.fact_ad_monthly', tg_table_schema);
    return null;
  end if;
  execute format($sql$
    select jsonb_agg(jsonb_build_array(m.platform, m.account_id, m.month) order by m.platform, m.account_id, m.month)
    from (select distinct platform, account_id, date_trunc('month', date)::date as month from %s where level = 'campaign' and breakdown_key = '') m
  $sql$, touched) into months;
  if months is null then return null; end if;
  perform pg_advisory_xact_lock(hashtextextended('millrace month ' || m.value::text, 0)) from jsonb_array_elements(months) m;
  execute format($sql$
    insert into %1$I.fact_ad_monthly as m
      (month, platform, account_id, entity_id, currency, rows, cost, impressions, clicks, conversions, conversion_value, valued)
    select date_trunc('month', date)::date as month, platform, account_id, entity_id, currency, sum(sign),
           sum(case when sign = 1 then cost else -cost end), sum(sign * impressions), sum(sign * clicks),
           sum(case when sign = 1 then conversions else -conversions end),
           coalesce(sum(case when sign = 1 then conversion_value else -conversion_value end), 0), coalesce(sum(sign) filter (where conversion_value is not null), 0)
    from (%2$s) s
    where level = 'campaign' and breakdown_key = ''
    group by 1, 2, 3, 4, 5
    order by 1, 2, 3, 4, 5
    on conflict (month, platform, account_id, entity_id, currency) do update
    set rows = m.rows + excluded.rows, cost = m.cost + excluded.cost, impressions = m.impressions + excluded.impressions,
        clicks = m.clicks + excluded.clicks, conversions = m.conversions + excluded.conversions,
        conversion_value = m.conversion_value + excluded.conversion_value, valued = m.valued + excluded.valued
  $sql$, tg_table_schema, source);
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

create trigger fact_ad_monthly_come after insert on fact_ad_daily
  referencing new table as come for each statement execute function keep_fact_ad_monthly();
create trigger fact_ad_monthly_gone after delete on fact_ad_daily
  referencing old table as gone for each statement execute function keep_fact_ad_monthly();
create trigger fact_ad_monthly_changed after update on fact_ad_daily
  referencing old table as gone new table as come for each statement execute function keep_fact_ad_monthly();
create trigger fact_ad_monthly_emptied after truncate on fact_ad_daily
  for each statement execute function keep_fact_ad_monthly();

insert into fact_ad_monthly (month, platform, account_id, entity_id, currency, rows, cost, impressions, clicks, conversions, conversion_value, valued)
select date_trunc('month', date)::date, platform, account_id, entity_id, currency, count(*), sum(cost), sum(impressions), sum(clicks), sum(conversions),
       coalesce(sum(conversion_value), 0), count(conversion_value)
from fact_ad_daily
where level = 'campaign' and breakdown_key = ''
group by 1, 2, 3, 4, 5;
