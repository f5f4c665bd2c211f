-- $1: the first day that is looked at. Every account's days and how they stand, level by level: a problem, or published.
select p.platform, p.account_id as "accountId", p.level, p.date::text as day, p.state, p.problem_codes as "problemCodes", p.problem_message as "problemMessage",
       p.published_at is not null as published
from partition_state p
where p.breakdown_key = '' and p.date >= $1::date
order by p.platform, p.account_id, p.date, p.level
