-- What clicks of the present campaigns tell the landing page; those that do not lead back first. $1 platforms or null, $2 accounts or null
select u.platform, u.account_id as "accountId", u.campaign_id as "campaignId", u.campaign_name as name,
       u.parameters ->> 'utm_source' as source, u.parameters ->> 'utm_medium' as medium,
       coalesce(u.parameters ->> 'utm_campaign', u.parameters ->> 'utm_id') as campaign,
       u.is_resolved as "leadsBack",
       array_to_string(array(select jsonb_array_elements_text(u.unknown_macros) order by 1), ', ') as unknown
from campaign_utm u
where u.campaign_status <> 'removed'
  and ($1::text[] is null or u.platform = any ($1::text[])) and ($2::text[] is null or u.account_id = any ($2::text[]))
order by u.platform, u.account_id, u.is_resolved, u.campaign_id
