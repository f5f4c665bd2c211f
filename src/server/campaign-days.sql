-- $1 platform, $2 account, $3 from, $4 to: the published days of one account as an import reads them again.
select date::text, platform, account_id, account_name, currency, campaign_id, campaign_name, campaign_status, impressions::text, clicks::text,
       link_clicks::text, video_views::text, trim_scale(cost)::text as cost, trim_scale(conversions)::text as conversions,
       trim_scale(conversion_value)::text as conversion_value, completeness
from daily_campaign_metrics
where platform = $1 and account_id = $2 and date between $3::date and $4::date
order by date, campaign_id
