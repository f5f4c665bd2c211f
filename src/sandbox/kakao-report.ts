import type { DayNumber } from './day-number.ts'
import { dayText } from './day-number.ts'
import type { Figures } from './figures.ts'
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

/** Money is written as a double even where it is whole: 150.0 */
function metricsOf(figures: Figures, groups: ReadonlySet<string>): Record<string, string> {
  const purchases = figures.conversionMicros / 1_000_000
  const ctr = figures.impressions === 0 ? 0 : (figures.clicks / figures.impressions) * 100
  return {
    ...(groups.has('BASIC') && {
      imp: String(figures.impressions),
      click: String(figures.clicks),
      ctr: String(ctr),
      cost: `${figures.costCoins}.0`,
    }),
    ...(groups.has('PIXEL_SDK_CONVERSION') && {
      conv_purchase_1d: String(Math.floor(purchases * firstDayShare)),
      conv_purchase_7d: String(purchases),
      conv_purchase_p_1d: `${Math.floor(figures.valueCoins * firstDayShare)}.0`,
      conv_purchase_p_7d: `${figures.valueCoins}.0`,
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

function rowText(day: DayNumber, dimension: readonly [string, string], metrics: Readonly<Record<string, string>>): string {
  const written = Object.entries(metrics).map(([name, value]) => `"${name}":${value}`)
  const [name, id] = dimension
  const date = dayText(day)
  return `{"start":"${date}","end":"${date}","dimensions":{"${name}":"${id}"},"metrics":{${written.join(',')}}}`
}

/** A row for every campaign and day that was asked about, days without anything too. */
export function campaignRows(campaigns: readonly WorldCampaign[], { report, days, groups, fired }: KakaoQuestion): readonly string[] {
  const rows = campaigns.flatMap((campaign) =>
    days.map((day) => {
      const figures = noFigures()
      report.add(figures, campaign, day)
      const isNothing = figures.impressions === 0
      return { isNothing, text: rowText(day, ['campaign_id', campaign.campaignId], drifted(metricsOf(figures, groups), fired)) }
    }),
  )
  let missing = fired.has('missing_rows') ? (fired.get('missing_rows')?.rows ?? 1) : 0
  const kept = rows.filter(({ isNothing }) => isNothing || (missing -= 1) < 0).map(({ text }) => text)
  return fired.has('empty_page') ? [] : fired.has('duplicate_page') ? [...kept, ...kept] : kept
}

/** A row for every day, over all campaigns of the account. */
export function accountRows({ report, days, groups, fired }: KakaoQuestion): readonly string[] {
  return days.map((day) => {
    const figures = noFigures()
    for (const campaign of report.account.campaigns) report.add(figures, campaign, day)
    if (fired.has('wrong_control_total')) figures.impressions += 1
    return rowText(day, ['ad_account_id', report.account.accountId], drifted(metricsOf(figures, groups), fired))
  })
}
