import type { WorldCampaign } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayText } from './day-number.ts'
import type { Figures } from './figures.ts'
import { noFigures } from './figures.ts'
import { mixSeed } from './hash.ts'
import type { AccountReport } from './report.ts'
import type { FiredFaults } from './scenario.ts'

export const naverReports = {
  AD: [
    'date',
    'customer_id',
    'campaign_id',
    'adgroup_id',
    'keyword_id',
    'ad_id',
    'channel_id',
    'media_code',
    'pc_mobile',
    'impressions',
    'clicks',
    'cost',
    'rank_sum',
    'views',
  ],
  AD_CONVERSION: [
    'date',
    'customer_id',
    'campaign_id',
    'adgroup_id',
    'keyword_id',
    'ad_id',
    'channel_id',
    'media_code',
    'pc_mobile',
    'conversion_method',
    'conversion_type',
    'conversion_count',
    'conversion_sales',
  ],
} as const

export type NaverReportType = keyof typeof naverReports

/** A campaign's day comes in up to three pieces: two devices with a keyword, one without. Each takes its part, the last the rest. */
const shares = [0.41, 0.36, 1] as const

function split(whole: number, piece: number): number {
  let left = whole
  for (let at = 0; at < piece; at += 1) left -= Math.floor(whole * shares[at]!)
  return piece === shares.length - 1 ? left : Math.floor(whole * shares[piece]!)
}

const placeOf = (campaign: WorldCampaign, piece: number): readonly string[] => {
  const number = (salt: number) => String(mixSeed(campaign.salt, salt)).padStart(15, '0').slice(0, 15)
  const keyword = piece === 2 ? '-' : `nkw-a001-01-${number(2)}`
  return [
    `grp-a001-01-${number(1)}`,
    keyword,
    `nad-a001-01-${number(3)}`,
    `bsn-a001-00-${number(4)}`,
    '8753',
    piece === 0 ? 'P' : 'M',
  ]
}

/** The cost came as a double before this day: 1200.0 */
const costIsWholeFrom = '2026-03-30'

function adCells(figures: Figures, piece: number, campaign: WorldCampaign, date: string): readonly (string | number)[] {
  const [impressions, clicks, cost] = [figures.impressions, figures.clicks, figures.costCoins].map((whole) =>
    split(whole, piece),
  )
  if (impressions === 0 && clicks === 0 && cost === 0) return []
  const rank = impressions! * (1 + (campaign.salt % 3))
  return [impressions!, clicks!, date < costIsWholeFrom ? `${cost}.0` : cost!, rank, split(figures.videoViews, piece)]
}

/** Types are words since this day, numbers before. */
const typesAreWordsFrom = '2024-07-03'

/** Purchases, direct and indirect, and carts beside them: whoever counts them together counts too many. */
function conversionCells(figures: Figures, date: string): readonly (readonly (string | number)[])[] {
  const purchases = figures.conversionMicros / 1_000_000
  if (purchases === 0 && figures.valueCoins === 0) return []
  const type = (word: string, number: string) => (date < typesAreWordsFrom ? number : word)
  const direct = Math.ceil(purchases / 2)
  const directSales = Math.floor(figures.valueCoins * 0.6)
  const all = [
    [1, type('purchase', '1'), direct, directSales],
    [2, type('purchase', '1'), purchases - direct, figures.valueCoins - directSales],
    [1, type('add_to_cart', '3'), purchases * 2, 0],
  ]
  return all.filter(([, , count, sales]) => count !== 0 || sales !== 0)
}

/** The lines of one campaign and day. */
function linesOf(
  report: AccountReport,
  type: NaverReportType,
  campaign: WorldCampaign,
  day: DayNumber,
): readonly string[][] {
  const figures = noFigures()
  report.add(figures, campaign, day)
  const date = dayText(day)
  const head = [date.replaceAll('-', ''), report.account.accountId, campaign.campaignId]
  const line = (piece: number, cells: readonly (string | number)[]) => [
    ...head,
    ...placeOf(campaign, piece),
    ...cells.map(String),
  ]
  if (type === 'AD_CONVERSION') return conversionCells(figures, date).map((cells) => line(0, cells))
  return shares.flatMap((_, piece) => {
    const cells = adCells(figures, piece, campaign, date)
    return cells.length > 0 ? [line(piece, cells)] : []
  })
}

/** Every line of the day's report: no header, no quotes, tabs between. */
export function naverLines(report: AccountReport, type: NaverReportType, day: DayNumber): readonly string[][] {
  return report.account.campaigns.flatMap((campaign) => linesOf(report, type, campaign, day))
}

/** The file as it goes out: what the faults do to its lines is done here. */
export function naverFile(lines: readonly string[][], type: NaverReportType, fired: FiredFaults): string {
  const missing = fired.get('missing_rows')
  let kept = missing ? lines.slice(missing.rows ?? 1) : lines
  if (fired.has('empty_page')) kept = []
  const removed = fired.get('schema_drift_removed')
  const typed = fired.get('schema_drift_type')
  const at = (field: string | undefined) => (naverReports[type] as readonly string[]).indexOf(field ?? 'clicks')
  const text = kept.map((cells) => {
    const changed = [...cells]
    if (typed && at(typed.field) >= 0) changed[at(typed.field)] = typed.value ?? 'n/a'
    if (removed && at(removed.field) >= 0) changed.splice(at(removed.field), 1)
    if (fired.has('schema_drift_added')) changed.push('1')
    return `${changed.join('\t')}\n`
  })
  return text.join('').repeat(fired.has('duplicate_page') ? 2 : 1)
}
