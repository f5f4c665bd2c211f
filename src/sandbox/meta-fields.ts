import type { WorldAd, WorldAdGroup } from './ads.ts'
import { unitsText } from './amount.ts'
import type { WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayText } from './day-number.ts'
import type { Figures } from './figures.ts'
import type { ActionSums } from './meta-actions.ts'
import type { WorldAccount } from './world.ts'

/** What an insights row is written from. */
export interface InsightContext {
  readonly account: WorldAccount
  readonly campaign: WorldCampaign | undefined
  /** Of rows of ad sets and of ads; Meta leaves out ids below the level that was asked for. */
  readonly group: WorldAdGroup | undefined
  readonly ad: WorldAd | undefined
  readonly today: DayNumber
  readonly first: DayNumber
  readonly last: DayNumber
  readonly figures: Readonly<Figures>
  readonly actions: ActionSums
}

export const metaAdSetId = ({ groupId }: WorldAdGroup) => `1203${groupId}`
export const metaAdId = ({ adId }: WorldAd) => `1204${adId}`

/** JSON text of a field's value; undefined leaves the field out, as Meta does with everything that is zero. */
type FieldWriter = (context: InsightContext) => string | undefined

const counted = (count: number) => (count === 0 ? undefined : `"${count}"`)

/** Meta writes ratios with six decimals, ctr in percent. */
function ratio(over: number, under: number): string | undefined {
  return under === 0 || over === 0 ? undefined : `"${Number((over / under).toFixed(6))}"`
}

const amount = (coins: number, { digits }: WorldAccount) => (coins === 0 ? undefined : `"${unitsText(coins, digits)}"`)
const cost = ({ figures, account }: InsightContext) => figures.costCoins / 10 ** account.digits

const labels = {
  account_id: ({ account }) => `"${account.accountId}"`,
  account_name: ({ account }) => JSON.stringify(account.name),
  account_currency: ({ account }) => `"${account.currency}"`,
  campaign_id: ({ campaign }) => campaign && `"${campaign.campaignId}"`,
  campaign_name: ({ campaign, today }) => campaign && JSON.stringify(campaignState(campaign, today).name),
  adset_id: ({ group }) => group && `"${metaAdSetId(group)}"`,
  adset_name: ({ group }) => group && JSON.stringify(group.name),
  ad_id: ({ ad }) => ad && `"${metaAdId(ad)}"`,
  ad_name: ({ ad }) => ad && JSON.stringify(ad.name),
  objective: ({ campaign }) => campaign && `"${campaign.theme.metaObjective}"`,
  date_start: ({ first }) => `"${dayText(first)}"`,
  date_stop: ({ last }) => `"${dayText(last)}"`,
} as const satisfies Record<string, FieldWriter>

const sums = {
  impressions: ({ figures }) => counted(figures.impressions),
  clicks: ({ figures }) => counted(figures.clicks),
  inline_link_clicks: ({ figures }) => counted(figures.linkClicks),
  reach: ({ figures }) => counted(figures.reach),
  spend: ({ figures, account }) => amount(figures.costCoins, account),
  actions: ({ actions }) => actions.text('counts', String),
  action_values: ({ actions, account }) => actions.text('values', (coins) => unitsText(coins, account.digits)),
  frequency: ({ figures }) => ratio(figures.impressions, figures.reach),
  ctr: ({ figures }) => ratio(figures.clicks * 100, figures.impressions),
  cpc: (context) => ratio(cost(context), context.figures.clicks),
  cpm: (context) => ratio(cost(context) * 1000, context.figures.impressions),
} as const satisfies Record<string, FieldWriter>

export const insightWriters: Readonly<Record<string, FieldWriter>> = { ...labels, ...sums }

export const insightFields: ReadonlySet<string> = new Set(Object.keys(insightWriters))
export const summableFields: ReadonlySet<string> = new Set(Object.keys(sums))
