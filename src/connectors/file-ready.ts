import type { FileMapping } from './file-mapping.ts'
import { fileMapping } from './file-mapping.ts'

/**
 * Mappings that need no file: what the platforms' own exports are called, in English and in Korean. A list names the headers that a
 * column may have; `(*)` stands for whatever is in brackets, where Meta writes the currency.
 */
const ready = {
  // What Millrace itself exports by the day: from the dashboard, and by millrace export csv.
  millrace: {
    columns: {
      date: 'date',
      campaign_id: 'campaign_id',
      campaign_name: 'campaign_name',
      status: 'campaign_status',
      currency: 'currency',
      cost: 'cost',
      impressions: 'impressions',
      clicks: 'clicks',
      link_clicks: 'link_clicks',
      video_views: 'video_views',
      conversions: 'conversions',
      conversion_value: 'conversion_value',
    },
    optional: ['campaign_name', 'status', 'currency', 'link_clicks', 'video_views', 'conversions', 'conversion_value'],
    ratios: { ctr: 'ctr', cpc: 'cpc', cvr: 'cvr', cpa: 'cpa', roas: 'roas' },
    statuses: { active: 'active', paused: 'paused', removed: 'removed', archived: 'archived', unknown: 'unknown' },
  },
  google_ads: {
    columns: {
      date: ['Day', 'Date', '일', '날짜'],
      campaign_id: ['Campaign ID', '캠페인 ID', 'Campaign', '캠페인'],
      campaign_name: ['Campaign', 'Campaign name', '캠페인', '캠페인 이름'],
      cost: ['Cost', '비용'],
      impressions: ['Impr.', 'Impressions', '노출수', '노출'],
      clicks: ['Clicks', '클릭수', '클릭'],
      conversions: ['Conversions', 'Conv.', '전환', '전환수'],
      status: ['Campaign status', 'Campaign state', '캠페인 상태'],
      currency: ['Currency code', 'Currency', '통화 코드', '통화'],
      conversion_value: ['Conv. value', 'Conversion value', '전환 가치', '전환값'],
      video_views: ['TrueView views', 'Views', 'TrueView 조회수', '조회수'],
    },
    optional: ['conversions', 'status', 'currency', 'conversion_value', 'video_views'],
    ratios: {
      ctr: ['CTR', '클릭률(CTR)', '클릭률'],
      cpc: ['Avg. CPC', '평균 CPC'],
      cpa: ['Cost / conv.', '전환당비용', '전환당 비용'],
    },
    dates: ['YYYY-MM-DD', 'YYYY. M. D.', 'YYYY.MM.DD', 'MMM D, YYYY', 'M/D/YYYY'],
  },
  meta_ads: {
    columns: {
      date: ['Day', 'Reporting starts', '일', '날짜', '보고 시작'],
      campaign_id: ['Campaign ID', '캠페인 ID', 'Campaign name', '캠페인 이름'],
      campaign_name: ['Campaign name', '캠페인 이름'],
      cost: ['Amount spent (*)', 'Amount spent', '지출 금액 (*)', '지출 금액(*)', '지출 금액'],
      impressions: ['Impressions', '노출', '노출수'],
      clicks: ['Clicks (all)', '클릭(전체)', '클릭 (전체)'],
      status: ['Campaign delivery', '캠페인 게재'],
      currency: ['Currency', '통화'],
      link_clicks: ['Link clicks', '링크 클릭'],
      conversions: ['Purchases', 'Website purchases', '공유 항목이 포함된 구매', '구매', '웹사이트 구매'],
      conversion_value: [
        'Purchases conversion value',
        'Website purchases conversion value',
        '공유 항목의 구매 전환값',
        '구매 전환값',
      ],
    },
    sameDay: ['Reporting ends', '보고 종료'],
    optional: ['status', 'currency', 'link_clicks', 'conversions', 'conversion_value'],
    ratios: {
      // Meta writes a percentage without its sign.
      ctr: { header: ['CTR (all)', 'CTR(전체)', 'CTR (전체)'], percent: true },
      cpc: { header: ['CPC (all) (*)', 'CPC (all)', 'CPC(전체) (*)', 'CPC(전체)', 'CPC (전체)'] },
    },
    dates: ['YYYY-MM-DD', 'YYYY. M. D.', 'M/D/YYYY', 'MMM D, YYYY'],
  },
} as const

type ReadyName = keyof typeof ready

export const readyNames = Object.keys(ready) as readonly ReadyName[]

/** The mapping of that name; undefined when there is none, and the text is a path. */
export function readyMapping(name: string): FileMapping | undefined {
  const found = readyNames.find((one) => one === name)
  return found && fileMapping(ready[found])
}
