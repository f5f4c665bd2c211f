-- Made from the metric catalogue by src/cli/metrics-page.ts; a change here is undone by the next writing.
{{ config(enabled=not var('seed_formulas')) }}

select
    metric,
    platform,
    comparable,
    why_en,
    why_ko
from (values
    ('cost', 'naver_searchad', 'limited', 'billed with value-added tax; the cost here is without it', '청구는 부가세 포함, 여기의 비용은 부가세 제외'),
    ('clicks', 'meta_ads', 'not_comparable', 'counts likes, comments and profile clicks too; compare link_clicks', '좋아요, 댓글, 프로필 클릭도 포함. link_clicks로 비교'),
    ('clicks', 'linkedin_ads', 'limited', 'counts chargeable clicks that lead to no page too; compare link_clicks', '페이지로 가지 않는 과금 클릭도 포함. link_clicks로 비교'),
    ('video_views', 'google_ads', 'not_comparable', 'a TrueView view: 30 seconds, the end or an interaction', 'TrueView 조회: 30초, 끝까지, 또는 상호작용'),
    ('video_views', 'meta_ads', 'not_comparable', 'a view is 3 seconds', '3초 조회'),
    ('video_views', 'tiktok_ads', 'not_comparable', 'a view is its start', '재생 시작이 조회'),
    ('video_views', 'linkedin_ads', 'not_comparable', 'a view is 2 seconds at half size', '절반 크기로 2초 조회'),
    ('conversions', 'google_ads', 'limited', 'attributed by data, on the day of the click', '데이터 기반 기여, 클릭한 날 기준'),
    ('conversions', 'meta_ads', 'limited', 'includes conversions after a mere view (1 day) by default', '기본값은 조회 후 1일 전환도 포함'),
    ('conversions', 'naver_searchad', 'limited', 'direct and indirect purchases within 20 days', '20일 이내 직접·간접 구매'),
    ('conversions', 'kakao_moment', 'limited', 'purchases within its own window, direct and indirect', '자체 기간의 직접·간접 구매'),
    ('ctr', 'meta_ads', 'not_comparable', 'counts likes, comments and profile clicks too; compare link_clicks', '좋아요, 댓글, 프로필 클릭도 포함. link_clicks로 비교'),
    ('ctr', 'linkedin_ads', 'limited', 'counts chargeable clicks that lead to no page too; compare link_clicks', '페이지로 가지 않는 과금 클릭도 포함. link_clicks로 비교'),
    ('cpc', 'meta_ads', 'not_comparable', 'counts likes, comments and profile clicks too; compare link_clicks', '좋아요, 댓글, 프로필 클릭도 포함. link_clicks로 비교'),
    ('cpc', 'linkedin_ads', 'limited', 'counts chargeable clicks that lead to no page too; compare link_clicks', '페이지로 가지 않는 과금 클릭도 포함. link_clicks로 비교'),
    ('cpc', 'naver_searchad', 'limited', 'billed with value-added tax; the cost here is without it', '청구는 부가세 포함, 여기의 비용은 부가세 제외'),
    ('link_cpc', 'naver_searchad', 'limited', 'billed with value-added tax; the cost here is without it', '청구는 부가세 포함, 여기의 비용은 부가세 제외'),
    ('cpm', 'naver_searchad', 'limited', 'billed with value-added tax; the cost here is without it', '청구는 부가세 포함, 여기의 비용은 부가세 제외'),
    ('cvr', 'google_ads', 'limited', 'attributed by data, on the day of the click', '데이터 기반 기여, 클릭한 날 기준'),
    ('cvr', 'meta_ads', 'not_comparable', 'counts likes, comments and profile clicks too; compare link_clicks', '좋아요, 댓글, 프로필 클릭도 포함. link_clicks로 비교'),
    ('cvr', 'linkedin_ads', 'limited', 'counts chargeable clicks that lead to no page too; compare link_clicks', '페이지로 가지 않는 과금 클릭도 포함. link_clicks로 비교'),
    ('cvr', 'naver_searchad', 'limited', 'direct and indirect purchases within 20 days', '20일 이내 직접·간접 구매'),
    ('cvr', 'kakao_moment', 'limited', 'purchases within its own window, direct and indirect', '자체 기간의 직접·간접 구매'),
    ('cpa', 'google_ads', 'limited', 'attributed by data, on the day of the click', '데이터 기반 기여, 클릭한 날 기준'),
    ('cpa', 'meta_ads', 'limited', 'includes conversions after a mere view (1 day) by default', '기본값은 조회 후 1일 전환도 포함'),
    ('cpa', 'naver_searchad', 'limited', 'billed with value-added tax; the cost here is without it', '청구는 부가세 포함, 여기의 비용은 부가세 제외'),
    ('cpa', 'kakao_moment', 'limited', 'purchases within its own window, direct and indirect', '자체 기간의 직접·간접 구매'),
    ('roas', 'naver_searchad', 'limited', 'billed with value-added tax; the cost here is without it', '청구는 부가세 포함, 여기의 비용은 부가세 제외')
) as caveats (metric, platform, comparable, why_en, why_ko)
