import { day as parseDay } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber, dayText } from './day-number.ts'
import type { Figures } from './figures.ts'
import { addFigures, isNothing, noFigures } from './figures.ts'
import type { AccountReport } from './report.ts'
import type { FiredFaults } from './scenario.ts'
import { wrongParameter } from './tiktok-error.ts'

/** One line of a report before it is written. */
interface Line {
  readonly campaign: WorldCampaign | undefined
  readonly day: DayNumber | undefined
  readonly figures: Figures
}

type Metric = (line: Line, report: AccountReport) => unknown

/** Costs have two decimals at TikTok, whatever the currency. */
function moneyText(coins: number, digits: number): string {
  const whole = String(coins).padStart(digits + 1, '0')
  const cut = whole.length - digits
  return `${whole.slice(0, cut)}.${whole.slice(cut).padEnd(2, '0')}`
}

const ratio = (above: number, below: number): string => (below === 0 ? '0' : (above / below).toFixed(2))

/** Strings and numbers mixed, `-` and null for what does not apply: as TikTok mixes them. */
const metrics: Readonly<Record<string, Metric>> = {
  campaign_name: ({ campaign }, report) => (campaign ? campaignState(campaign, report.today).name : '-'),
  currency: (_, { account }) => account.currency,
  spend: ({ figures }, { account }) => moneyText(figures.costCoins, account.digits),
  impressions: ({ figures }) => String(figures.impressions),
  clicks: ({ figures }) => String(figures.clicks),
  conversion: ({ figures }) => String(figures.conversionMicros / 1_000_000),
  total_purchase_value: ({ figures }, { account }) => moneyText(figures.valueCoins, account.digits),
  video_play_actions: ({ figures }) => figures.videoViews,
  reach: ({ figures }) => String(figures.reach),
  ctr: ({ figures }) => ratio(figures.clicks * 100, figures.impressions),
  cost_per_result: () => null,
  budget: () => '-',
}

export interface TiktokQuestion {
  readonly dimensions: readonly string[]
  readonly metrics: readonly string[]
  readonly first: DayNumber
  readonly last: DayNumber
  readonly withTotals: boolean
}

/** A list that travels as JSON. */
export function jsonList(query: URLSearchParams, name: string): readonly string[] {
  const text = query.get(name)
  if (text === null) return []
  try {
    const list = JSON.parse(text) as unknown
    if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw wrongParameter(`${name}: Not a valid list of strings.`)
}

function dayOf(query: URLSearchParams, name: string): DayNumber {
  try {
    return dayNumber(parseDay(query.get(name) ?? ''))
  } catch (error) {
    if (!isMillraceError(error)) throw error
    throw wrongParameter(`${name}: Not a valid date.`)
  }
}

const dimensionsOf: Readonly<Record<string, readonly string[]>> = {
  AUCTION_ADVERTISER: ['advertiser_id', 'stat_time_day'],
  AUCTION_CAMPAIGN: ['campaign_id', 'stat_time_day'],
}

const rangeDaysMax = 30
const retentionDays = 1_110

/** Reads and checks the query of a report, in the order in which TikTok complains. */
export function tiktokQuestion(query: URLSearchParams, today: DayNumber, fired: FiredFaults): TiktokQuestion {
  if (query.get('report_type') !== 'BASIC') throw wrongParameter('report_type: Must be one of BASIC.')
  const known = dimensionsOf[query.get('data_level') ?? '']
  if (!known) throw wrongParameter(`data_level: Must be one of ${Object.keys(dimensionsOf).join(', ')}.`)
  const dimensions = jsonList(query, 'dimensions')
  const wrong = dimensions.find((name) => !known.includes(name))
  if (wrong !== undefined || dimensions.length === 0) throw wrongParameter(`Invalid dimension(s): ${wrong ?? 'none'}`)
  const asked = jsonList(query, 'metrics')
  const removed = fired.get('schema_drift_removed')
  const gone = removed?.mode === 'error' ? (removed.field ?? 'clicks') : undefined
  const unknown = asked.find((name) => !Object.hasOwn(metrics, name) || name === gone)
  if (unknown !== undefined) throw wrongParameter(`Invalid metric fields: ['${unknown}']`)
  const [first, last] = [dayOf(query, 'start_date'), dayOf(query, 'end_date')]
  if (first > last) throw wrongParameter('start_date must not be later than end_date')
  if (dimensions.includes('stat_time_day') && last - first >= rangeDaysMax)
    throw wrongParameter(`The max time span is ${rangeDaysMax} days when you use stat_time_day`)
  if (first < today - retentionDays) throw wrongParameter('start_date: is earlier than what the data retention allows')
  return { dimensions, metrics: asked, first, last, withTotals: query.get('enable_total_metrics') === 'true' }
}

/** Ids of every third campaign are JSON numbers, so that a client which reads numbers as doubles is found out. */
function idJson(id: string): unknown {
  return Number(id.slice(-2)) % 3 === 0 ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(id) : id
}

function lineJson(line: Line, question: TiktokQuestion, report: AccountReport, fired: FiredFaults): object {
  const removed = fired.get('schema_drift_removed')?.field ?? ''
  const retyped = fired.get('schema_drift_type')
  const cells = question.metrics
    .filter((name) => name !== removed)
    .map((name) => [
      name,
      name === retyped?.field ? JSON.parse(retyped.value ?? '{"value":"1"}') : metrics[name]!(line, report),
    ])
  const added = fired.get('schema_drift_added')
  if (added) cells.push([added.field ?? 'experimental_metric', '1'])
  const { campaign, day } = line
  const dimensions = {
    ...(campaign && { campaign_id: idJson(campaign.campaignId) }),
    ...(!campaign && { advertiser_id: report.account.accountId }),
    ...(day !== undefined && { stat_time_day: `${dayText(day)} 00:00:00` }),
  }
  return { dimensions, metrics: Object.fromEntries(cells) }
}

/** Lines of the report: those with anything in them, by campaign, then by day. */
function linesOf(question: TiktokQuestion, report: AccountReport): readonly Line[] {
  const byKey = new Map<string, Line>()
  const [byCampaign, byDay] = [
    question.dimensions.includes('campaign_id'),
    question.dimensions.includes('stat_time_day'),
  ]
  for (const campaign of report.account.campaigns) {
    for (let day = question.first; day <= question.last; day++) {
      const figures = noFigures()
      report.add(figures, campaign, day)
      if (isNothing(figures)) continue
      const key = `${byCampaign ? campaign.campaignId : ''} ${byDay ? day : ''}`
      const known = byKey.get(key)
      if (known) addFigures(known.figures, figures)
      else byKey.set(key, { campaign: byCampaign ? campaign : undefined, day: byDay ? day : undefined, figures })
    }
  }
  return [...byKey.values()]
}

export interface PageOf {
  readonly page: number
  readonly pageSize: number
}

function totalsJson(
  lines: readonly Line[],
  question: TiktokQuestion,
  report: AccountReport,
  fired: FiredFaults,
): object {
  const figures = noFigures()
  for (const line of lines) addFigures(figures, line.figures)
  if (fired.has('wrong_control_total')) {
    figures.impressions += 7
    figures.costCoins += 7
  }
  const line = { campaign: undefined, day: undefined, figures }
  return Object.fromEntries(question.metrics.map((name) => [name, metrics[name]!(line, report)]))
}

/** `data` of one page of the report. */
export function reportData(
  question: TiktokQuestion,
  { page, pageSize }: PageOf,
  report: AccountReport,
  fired: FiredFaults,
): object {
  const lines = linesOf(question, report)
  const shown = lines.slice((page - 1) * pageSize, page * pageSize)
  const kept = shown.slice(
    0,
    Math.max(0, shown.length - (fired.get('missing_rows') ? (fired.get('missing_rows')?.rows ?? 1) : 0)),
  )
  const list = fired.has('empty_page') ? [] : kept.map((line) => lineJson(line, question, report, fired))
  return {
    // Rows that come in while a client pages push others over the page's end: those come twice.
    list: fired.has('duplicate_page') ? [...list, ...list] : list,
    page_info: {
      page,
      page_size: pageSize,
      total_number: lines.length,
      total_page: Math.ceil(lines.length / pageSize),
    },
    ...(question.withTotals && { total_metrics: totalsJson(lines, question, report, fired) }),
  }
}
