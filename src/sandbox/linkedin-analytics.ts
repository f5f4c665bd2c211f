import { unitsText } from './amount.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber, dayText } from './day-number.ts'
import type { Figures } from './figures.ts'
import { addFigures, isNothing, noFigures } from './figures.ts'
import { wrongArgument } from './linkedin-error.ts'
import type { AccountReport } from './report.ts'
import type { FiredFaults } from './scenario.ts'

/** Beyond this many elements an answer is cut off, and nothing in it says so. */
const elementsMax = 15_000
const fieldsMax = 20

export interface AnalyticsQuestion {
  readonly pivot: 'ACCOUNT' | 'CAMPAIGN_GROUP'
  readonly daily: boolean
  readonly first: DayNumber
  readonly last: DayNumber
  readonly fields: readonly string[]
}

/** Values of a Rest.li query as they were written: its brackets must stand there as they are, what is in them must be encoded. */
export function restliQuery(search: string): ReadonlyMap<string, string> {
  const pairs = search
    .replace(/^\?/, '')
    .split('&')
    .filter((pair) => pair !== '')
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

/** `List(a,b)`, each of its members encoded. */
export function restliList(text: string | undefined): readonly string[] {
  const match = /^List\((.*)\)$/.exec(text ?? '')
  if (!match) throw wrongArgument('Invalid query parameters passed to request')
  const members = match[1]!.split(',').filter((member) => member !== '')
  if (members.some((member) => /[:()']/.test(member))) throw wrongArgument('Invalid query parameters passed to request')
  return members.map(decodeURIComponent)
}

type Metric = (figures: Figures, report: AccountReport) => unknown

const leadsOf = (figures: Figures) => Math.floor(figures.conversionMicros / 4_000_000)

/** Costs are texts, and what costs nothing has the remainder of a division that LinkedIn's answers are known for. */
function costText(coins: number, digits: number): string {
  return coins === 0 ? '-2E-18' : unitsText(coins, digits)
}

const perDollar: Readonly<Record<string, number>> = { KRW: 1350, JPY: 150 }

const metrics: Readonly<Record<string, Metric>> = {
  impressions: (figures) => figures.impressions,
  clicks: (figures) => figures.clicks,
  landingPageClicks: (figures) => figures.linkClicks,
  costInLocalCurrency: (figures, { account }) => costText(figures.costCoins, account.digits),
  costInUsd: (figures, { account }) =>
    (Number(unitsText(figures.costCoins, account.digits)) / (perDollar[account.currency] ?? 1)).toFixed(8),
  externalWebsiteConversions: (figures) => figures.conversionMicros / 1_000_000 - leadsOf(figures),
  externalWebsitePostClickConversions: (figures) =>
    Math.max(0, figures.conversionMicros / 1_000_000 - leadsOf(figures) - figures.viewThroughConversions),
  externalWebsitePostViewConversions: (figures) => figures.viewThroughConversions,
  oneClickLeads: leadsOf,
  conversionValueInLocalCurrency: (figures, { account }) => unitsText(figures.valueCoins, account.digits),
  videoViews: (figures) => figures.videoViews,
  totalEngagements: (figures) => figures.clicks + figures.viewThroughConversions,
  shares: () => 0,
  likes: () => 0,
  comments: () => 0,
  follows: () => 0,
  reactions: () => 0,
  opens: () => 0,
  sends: () => 0,
  videoStarts: (figures) => figures.videoViews,
  videoCompletions: (figures) => Math.floor(figures.videoViews / 3),
  approximateMemberReach: (figures) => figures.reach,
}

const keys: readonly string[] = ['dateRange', 'pivotValues']

function dayOf(text: string, name: string): DayNumber {
  const match = new RegExp(String.raw`${name}:\(year:(\d{4}),month:(\d{1,2}),day:(\d{1,2})\)`).exec(text)
  if (!match) throw wrongArgument(`dateRange.${name} is not a valid date`)
  const written = `${match[1]}-${match[2]!.padStart(2, '0')}-${match[3]!.padStart(2, '0')}`
  const day = dayNumber(written)
  if (Number.isNaN(day) || dayText(day) !== written) throw wrongArgument(`dateRange.${name} is not a valid date`)
  return day
}

/** Reads and checks the query, in the order in which LinkedIn complains. */
export function analyticsQuestion(
  query: ReadonlyMap<string, string>,
  today: DayNumber,
  fired: FiredFaults,
): AnalyticsQuestion {
  if (query.get('q') !== 'analytics') throw wrongArgument('Only the finder analytics is known')
  const [pivot, granularity] = [query.get('pivot'), query.get('timeGranularity')]
  if (pivot !== 'ACCOUNT' && pivot !== 'CAMPAIGN_GROUP') throw wrongArgument(`Unknown pivot ${pivot}`)
  if (granularity !== 'ALL' && granularity !== 'DAILY') throw wrongArgument(`Unknown timeGranularity ${granularity}`)
  const range = query.get('dateRange') ?? ''
  const [first, last] = [dayOf(range, 'start'), range.includes('end:') ? dayOf(range, 'end') : today]
  if (first > last) throw wrongArgument('dateRange.start is after dateRange.end')
  // Who names no fields is shown two, without what they are about.
  const fields = query.get('fields')?.split(',') ?? ['impressions', 'clicks']
  const removed = fired.get('schema_drift_removed')
  const gone = removed?.mode === 'error' ? (removed.field ?? 'clicks') : undefined
  const unknown = fields.find((name) => (!Object.hasOwn(metrics, name) && !keys.includes(name)) || name === gone)
  if (unknown !== undefined) throw wrongArgument(`Invalid field: ${unknown}`)
  if (fields.length > fieldsMax) throw wrongArgument(`Invalid fields: at most ${fieldsMax} may be requested`)
  return { pivot, daily: granularity === 'DAILY', first, last, fields }
}

interface Line {
  readonly urn: string
  readonly first: DayNumber
  readonly last: DayNumber
  readonly figures: Figures
}

function linesOf({ pivot, daily, first, last }: AnalyticsQuestion, report: AccountReport): readonly Line[] {
  const lines = new Map<string, Line>()
  const { accountId, campaigns } = report.account
  for (let day = first; day <= last; day++) {
    for (const campaign of campaigns) {
      const figures = noFigures()
      report.add(figures, campaign, day)
      if (isNothing(figures)) continue
      const urn =
        pivot === 'ACCOUNT'
          ? `urn:li:sponsoredAccount:${accountId}`
          : `urn:li:sponsoredCampaignGroup:${campaign.campaignId}`
      const key = `${urn} ${daily ? day : ''}`
      const known = lines.get(key)
      if (known) addFigures(known.figures, figures)
      else lines.set(key, { urn, first: daily ? day : first, last: daily ? day : last, figures })
    }
  }
  return [...lines.values()]
}

function dateJson(day: DayNumber): object {
  const [year, month, date] = dayText(day).split('-').map(Number)
  return { month, day: date, year }
}

function elementJson(line: Line, { fields }: AnalyticsQuestion, report: AccountReport, fired: FiredFaults): object {
  const retyped = fired.get('schema_drift_type')
  const removed = fired.get('schema_drift_removed')?.field
  const added = fired.get('schema_drift_added')
  const cells = fields
    .filter((name) => !keys.includes(name) && name !== removed)
    .map((name) => [name, name === retyped?.field ? { value: '1' } : metrics[name]!(line.figures, report)])
  return {
    ...Object.fromEntries(cells),
    ...(added && { [added.field ?? 'experimentalMetric']: 1 }),
    ...(fields.includes('dateRange') && { dateRange: { start: dateJson(line.first), end: dateJson(line.last) } }),
    ...(fields.includes('pivotValues') && { pivotValues: [line.urn] }),
  }
}

/** The answer: at most 15,000 elements, and nothing said of the rest. */
export function analyticsJson(question: AnalyticsQuestion, report: AccountReport, fired: FiredFaults): object {
  const lines = linesOf(question, report)
  const lost = question.pivot === 'CAMPAIGN_GROUP' ? fired.get('missing_rows') : undefined
  const kept = lost ? lines.slice(0, Math.max(0, lines.length - (lost.rows ?? 1))) : lines
  if (question.pivot === 'ACCOUNT' && fired.has('wrong_control_total'))
    for (const { figures } of kept) figures.impressions += 7
  const elements = fired.has('empty_page') ? [] : kept.slice(0, elementsMax)
  return {
    paging: { start: 0, count: 10, links: [] },
    elements: elements.map((line) => elementJson(line, question, report, fired)),
  }
}
