import type { DayNumber } from './day-number.ts'
import { dayText } from './day-number.ts'
import { noFigures } from './figures.ts'
import type { AccountReport } from './report.ts'
import type { FiredFaults } from './scenario.ts'
import type { WorldCampaign } from './campaign.ts'

export interface KakaoQuestion {
  readonly report: AccountReport
  readonly days: readonly DayNumber[]
  readonly groups: ReadonlySet<string>
  readonly fired: FiredFaults
}

/** Share of a day's purchases that came within a day of the click. */
const firstDayShare = 0.7

/** What a row tells, in counts and won. Sums are of these: a share of a sum is not the sum of the shares. */
interface KakaoFigures {
  imp: number
  click: number
  cost: number
  conv_purchase_1d: number
  conv_purchase_7d: number
  conv_purchase_p_1d: number
  conv_purchase_p_7d: number
}

const nothing = (): KakaoFigures => ({
  imp: 0,
  click: 0,
  cost: 0,
  conv_purchase_1d: 0,
  conv_purchase_7d: 0,
  conv_purchase_p_1d: 0,
  conv_purchase_p_7d: 0,
})

function addCampaign(to: KakaoFigures, report: AccountReport, campaign: WorldCampaign, day: DayNumber): void {
  const figures = noFigures()
  report.add(figures, campaign, day)
  const purchases = figures.conversionMicros / 1_000_000
  to.imp += figures.impressions
  to.click += figures.clicks
  to.cost += figures.costCoins
  to.conv_purchase_1d += Math.floor(purchases * firstDayShare)
  to.conv_purchase_7d += purchases
  to.conv_purchase_p_1d += Math.floor(figures.valueCoins * firstDayShare)
  to.conv_purchase_p_7d += figures.valueCoins
}

/** Money is written as a double even where it is whole: 150.0 */
function metricsOf(of: KakaoFigures, groups: ReadonlySet<string>): Record<string, string> {
  return {
    ...(groups.has('BASIC') && {
      imp: String(of.imp),
      click: String(of.click),
      ctr: String(of.imp === 0 ? 0 : (of.click / of.imp) * 100),
      cost: `${of.cost}.0`,
    }),
    ...(groups.has('PIXEL_SDK_CONVERSION') && {
      conv_purchase_1d: String(of.conv_purchase_1d),
      conv_purchase_7d: String(of.conv_purchase_7d),
      conv_purchase_p_1d: `${of.conv_purchase_p_1d}.0`,
      conv_purchase_p_7d: `${of.conv_purchase_p_7d}.0`,
    }),
  }
}

function drifted(metrics: Record<string, string>, fired: FiredFaults): Readonly<Record<string, string>> {
  const removed = fired.get('schema_drift_removed')
  const typed = fired.get('schema_drift_type')
  if (removed) delete metrics[removed.field ?? 'click']
  if (typed) metrics[typed.field ?? 'click'] = typed.value ?? '{"value":"1"}'
  if (fired.has('schema_drift_added')) metrics['imp_estimated'] = '1'
  return metrics
}

function rowText(
  day: DayNumber,
  dimension: readonly [string, string],
  metrics: Readonly<Record<string, string>>,
): string {
  const written = Object.entries(metrics).map(([name, value]) => `"${name}":${value}`)
  const [name, id] = dimension
  const date = dayText(day)
  return `{"start":"${date}","end":"${date}","dimensions":{"${name}":"${id}"},"metrics":{${written.join(',')}}}`
}

/** A row for every campaign and day that was asked about, days without anything too. */
export function campaignRows(
  campaigns: readonly WorldCampaign[],
  { report, days, groups, fired }: KakaoQuestion,
): readonly string[] {
  const rows = campaigns.flatMap((campaign) =>
    days.map((day) => {
      const figures = nothing()
      addCampaign(figures, report, campaign, day)
      return {
        isNothing: figures.imp === 0,
        text: rowText(day, ['campaign_id', campaign.campaignId], drifted(metricsOf(figures, groups), fired)),
      }
    }),
  )
  let missing = fired.has('missing_rows') ? (fired.get('missing_rows')?.rows ?? 1) : 0
  const kept = rows.filter(({ isNothing }) => isNothing || (missing -= 1) < 0).map(({ text }) => text)
  return fired.has('empty_page') ? [] : fired.has('duplicate_page') ? [...kept, ...kept] : kept
}

/** A row for every day, over all campaigns of the account. */
export function accountRows({ report, days, groups, fired }: KakaoQuestion): readonly string[] {
  return days.map((day) => {
    const figures = nothing()
    for (const campaign of report.account.campaigns) addCampaign(figures, report, campaign, day)
    if (fired.has('wrong_control_total')) figures.imp += 1
    return rowText(day, ['ad_account_id', report.account.accountId], drifted(metricsOf(figures, groups), fired))
  })
}
