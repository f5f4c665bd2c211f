-- Daily reference rates: `rate` units of `quote` for one unit of `base`. Every day that has a rate has a row, so that a reader joins on
-- equality: a day without a published rate takes the last one of at most 7 days before (`is_filled`, `rate_date` says of which day).
-- Days beyond that have no row: an amount of theirs has no value in another currency, and is shown as missing rather than guessed.
create table fx_rate (
  base char(3) not null,
  quote char(3) not null,
  date date not null,
  rate numeric(20, 10) not null check (rate > 0),
  -- the file or address that told it
  source text not null,
  is_filled boolean not null,
  -- the day whose rate it is
  rate_date date not null,
  loaded_at timestamptz not null,
  primary key (base, quote, date),
  check (is_filled = (rate_date < date))
);

-- What was asked for and when, so that a nightly run asks once.
create table fx_source (
  source text primary key,
  checked_at timestamptz not null,
  newest date
);

-- Facts whose currency has no rate on their day: what conversion leaves out.
create view fx_missing as
select f.currency,
       p.date,
       p.platform,
       p.account_id,
       count(*) as facts,
       sum(f.cost) as cost
from partition_state p
join fact_ad_daily f on f.partition_id = p.partition_id
where p.level = 'campaign' and p.breakdown_key = ''
  and not exists (select 1 from fx_rate r where r.base = 'EUR' and r.quote = f.currency and r.date = p.date)
group by f.currency, p.date, p.platform, p.account_id;
