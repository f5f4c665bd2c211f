-- The newest run that built models: how many, how their tests came out, and whether anything was published since.
select p.finished_at as "builtAt", (p.summary ->> 'models')::int as models, (p.summary #>> '{dbtTests,pass}')::int as pass,
       (p.summary #>> '{dbtTests,fail}')::int as fail,
       exists (select from partition_state s where s.published_at > p.finished_at) as old
from pipeline_run p
where (p.summary ->> 'models')::int > 0 or (p.summary #>> '{dbtTests,fail}')::int > 0
order by p.finished_at desc
limit 1
