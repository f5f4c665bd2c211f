-- Sums of months are no longer part of the statement that changes facts: a day of 100,000 campaigns took eight times as long for them (2.5 s
-- instead of 0.3 s). A change notes which months of which account it touched, which is a row; the months are counted anew when a run's
-- loads are done, and until then a reader takes their days.
drop trigger fact_ad_monthly_come on fact_ad_daily;
drop trigger fact_ad_monthly_gone on fact_ad_daily;
drop trigger fact_ad_monthly_changed on fact_ad_daily;
drop trigger fact_ad_monthly_emptied on fact_ad_daily;
drop function keep_fact_ad_monthly();

-- Months whose sums in `fact_ad_monthly` are not those of their days. Each change leaves a mark of its own, so that writers wait for nobody.
create table fact_ad_month_stale (
  mark uuid primary key default gen_random_uuid(),
  platform text collate "C" not null,
  account_id text collate "C" not null,
  month date not null check (extract(day from month) = 1)
);
create index fact_ad_month_stale_account on fact_ad_month_stale (platform, account_id, month);

-- A load tells by its versions which partitions have changed: a copy of a million new facts for a trigger costs a tenth of the whole load.
-- What is changed or deleted otherwise, by a recount or by hand, tells by its rows; who inserts facts by hand inserts a mark too.
create function mark_fact_ad_months() returns trigger language plpgsql as $body$
begin
  if tg_op = 'TRUNCATE' then
    execute format('truncate %1$I.fact_ad_monthly, %1$I.fact_ad_month_stale', tg_table_schema);
    return null;
  end if;
  execute format($sql$
    insert into %1$I.fact_ad_month_stale (platform, account_id, month)
    select distinct p.platform, p.account_id, date_trunc('month', p.date::timestamp)::date
    from %1$I.partition_state p
    where p.partition_id in (select partition_id from touched) and p.level = 'campaign' and p.breakdown_key = ''
  $sql$, tg_table_schema);
  return null;
end
$body$;

create trigger fact_ad_months_published after insert on partition_version
  referencing new table as touched for each statement execute function mark_fact_ad_months();
create trigger fact_ad_months_gone after delete on fact_ad_daily
  referencing old table as touched for each statement execute function mark_fact_ad_months();
create trigger fact_ad_months_changed after update on fact_ad_daily
  referencing old table as touched for each statement execute function mark_fact_ad_months();
create trigger fact_ad_months_emptied after truncate on fact_ad_daily
  for each statement execute function mark_fact_ad_months();

-- Counts an account's marked months anew and returns how many. Its marks go first: what is changed after them has a mark that this
-- transaction does not see, and stays marked.
create function fold_fact_ad_months(of_platform text, of_account_id text) returns integer language plpgsql set work_mem = '64MB' set enable_sort = off as $body$
declare
  months date[];
begin
  perform pg_advisory_xact_lock(hashtextextended('millrace months ' || of_platform || '/' || of_account_id, 0));
  with gone as (delete from fact_ad_month_stale where platform = of_platform and account_id = of_account_id returning month)
  select array_agg(distinct month) into months from gone;
  if months is null then return 0; end if;
  delete from fact_ad_monthly where month = any (months) and platform = of_platform and account_id = of_account_id;
  insert into fact_ad_monthly (month, platform, account_id, entity_id, currency, rows, cost, impressions, clicks, conversions, conversion_value, valued)
  select m.month, of_platform, of_account_id, f.entity_id, f.currency, count(*), sum(f.cost), sum(f.impressions), sum(f.clicks), sum(f.conversions),
         coalesce(sum(f.conversion_value), 0), count(f.conversion_value)
  from unnest(months) m (month)
  join partition_state p on p.platform = of_platform and p.account_id = of_account_id and p.level = 'campaign' and p.breakdown_key = ''
    and p.date >= m.month and p.date < m.month + interval '1 month'
  join fact_ad_daily f on f.partition_id = p.partition_id
  group by m.month, f.entity_id, f.currency;
  return cardinality(months);
end
$body$;
