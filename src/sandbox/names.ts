import type { Random } from '../domain/clock.ts'

/** What a campaign is about, in the platforms' own words; the world gives every account one of each before it repeats. */
export interface CampaignTheme {
  readonly ko: string
  readonly en: string
  readonly googleChannel: 'SEARCH' | 'PERFORMANCE_MAX' | 'SHOPPING' | 'DISPLAY' | 'VIDEO' | 'DEMAND_GEN'
  readonly metaObjective:
    | 'OUTCOME_SALES'
    | 'OUTCOME_TRAFFIC'
    | 'OUTCOME_AWARENESS'
    | 'OUTCOME_LEADS'
    | 'OUTCOME_ENGAGEMENT'
  readonly tiktokObjective:
    | 'PRODUCT_SALES'
    | 'WEB_CONVERSIONS'
    | 'TRAFFIC'
    | 'REACH'
    | 'LEAD_GENERATION'
    | 'VIDEO_VIEWS'
}

const themes: readonly CampaignTheme[] = [
  {
    ko: '브랜드 검색',
    en: 'Brand Search',
    googleChannel: 'SEARCH',
    metaObjective: 'OUTCOME_SALES',
    tiktokObjective: 'WEB_CONVERSIONS',
  },
  {
    ko: '실적 최대화',
    en: 'Performance Max',
    googleChannel: 'PERFORMANCE_MAX',
    metaObjective: 'OUTCOME_SALES',
    tiktokObjective: 'PRODUCT_SALES',
  },
  {
    ko: '쇼핑 전체 상품',
    en: 'Shopping All Products',
    googleChannel: 'SHOPPING',
    metaObjective: 'OUTCOME_SALES',
    tiktokObjective: 'PRODUCT_SALES',
  },
  {
    ko: '리타겟팅 7일',
    en: 'Retargeting 7d',
    googleChannel: 'DISPLAY',
    metaObjective: 'OUTCOME_TRAFFIC',
    tiktokObjective: 'TRAFFIC',
  },
  {
    ko: '유튜브 인지도',
    en: 'Video Reach',
    googleChannel: 'VIDEO',
    metaObjective: 'OUTCOME_AWARENESS',
    tiktokObjective: 'VIDEO_VIEWS',
  },
  {
    ko: '일반 키워드',
    en: 'Generic Keywords',
    googleChannel: 'SEARCH',
    metaObjective: 'OUTCOME_LEADS',
    tiktokObjective: 'LEAD_GENERATION',
  },
  {
    ko: '신규 고객 확보',
    en: 'New Customers',
    googleChannel: 'DEMAND_GEN',
    metaObjective: 'OUTCOME_ENGAGEMENT',
    tiktokObjective: 'REACH',
  },
  {
    ko: '경쟁사 키워드',
    en: 'Competitor Terms',
    googleChannel: 'SEARCH',
    metaObjective: 'OUTCOME_TRAFFIC',
    tiktokObjective: 'TRAFFIC',
  },
]

const seasons = [
  '봄맞이 세일',
  'Spring Sale',
  '여름 특가',
  'Black Friday',
  '한가위 기획전',
  'Clearance 50% & more',
] as const

export function themeAt(index: number): CampaignTheme {
  return themes[index % themes.length]!
}

export function seasonAt(index: number): string {
  return seasons[((index % seasons.length) + seasons.length) % seasons.length]!
}

/** Korean names in Korean accounts, English elsewhere, and now and then the other way round, with the signs that break naive parsers. */
export function campaignName(theme: CampaignTheme, currency: string, index: number, random: Random): string {
  const korean = (currency === 'KRW') !== random() < 0.15
  const base = korean ? theme.ko : theme.en
  const decorations = [base, `${base} | ${currency}`, `[${index + 1}] ${base}`, `${base} "A/B"`, `${base}, always-on`]
  return decorations[Math.floor(random() * decorations.length)]!
}
