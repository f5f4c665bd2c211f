import { seededRandom } from '../domain/clock.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber } from './day-number.ts'
import { mixTwo } from './hash.ts'
import type { CampaignTheme } from './names.ts'
import { campaignName, seasonAt, themeAt } from './names.ts'
import type { SandboxPlatform } from './shapes.ts'
import { shapeOf } from './shapes.ts'

/**
 * How a campaign lives. All of it follows from the calendar, never from the moment the world was made:
 * `flighted` runs 28 days and rests 14, `renamed` gets a new name every 60 days, `oneOff` runs 20 days and is removed.
 */
export type CampaignKind = 'steady' | 'renamed' | 'flighted' | 'paused' | 'idle' | 'oneOff'

export type CampaignStatus = 'enabled' | 'paused' | 'removed'

export interface WorldCampaign {
  readonly campaignId: string
  readonly kind: CampaignKind
  readonly name: string
  readonly theme: CampaignTheme
  readonly salt: number
  /** Shifts the calendar of `flighted` and `renamed`. */
  readonly phase: number
  /** Delivery lies within these days, both inclusive. */
  readonly firstDay: DayNumber
  readonly lastDay: DayNumber
  readonly impressionsPerDay: number
  readonly clickRate: number
  /** In the currency's smallest coins. */
  readonly costPerClickCoins: number
  readonly conversionRate: number
  readonly coinsPerConversion: number
  /** 2, 3 or 4: the higher, the sooner late conversions arrive. */
  readonly lagPower: number
  readonly dailyBudgetCoins: number
  /** Which families of Meta's purchase actions this campaign reports. */
  readonly purchaseFamily: 'omni' | 'pixel' | 'purchase'
  /** Parameters of every landing page; absent where the advertiser has set none. */
  readonly urlSuffix?: string
}

/** What a campaign's account is to it. */
export interface CampaignScope {
  readonly platform: SandboxPlatform
  readonly currency: string
  readonly digits: number
  readonly salt: number
}

export interface CampaignState {
  readonly name: string
  readonly status: CampaignStatus
  /** Whether the platform's list of campaigns still shows it. Figures of unlisted campaigns remain in reports. */
  readonly listed: boolean
}

const worldFirstDay = dayNumber('2020-01-01')
const forever = dayNumber('9999-12-31')
const oneOffFirstDay = dayNumber('2023-01-01')
const oneOffEveryDays = 45
const oneOffRunsDays = 20
const oneOffCount = 80
const flightCycleDays = 42
const flightOnDays = 28
const renameEveryDays = 60

/** Kinds of one demo account in order: seven deliver at any time, besides the flighted and the one-off campaigns. */
const demoKinds: readonly CampaignKind[] = [
  'steady',
  'steady',
  'renamed',
  'steady',
  'steady',
  'steady',
  'flighted',
  'paused',
  'idle',
]

/** Coins of one unit of a major currency's worth, roughly: a click costs 0.3 to 3 dollars, or 400 to 4000 won. */
function coinsPerDollar(scope: CampaignScope): number {
  if (scope.currency === 'KRW') return 1350
  if (scope.currency === 'JPY') return 150
  return 10 ** scope.digits
}

function makeCampaign(
  scope: CampaignScope,
  index: number,
  kind: CampaignKind,
  days?: readonly [number, number],
): WorldCampaign {
  const salt = mixTwo(scope.salt, index + 1)
  const random = seededRandom(salt)
  const theme = themeAt(index)
  const dollar = coinsPerDollar(scope)
  const [firstDay, lastDay] = days ?? [worldFirstDay, forever]
  const impressionsPerDay = Math.round(400 * 10 ** (random() * 2))
  const clickRate = 0.008 + random() * 0.06
  const costPerClickCoins = Math.max(1, Math.round(dollar * (0.3 + random() * 2.7)))
  return {
    campaignId: shapeOf(scope.platform).campaignId(index, random),
    kind,
    name: days ? seasonAt(index) : campaignName(theme, scope.currency, index, random),
    theme,
    salt,
    phase: Math.floor(random() * 1000),
    firstDay,
    lastDay,
    impressionsPerDay,
    clickRate,
    costPerClickCoins,
    conversionRate: 0.01 + random() * 0.07,
    coinsPerConversion: Math.round(dollar * (30 + random() * 90)),
    lagPower: 2 + Math.floor(random() * 3),
    dailyBudgetCoins: Math.ceil((impressionsPerDay * clickRate * costPerClickCoins * 1.5) / dollar) * dollar,
    purchaseFamily: (['omni', 'omni', 'pixel', 'purchase'] as const)[index % 4]!,
  }
}

/** What an advertiser writes behind landing pages, in each platform's own placeholders; Naver has none for the campaign. */
function urlSuffix(platform: SandboxPlatform, campaignId: string): string {
  if (platform === 'meta_ads')
    return 'utm_source=facebook&utm_medium=paid&utm_campaign={{campaign.id}}&utm_content={{ad.name}}'
  if (platform === 'microsoft_ads') return 'utm_source=bing&utm_medium=cpc&utm_campaign={CampaignId}&utm_term={keyword}'
  if (platform === 'tiktok_ads')
    return 'utm_source=tiktok&utm_medium=paid&utm_campaign=__CAMPAIGN_ID__&utm_content=__CID__'
  if (platform === 'naver_searchad') return `utm_source=naver&utm_medium=cpc&utm_campaign=${campaignId}`
  return 'utm_source=google&utm_medium=cpc&utm_campaign={campaignid}&utm_term={keyword}'
}

/** Nine standing campaigns and a chain of one-off sales, one every 45 days. */
export function demoCampaigns(scope: CampaignScope): readonly WorldCampaign[] {
  // One of nine was never given any: that is what coverage of UTM parameters is about.
  const standing = demoKinds.map((kind, index): WorldCampaign => {
    const campaign = makeCampaign(scope, index, kind)
    return index === 4 ? campaign : { ...campaign, urlSuffix: urlSuffix(scope.platform, campaign.campaignId) }
  })
  const oneOffs = Array.from({ length: oneOffCount }, (_, index) => {
    const first = oneOffFirstDay + index * oneOffEveryDays + (scope.salt % oneOffEveryDays)
    return makeCampaign(scope, 100 + index, 'oneOff', [first, first + oneOffRunsDays - 1])
  })
  return [...standing, ...oneOffs]
}

/** Campaigns that deliver on every day: rows = campaigns × days, exactly. */
export function bulkCampaigns(scope: CampaignScope, count: number): readonly WorldCampaign[] {
  return Array.from({ length: count }, (_, index) => makeCampaign(scope, index, 'steady'))
}

/** Whether the campaign was shown at all on that day. */
export function delivers(campaign: WorldCampaign, day: DayNumber): boolean {
  if (day < campaign.firstDay || day > campaign.lastDay) return false
  if (campaign.kind === 'paused' || campaign.kind === 'idle') return false
  return campaign.kind !== 'flighted' || (day + campaign.phase) % flightCycleDays < flightOnDays
}

const oneOffListedDays = 60

/** Name and status as the platform would tell them on that day, of the account's zone. Platforms show one name for all history. */
export function campaignState(campaign: WorldCampaign, today: DayNumber): CampaignState {
  const { name, kind } = campaign
  if (kind === 'paused') return { name, status: 'paused', listed: true }
  if (kind === 'flighted') return { name, status: delivers(campaign, today) ? 'enabled' : 'paused', listed: true }
  if (kind === 'renamed') {
    const version = Math.floor((today + campaign.phase) / renameEveryDays) % 100
    return { name: `${name} v${version}`, status: 'enabled', listed: true }
  }
  if (kind !== 'oneOff') return { name, status: 'enabled', listed: true }
  const listed = today >= campaign.firstDay && today <= campaign.lastDay + oneOffListedDays
  return { name, status: today > campaign.lastDay ? 'removed' : 'enabled', listed }
}
