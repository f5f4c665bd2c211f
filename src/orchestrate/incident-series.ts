import { addDays, daysBetween } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import { usualRules } from '../quality/detect.ts'
import type { Explanation, Judged, Rules } from '../quality/detect.ts'
import { judgeRun } from '../quality/judge-run.ts'
import type { History, RunJudgement } from '../quality/judge-run.ts'
import type { Signal, SignalFacts } from '../quality/signal.ts'
import type { Finding } from '../quality/top-down.ts'

/** Sums of one campaign by day, as the warehouse has them now. */
export interface CampaignDays {
  readonly platform: string
  readonly accountId: string
  readonly campaignId: string
  readonly campaignName: string
  readonly currency: string
  readonly days: readonly Day[]
  readonly cost: readonly (number | null)[]
  readonly impressions: readonly (number | null)[]
  readonly clicks: readonly (number | null)[]
  readonly conversions: readonly (number | null)[]
}

export const watchedMetrics = ['cost', 'impressions', 'clicks', 'conversions', 'ctr'] as const
export type WatchedMetric = (typeof watchedMetrics)[number]

export interface JudgedAccount {
  readonly platform: string
  readonly accountId: string
  readonly day: Day
  readonly judgement: RunJudgement
  readonly signals: readonly Signal[]
}

export const historyDays = 90
/** Of the expected: less is no anomaly. Conversions of a young day are not all in, which looks like a drop. */
const shareMin: Readonly<Record<WatchedMetric, number>> = {
  cost: 0.2,
  impressions: 0.2,
  clicks: 0.2,
  conversions: 0.5,
  ctr: 0.15,
}
/** Of the account's usual day: a campaign that moves less is not worth a message. */
const accountShareMin = 0.01

/** A young project has loaded some days far apart, and its series would be judged by holes: until most of two weeks are there it learns. */
const recentDays = 14
const recentDaysMin = 10

/** Judges the newest published day of one account: its own sums and its campaigns', from the top down. Days that were not loaded are unknown. Undefined while too few of the last ones are. Pure. */
export function judgeAccount(
  campaigns: readonly CampaignDays[],
  day: Day,
  published: ReadonlySet<Day>,
): JudgedAccount | undefined {
  const [first] = campaigns
  const recent = Array.from({ length: recentDays }, (_, back) => addDays(day, -1 - back))
  if (!first || recent.filter((one) => published.has(one)).length < recentDaysMin) return undefined
  const { platform, accountId } = first
  const begin = addDays(day, 1 - historyDays)
  const places = new Map(Array.from({ length: historyDays }, (_, at) => [addDays(begin, at), at]))
  const dense = campaigns.map((one) => ({ one, series: denseOf(one, places) }))
  const whole = summed(dense.map(({ series }) => series))
  const unknown = [...places.keys()].map((one) => !published.has(one))
  const impactMin = accountShareMin * middleOf(whole.cost)
  const histories = [
    ...historiesOf('', whole, { parent: false, impactMin: 0, unknown }),
    ...dense.flatMap(({ one, series }) => historiesOf(one.campaignId, series, { parent: true, impactMin, unknown })),
  ]
  const judgement = judgeRun(histories, daysBetween('1970-01-01' as Day, day))
  const names = new Map(campaigns.map((one) => [one.campaignId, one.campaignName]))
  const about = { platform, accountId, day, currency: first.currency, names, histories }
  return { platform, accountId, day, judgement, signals: signalsOf(judgement, about) }
}

type Series = Readonly<Record<'cost' | 'impressions' | 'clicks' | 'conversions', readonly (number | null)[]>>

function denseOf(campaign: CampaignDays, places: ReadonlyMap<Day, number>): Series {
  const dense = (values: readonly (number | null)[]) => {
    const all = Array<number | null>(historyDays).fill(null)
    for (const [at, day] of campaign.days.entries()) {
      const place = places.get(day)
      if (place !== undefined) all[place] = values[at] ?? null
    }
    return all
  }
  const { cost, impressions, clicks, conversions } = campaign
  return { cost: dense(cost), impressions: dense(impressions), clicks: dense(clicks), conversions: dense(conversions) }
}

function summed(all: readonly Series[]): Series {
  const sum = (metric: keyof Series) =>
    Array.from({ length: historyDays }, (_, at) =>
      all.reduce<number | null>((total, one) => {
        const value = one[metric][at] ?? null
        return value === null ? total : (total ?? 0) + value
      }, null),
    )
  return { cost: sum('cost'), impressions: sum('impressions'), clicks: sum('clicks'), conversions: sum('conversions') }
}

function middleOf(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null).toSorted((left, right) => left - right)
  return known[known.length >> 1] ?? 0
}

function historiesOf(
  campaignId: string,
  series: Series,
  {
    parent,
    impactMin,
    unknown,
  }: { readonly parent: boolean; readonly impactMin: number; readonly unknown: readonly boolean[] },
): readonly History[] {
  return watchedMetrics.map((metric): History => {
    const rules: Rules = { ...usualRules, shareMin: shareMin[metric], impactMin: metric === 'cost' ? impactMin : 0 }
    const place = { key: `${metric}/${campaignId}`, parent: parent ? `${metric}/` : null, rules, unknown }
    if (metric === 'ctr') return { ...place, kind: 'share', values: series.clicks, of: series.impressions }
    return { ...place, kind: metric === 'conversions' ? 'count' : 'volume', values: series[metric] }
  })
}

interface About {
  readonly platform: string
  readonly accountId: string
  readonly day: Day
  readonly currency: string
  readonly names: ReadonlyMap<string, string>
  readonly histories: readonly History[]
}

function signalsOf({ judged, findings }: RunJudgement, about: About): readonly Signal[] {
  const found = new Map(findings.map((one) => [one.key, one]))
  const histories = new Map(about.histories.map((one) => [one.key, one]))
  return [...judged].flatMap(([key, one]): readonly Signal[] => {
    if (one.state !== 'judged' || !one.explanation) return []
    const [metric = '', campaignId = ''] = key.split('/')
    const finding = found.get(key)
    return [
      {
        dataset: 'fact_ad_daily',
        checkId: `anomaly.${metric}`,
        kind: 'metric',
        platform: about.platform,
        accountId: about.accountId,
        seriesKey: campaignId,
        day: about.day,
        firing: finding !== undefined,
        severity: finding && farOff(one.explanation) ? 'error' : 'warn',
        facts: finding ? factsOf(one, finding, { metric, campaignId, history: histories.get(key), about }) : {},
      },
    ]
  })
}

/** More than half of the expected is gone, or as much came to it. */
function farOff(explanation: Explanation): boolean {
  const { value, expected } = explanation
  if (typeof value !== 'number' || typeof expected !== 'number') return false
  return Math.abs(value - expected) >= 0.5 * Math.abs(expected)
}

function factsOf(
  { low, high, explanation }: Judged,
  finding: Finding,
  {
    metric,
    campaignId,
    history,
    about,
  }: { metric: string; campaignId: string; history: History | undefined; about: About },
): SignalFacts {
  const { value, expected } = explanation ?? {}
  const nameOf = (key: string) => about.names.get(key.split('/')[1] ?? '') ?? key
  const difference = Number(value) - Number(expected)
  const [driver] = finding.contributions
  const moved = driver && driver.share >= 0.8 ? nameOf(driver.key) : undefined
  return {
    metric: campaignId === '' ? metric : `${metric} · ${about.names.get(campaignId) ?? campaignId}`,
    found: Number(value),
    expected: Number(expected),
    low,
    high,
    history: history?.values ?? [],
    currency: about.currency,
    moneyAtStake: metric === 'cost' ? Math.abs(difference).toFixed(2) : null,
    contributions: finding.contributions.map((one) => ({ ...one, name: nameOf(one.key) })),
    ...(moved !== undefined && { cause: `mostly ${moved}`, causeKo: `주로 ${moved}` }),
    sentence: `${metric} is ${percent(difference, expected)} off what its weekdays and its last weeks let expect.`,
    sentenceKo: `${metric}이(가) 요일과 최근 몇 주로 본 예상과 ${percent(difference, expected)} 다릅니다.`,
  }
}

function percent(difference: number, expected: unknown): string {
  return Number(expected) === 0 ? '–' : `${Math.round((100 * difference) / Math.abs(Number(expected)))} %`
}
