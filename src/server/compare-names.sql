-- How far the names of each account follow the rules in force, and how many campaigns' addresses lead back to them.
select e.platform, e.account_id as "accountId", coalesce(a.name, e.account_id) as name, count(*)::int as campaigns,
       count(*) filter (where n.outcome = 'matched')::int as matched, count(*) filter (where n.outcome = 'violation')::int as violations,
       count(*) filter (where n.outcome = 'ambiguous')::int as ambiguous,
       count(*) filter (where e.utm is not null)::int as told, count(*) filter (where (e.utm ->> 'isResolved')::boolean)::int as "leadBack"
from dim_entity e
left join campaign_names n on n.platform = e.platform and n.account_id = e.account_id and n.campaign_id = e.entity_id
left join dim_account a on a.platform = e.platform and a.account_id = e.account_id and a.is_current
where e.level = 'campaign' and e.is_current and e.status_canonical <> 'removed'
group by e.platform, e.account_id, a.name
order by e.platform, e.account_id
