import type { Decimal } from '../domain/decimal.ts'
import type { Day } from '../domain/day.ts'
import type { Currency } from '../domain/money.ts'
import { unitsText } from './amount.ts'
import type { Arrival } from './arrival.ts'
import { arrivalAt, reportInstantMs } from './arrival.ts'
import type { WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber, dayText } from './day-number.ts'
import type { Figures } from './figures.ts'
import { addDay, isNothing, noFigures } from './figures.ts'
import type { SandboxPlatform } from './shapes.ts'
import { shapeOf } from './shapes.ts'
import type { WorldAccount } from './world.ts'
import { dayAt } from '../domain/day.ts'

/** What a scenario changed in the world: then it is the truth, not a lie of the wire. */
export interface Changes {
  /** By how much a campaign-day's delivery is multiplied; 1 when it was not restated, 0 when the campaign was withdrawn. */
  factor(account: WorldAccount, campaign: WorldCampaign, day: DayNumber): number
  readonly any: boolean
}

export const unchanged: Changes = { factor: () => 1, any: false }

/** One campaign and day as the platform's API would answer, in canonical words: the oracle that published facts are held to. */
export interface TruthRow {
  readonly platform: SandboxPlatform
  readonly accountId: string
  readonly date: Day
  readonly campaignId: string
  /** As the platform names it at the instant asked about. */
  readonly campaignName: string
  readonly currency: Currency
  readonly impressions: Decimal
  readonly clicks: Decimal
  readonly linkClicks: Decimal
  readonly cost: Decimal
  readonly conversions: Decimal
  readonly conversionValue: Decimal
  readonly videoViews: Decimal
}

/** Reads figures of one account at one instant; arrivals are computed once a day. */
export interface AccountReport {
  readonly account: WorldAccount
  readonly asOfMs: number
  /** The day that runs in the account's zone. */
  readonly today: DayNumber
  add(to: Figures, campaign: WorldCampaign, day: DayNumber): void
}

/** Opens the account's reports as they stand at the quarter of an hour before `nowMs`; POSITIVE_INFINITY opens the settled ones. */
export function openReport(account: WorldAccount, nowMs: number, changes: Changes, wallMs = nowMs): AccountReport {
  const asOfMs = reportInstantMs(nowMs)
  const arrivals = new Map<DayNumber, Arrival>()
  const rules = shapeOf(account.platform).figures
  return {
    account,
    asOfMs,
    today: dayNumber(dayAt(wallMs, account.zone)),
    add(to, campaign, day) {
      let arrival = arrivals.get(day)
      if (!arrival) {
        arrival = arrivalAt(day, account.zone, asOfMs)
        arrivals.set(day, arrival)
      }
      const factor = changes.any ? changes.factor(account, campaign, day) : 1
      if (factor !== 0) addDay(to, campaign, day, arrival, rules, factor)
    },
  }
}

function truthRow(report: AccountReport, campaign: WorldCampaign, day: DayNumber, figures: Figures): TruthRow {
  const { account } = report
  const text = (units: number, digits: number) => unitsText(units, digits) as Decimal
  return {
    platform: account.platform,
    accountId: account.accountId,
    date: dayText(day),
    campaignId: campaign.campaignId,
    campaignName: campaignState(campaign, report.today).name,
    currency: account.currency,
    impressions: text(figures.impressions, 0),
    clicks: text(figures.clicks, 0),
    linkClicks: text(shapeOf(account.platform).figures.clicksAreLinkClicks ? figures.clicks : figures.linkClicks, 0),
    cost: text(figures.costCoins, account.digits),
    conversions: text(figures.conversionMicros, 6),
    conversionValue: text(figures.valueCoins, account.digits),
    videoViews: text(figures.videoViews, 0),
  }
}

/** Every campaign with anything to report on the day, in the world's order. */
export function truthRows(report: AccountReport, day: DayNumber): readonly TruthRow[] {
  const rows: TruthRow[] = []
  for (const campaign of report.account.campaigns) {
    const figures = noFigures()
    report.add(figures, campaign, day)
    if (!isNothing(figures)) rows.push(truthRow(report, campaign, day, figures))
  }
  return rows
}
