import { ads } from './meta-parts.ts'
import { invalidParameter } from './meta-error.ts'
import { campaignState } from './campaign.ts'
import type { WorldCampaign } from './campaign.ts'
import { dayText } from './day-number.ts'
import { textSeed } from './hash.ts'
import { effectiveStatus } from './meta-status.ts'
import type { SandboxState } from './sandbox-state.ts'
import type { WorldAccount } from './world.ts'

type NodeWriter<Node> = (node: Node, state: SandboxState) => unknown

export const accountFields: Readonly<Record<string, NodeWriter<WorldAccount>>> = {
  id: (account) => `act_${account.accountId}`,
  account_id: (account) => account.accountId,
  name: (account) => account.name,
  currency: (account) => account.currency,
  timezone_name: (account) => account.zone,
  timezone_id: (account) => textSeed(account.zone) % 400,
  timezone_offset_hours_utc: (account, state) => offsetHours(account, state.clock.nowMs()),
  account_status: (account, state) => (state.scenario.stands('account_suspended', account.accountId) ? 2 : 1),
  amount_spent: () => '0',
  business_name: (account) => account.name,
}

/** Hours that the account's wall clock is ahead of UTC, as Graph tells it: whole or half hours. */
function offsetHours(account: WorldAccount, nowMs: number): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone: account.zone, timeZoneName: 'longOffset' }).formatToParts(
    nowMs,
  )
  const match = /GMT([+-]\d\d):(\d\d)/.exec(parts.find((part) => part.type === 'timeZoneName')?.value ?? '')
  if (!match) return 0
  const hours = Number(match[1])
  return hours + (Math.sign(hours) * Number(match[2])) / 60
}

interface CampaignNode {
  readonly account: WorldAccount
  readonly campaign: WorldCampaign
  readonly today: number
}

const campaignFields: Readonly<Record<string, NodeWriter<CampaignNode>>> = {
  id: ({ campaign }) => campaign.campaignId,
  account_id: ({ account }) => account.accountId,
  name: ({ campaign, today }) => campaignState(campaign, today).name,
  status: ({ campaign, today }) => effectiveStatus(campaignState(campaign, today).status),
  configured_status: ({ campaign, today }) => effectiveStatus(campaignState(campaign, today).status),
  effective_status: ({ campaign, today }) => effectiveStatus(campaignState(campaign, today).status),
  objective: ({ campaign }) => campaign.theme.metaObjective,
  buying_type: () => 'AUCTION',
  // Budgets are in the currency's smallest coin. One in four campaigns has none of its own: its ad sets have.
  daily_budget: ({ campaign }) => (campaign.salt % 4 > 1 ? String(campaign.dailyBudgetCoins) : undefined),
  lifetime_budget: ({ campaign }) => (campaign.salt % 4 === 1 ? String(campaign.dailyBudgetCoins * 30) : undefined),
  created_time: ({ campaign }) => `${dayText(campaign.firstDay)}T00:00:00+0000`,
  start_time: ({ campaign }) => `${dayText(campaign.firstDay)}T00:00:00+0000`,
  stop_time: ({ campaign }) => (campaign.kind === 'oneOff' ? `${dayText(campaign.lastDay)}T23:59:59+0000` : undefined),
}

/** An edge of a campaign with fields of its own in braces: its ads' creatives, as one call asks for them. */
const adsOfCampaign = /^ads\.limit\(\d+\)\{creative\{url_tags\}\}$/

export function writeCampaign(node: CampaignNode, fields: readonly string[], state: SandboxState): object {
  const expanded = fields.some((name) => adsOfCampaign.test(name))
  const plain = fields.filter((name) => !adsOfCampaign.test(name))
  const tagged = ads(node.campaign, 'ACTIVE').map(({ id, creative }) => ({ id, creative }))
  return { ...writeNode(node, plain, campaignFields, state), ...(expanded && { ads: { data: tagged } }) }
}

export function writeNode<Node>(
  node: Node,
  fields: readonly string[],
  writers: Readonly<Record<string, NodeWriter<Node>>>,
  state: SandboxState,
): object {
  const unknown = fields.find((name) => !Object.hasOwn(writers, name))
  if (unknown !== undefined)
    throw invalidParameter(`Tried accessing nonexisting field (${unknown}) on node type (Node)`)
  // Graph adds `id` to every node, asked for or not.
  const names = [...new Set([...fields, 'id'])]
  return Object.fromEntries(
    names.map((name) => [name, writers[name]!(node, state)]).filter(([, value]) => value !== undefined),
  )
}
