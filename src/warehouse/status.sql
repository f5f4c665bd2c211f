-- $1 since, $2 until
select p.platform, p.account_id as "accountId", a.name as "accountName", p.level, p.breakdown_key as "breakdownKey", p.date, p.state, p.rows,
       p.completeness, p.extract_id as "extractId", p.published_at as "publishedAt", p.confirmed_at as "confirmedAt",
       p.problem_codes as "problemCodes", p.problem_message as "problemMessage", p.problem_at as "problemAt",
       p.problem_extract_id as "refusedExtractId",
       coalesce((
         select jsonb_agg(jsonb_build_object('checkId', q.check_id, 'outcome', q.outcome, 'tested', q.tested, 'failed', q.failed,
                                             'explain', q.explain, 'error', q.error) order by q.check_id)
         from dq_run r
         join dq_result q on q.run_id = r.run_id and q.check_id = any (p.problem_codes)
         where r.dataset = 'fact_ad_daily' and r.load_version = p.problem_extract_id::text
           and r.partition = concat_ws('|', p.platform, p.account_id, p.level, p.breakdown_key, p.date)
           and r.stage = 'audit' and r.run_seq = (select max(l.run_seq) from dq_run l
                               where l.dataset = r.dataset and l.partition = r.partition and l.load_version = r.load_version
                                                              and l.stage = 'audit')
       ), '[]') as "refusingChecks"
from partition_state p
left join dim_account a on a.platform = p.platform and a.account_id = p.account_id and a.is_current
where p.date between $1::date and $2::date
order by p.platform, p.account_id, p.level, p.breakdown_key, p.date
