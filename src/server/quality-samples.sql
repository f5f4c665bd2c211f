-- $1 day, $2 how many: rows that a check kept because they failed it, of the day's audits.
select s.check_id as "checkId", r.partition, s.row
from dq_sample s join dq_run r on r.run_id = s.run_id
where r.dataset = 'fact_ad_daily' and right(r.partition, 10) = $1::date::text
order by r.started_at desc, s.check_id, s.place
limit $2
