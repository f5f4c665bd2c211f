import { seededRandom } from '../domain/clock.ts'
import type { Arrival } from './arrival.ts'
import { convertedShare } from './arrival.ts'
import type { WorldCampaign } from './campaign.ts'
import { delivers } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { weekday } from './day-number.ts'
import { mixTwo } from './hash.ts'
import type { FigureRules } from './platform-shape.ts'

/**
 * Sums over some campaigns and days. Whole numbers only, so that sums are exact in any order: costs and values in the
 * currency's smallest coins, conversions in millionths (Google's are fractional; Meta's are whole, i.e. multiples of 1e6).
 */
export interface Figures {
  impressions: number
  clicks: number
  linkClicks: number
  costCoins: number
  conversionMicros: number
  valueCoins: number
  videoViews: number
  viewThroughConversions: number
  reach: number
}

export function noFigures(): Figures {
  return {
    impressions: 0,
    clicks: 0,
    linkClicks: 0,
    costCoins: 0,
    conversionMicros: 0,
    valueCoins: 0,
    videoViews: 0,
    viewThroughConversions: 0,
    reach: 0,
  }
}

export function clearFigures(figures: Figures): void {
  figures.impressions = 0
  figures.clicks = 0
  figures.linkClicks = 0
  figures.costCoins = 0
  figures.conversionMicros = 0
  figures.valueCoins = 0
  figures.videoViews = 0
  figures.viewThroughConversions = 0
  figures.reach = 0
}

export function addFigures(to: Figures, from: Readonly<Figures>): void {
  to.impressions += from.impressions
  to.clicks += from.clicks
  to.linkClicks += from.linkClicks
  to.costCoins += from.costCoins
  to.conversionMicros += from.conversionMicros
  to.valueCoins += from.valueCoins
  to.videoViews += from.videoViews
  to.viewThroughConversions += from.viewThroughConversions
  to.reach += from.reach
}

/** Sunday to Saturday. */
const weekdayFactor = [0.78, 1.06, 1.1, 1.08, 1.05, 1.0, 0.84] as const
const creditChance = 0.06
const creditBeyondChance = 0.1

/** The credit of a campaign-day for invalid clicks, in coins, once 2 to 5 days have passed since its end. */
function creditCoins(costCoins: number, draw: number, lagDays: number, rules: FigureRules): number {
  if (draw >= creditChance) return 0
  // One draw serves three questions, each from digits that the others do not read.
  const part = (draw / creditChance) * 1000
  const afterDays = 2 + (Math.floor(part) % 4)
  if (lagDays < afterDays) return 0
  const rest = (part * 997) % 1
  const beyond = rules.creditBeyondCost && rest < creditBeyondChance
  return Math.floor(costCoins * (beyond ? 1.05 + rest * 3 : 0.03 + rest * 0.4))
}

/**
 * Adds what the platform would report for one campaign and day at `arrival`. Depends on nothing but the campaign, the day,
 * the arrival and the factor (1 unless a scenario restates the day): any day can be asked for alone and in any order.
 */
export function addDay(
  to: Figures,
  campaign: WorldCampaign,
  day: DayNumber,
  arrival: Arrival,
  rules: FigureRules,
  factor = 1,
): void {
  if (arrival.elapsed === 0 || !delivers(campaign, day)) return
  const random = seededRandom(mixTwo(campaign.salt, day))
  const noise = 0.55 + 0.3 * (random() + random() + random())
  const impressions = 1 + Math.floor(campaign.impressionsPerDay * weekdayFactor[weekday(day)]! * noise * factor)
  const clicks = Math.floor(impressions * campaign.clickRate * (0.7 + 0.6 * random()))
  const costCoins = Math.floor(clicks * campaign.costPerClickCoins * (0.8 + 0.4 * random()))
  const conversions = clicks * campaign.conversionRate * (0.4 + 1.2 * random())
  const draw = random()
  const { delivered } = arrival
  const shown = Math.floor(impressions * delivered)
  to.impressions += shown
  to.clicks += Math.floor(clicks * delivered)
  to.linkClicks += Math.floor(clicks * delivered * 0.8)
  to.costCoins += Math.floor(costCoins * delivered) - creditCoins(costCoins, draw, arrival.lagDays, rules)
  to.reach += Math.floor(shown * (0.6 + 0.3 * draw))
  if (campaign.theme.googleChannel === 'VIDEO') to.videoViews += Math.floor(shown * 0.31)
  addConversions(to, campaign, conversions, convertedShare(arrival, campaign.lagPower), rules)
}

function addConversions(
  to: Figures,
  campaign: WorldCampaign,
  conversions: number,
  share: number,
  rules: FigureRules,
): void {
  const micros = rules.wholeConversions
    ? Math.floor(Math.round(conversions) * share) * 1_000_000
    : Math.floor(Math.round(conversions * 1_000_000) * share)
  to.conversionMicros += micros
  to.valueCoins += Math.floor((micros / 1_000_000) * campaign.coinsPerConversion)
  to.viewThroughConversions += Math.floor(micros / 7_000_000)
}

/** No row is reported for a campaign-day without any of these. */
export function isNothing(figures: Readonly<Figures>): boolean {
  return figures.impressions === 0 && figures.clicks === 0 && figures.costCoins === 0 && figures.conversionMicros === 0
}
