import type { Platform } from './platform.ts'

/*
 * What every number means, once. The marts' SQL, dbt's docs, the API, the dashboard's labels and the guide's table are made from this
 * list or held to it by tests; a formula that stands somewhere else is a mistake.
 */

interface Words {
  readonly en: string
  readonly ko: string
}

/** Why a number of one platform must not, or only with care, stand beside that of another. */
export interface Caveat extends Words {
  readonly comparable: 'limited' | 'not_comparable'
}

interface MetricBase {
  readonly id: string
  readonly label: Words
  readonly meaning: Words
  /** `money` is in the account's currency, or in the report currency where the column says so. */
  readonly unit: 'money' | 'count' | 'fraction' | 'money_each' | 'times'
  readonly better: 'higher' | 'lower' | 'neither'
  readonly caveats?: Readonly<Partial<Record<Platform, Caveat>>>
}

/** A column of the facts, summed. Null only where every row has none, as `sum` in SQL has it. */
export interface SumMetric extends MetricBase {
  readonly kind: 'sum'
  readonly isNullable: boolean
}

/** Sum over sum; null, not 0, when there is nothing to divide by. Never stored in facts, never summed, never averaged. */
export interface RatioMetric extends MetricBase {
  readonly kind: 'ratio'
  readonly numerator: string
  readonly denominator: string
  /** The numerator is multiplied by it: 1000 for a cost per thousand. */
  readonly times: number
}

export type MetricSpec = SumMetric | RatioMetric

const sums = [
  {
    kind: 'sum',
    id: 'cost',
    label: { en: 'Cost', ko: '비용' },
    meaning: { en: 'What was spent; negative for a credit', ko: '집행 금액. 환급이면 음수' },
    unit: 'money',
    better: 'neither',
    isNullable: false,
    caveats: {
      naver_searchad: {
        comparable: 'limited',
        en: 'billed with value-added tax; the cost here is without it',
        ko: '청구는 부가세 포함, 여기의 비용은 부가세 제외',
      },
    },
  },
  {
    kind: 'sum',
    id: 'impressions',
    label: { en: 'Impressions', ko: '노출' },
    meaning: { en: 'How often ads were shown', ko: '광고가 노출된 횟수' },
    unit: 'count',
    better: 'higher',
    isNullable: false,
  },
  {
    kind: 'sum',
    id: 'clicks',
    label: { en: 'Clicks', ko: '클릭' },
    meaning: { en: 'All clicks, as the platform counts them', ko: '플랫폼이 세는 모든 클릭' },
    unit: 'count',
    better: 'higher',
    isNullable: false,
    caveats: {
      meta_ads: {
        comparable: 'not_comparable',
        en: 'counts likes, comments and profile clicks too; compare link_clicks',
        ko: '좋아요, 댓글, 프로필 클릭도 포함. link_clicks로 비교',
      },
      linkedin_ads: {
        comparable: 'limited',
        en: 'counts chargeable clicks that lead to no page too; compare link_clicks',
        ko: '페이지로 가지 않는 과금 클릭도 포함. link_clicks로 비교',
      },
    },
  },
  {
    kind: 'sum',
    id: 'link_clicks',
    label: { en: 'Link clicks', ko: '링크 클릭' },
    meaning: { en: 'Clicks that lead to the advertiser’s page', ko: '광고주 페이지로 이어지는 클릭' },
    unit: 'count',
    better: 'higher',
    isNullable: true,
  },
  {
    kind: 'sum',
    id: 'video_views',
    label: { en: 'Video views', ko: '동영상 조회' },
    meaning: { en: 'Views of a video, by the platform’s own rule', ko: '플랫폼 기준의 동영상 조회' },
    unit: 'count',
    better: 'higher',
    isNullable: true,
    caveats: {
      google_ads: {
        comparable: 'not_comparable',
        en: 'a TrueView view: 30 seconds, the end or an interaction',
        ko: 'TrueView 조회: 30초, 끝까지, 또는 상호작용',
      },
      meta_ads: { comparable: 'not_comparable', en: 'a view is 3 seconds', ko: '3초 조회' },
      tiktok_ads: { comparable: 'not_comparable', en: 'a view is its start', ko: '재생 시작이 조회' },
      linkedin_ads: {
        comparable: 'not_comparable',
        en: 'a view is 2 seconds at half size',
        ko: '절반 크기로 2초 조회',
      },
    },
  },
  {
    kind: 'sum',
    id: 'conversions',
    label: { en: 'Conversions', ko: '전환' },
    meaning: {
      en: 'By the conversion definition in force; fractional where the platform shares one conversion among ads',
      ko: '현재 전환 정의 기준. 한 전환을 여러 광고가 나누는 플랫폼은 소수',
    },
    unit: 'count',
    better: 'higher',
    isNullable: false,
    caveats: {
      google_ads: {
        comparable: 'limited',
        en: 'attributed by data, on the day of the click',
        ko: '데이터 기반 기여, 클릭한 날 기준',
      },
      meta_ads: {
        comparable: 'limited',
        en: 'includes conversions after a mere view (1 day) by default',
        ko: '기본값은 조회 후 1일 전환도 포함',
      },
      kakao_moment: {
        comparable: 'limited',
        en: 'purchases within its own window, direct and indirect',
        ko: '자체 기간의 직접·간접 구매',
      },
      naver_searchad: {
        comparable: 'limited',
        en: 'direct and indirect purchases within 20 days',
        ko: '20일 이내 직접·간접 구매',
      },
    },
  },
  {
    kind: 'sum',
    id: 'conversion_value',
    label: { en: 'Conversion value', ko: '전환 가치' },
    meaning: { en: 'What the conversions are worth, as the advertiser reports it', ko: '광고주가 전달한 전환의 가치' },
    unit: 'money',
    better: 'higher',
    isNullable: true,
  },
] as const satisfies readonly SumMetric[]

const ratios = [
  ratio('ctr', ['clicks', 'impressions'], {
    label: { en: 'CTR', ko: '클릭률' },
    meaning: { en: 'Clicks per impression', ko: '노출당 클릭' },
    unit: 'fraction',
    better: 'higher',
  }),
  ratio('link_ctr', ['link_clicks', 'impressions'], {
    label: { en: 'Link CTR', ko: '링크 클릭률' },
    meaning: {
      en: 'Link clicks per impression: the click rate to compare platforms by',
      ko: '노출당 링크 클릭. 플랫폼 비교용 클릭률',
    },
    unit: 'fraction',
    better: 'higher',
  }),
  ratio('cpc', ['cost', 'clicks'], {
    label: { en: 'CPC', ko: '클릭당 비용' },
    meaning: { en: 'Cost per click', ko: '클릭 하나의 비용' },
    unit: 'money_each',
    better: 'lower',
  }),
  ratio('link_cpc', ['cost', 'link_clicks'], {
    label: { en: 'Link CPC', ko: '링크 클릭당 비용' },
    meaning: { en: 'Cost per link click', ko: '링크 클릭 하나의 비용' },
    unit: 'money_each',
    better: 'lower',
  }),
  ratio('cpm', ['cost', 'impressions'], {
    label: { en: 'CPM', ko: '1,000회 노출당 비용' },
    meaning: { en: 'Cost per thousand impressions', ko: '노출 1,000회의 비용' },
    unit: 'money_each',
    better: 'lower',
    times: 1000,
  }),
  ratio('cvr', ['conversions', 'clicks'], {
    label: { en: 'CVR', ko: '전환율' },
    meaning: { en: 'Conversions per click', ko: '클릭당 전환' },
    unit: 'fraction',
    better: 'higher',
  }),
  ratio('cpa', ['cost', 'conversions'], {
    label: { en: 'CPA', ko: '전환당 비용' },
    meaning: { en: 'Cost per conversion', ko: '전환 하나의 비용' },
    unit: 'money_each',
    better: 'lower',
  }),
  ratio('roas', ['conversion_value', 'cost'], {
    label: { en: 'ROAS', ko: '광고 수익률' },
    meaning: { en: 'Conversion value per unit of cost', ko: '비용 대비 전환 가치' },
    unit: 'times',
    better: 'higher',
  }),
] as const

function ratio(
  id: string,
  [numerator, denominator]: readonly [string, string],
  { times = 1, ...said }: Omit<MetricBase, 'id' | 'caveats'> & { readonly times?: number },
): RatioMetric {
  return { kind: 'ratio', id, numerator, denominator, times, ...said }
}

/** Every metric, in the order of screens and reports. */
export const metricCatalogue: readonly MetricSpec[] = [...sums, ...ratios]

/** What must be said of a platform's number: its own caveats, and for a ratio those of its parts, the graver first. */
export function caveatsOf(metric: MetricSpec, platform: Platform): readonly Caveat[] {
  const own = metric.caveats?.[platform]
  const parts =
    metric.kind === 'ratio'
      ? [metric.numerator, metric.denominator].flatMap((id) =>
          metricCatalogue.filter((one) => one.id === id).flatMap((one) => caveatsOf(one, platform)),
        )
      : []
  const all = [...(own ? [own] : []), ...parts]
  return [
    ...all.filter((one) => one.comparable === 'not_comparable'),
    ...all.filter((one) => one.comparable === 'limited'),
  ]
}

/** The metric as SQL over columns of sums: `clicks::numeric / nullif(impressions, 0)`; a sum is its column. */
export function metricSql(metric: MetricSpec, columnOf: (id: string) => string = (id) => id): string {
  if (metric.kind === 'sum') return columnOf(metric.id)
  const numerator = metric.times === 1 ? columnOf(metric.numerator) : `${columnOf(metric.numerator)} * ${metric.times}`
  return `${numerator}::numeric / nullif(${columnOf(metric.denominator)}, 0)`
}
