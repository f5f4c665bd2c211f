-- A trigger that asks which partitions an update touched has every changed fact copied for it, and a recount of conversions changes all of
-- them. Who publishes or counts facts anew knows the partitions: it says `millrace.marks_months` in its transaction and leaves the marks
-- itself. A change by hand marks every month, for a statement alone cannot tell which it was.
drop trigger fact_ad_months_gone on fact_ad_daily;
drop trigger fact_ad_months_changed on fact_ad_daily;

create function mark_all_fact_ad_months() returns trigger language plpgsql as $body$
begin
  execute format($sql$
    insert into %1$I.fact_ad_month_stale (platform, account_id, month)
    select distinct p.platform, p.account_id, date_trunc('month', p.date::timestamp)::date
    from %1$I.partition_state p where p.level = 'campaign' and p.breakdown_key = ''
  $sql$, tg_table_schema);
  return null;
end
$body$;

create trigger fact_ad_months_by_hand after update or delete on fact_ad_daily for each statement
  when (current_setting('millrace.marks_months', true) is distinct from 'on') execute function mark_all_fact_ad_months();
