import { adGroupsOf } from './ads.ts'
import type { CampaignStatus, WorldCampaign } from './campaign.ts'
import { metaAdId, metaAdSetId } from './meta-fields.ts'
import { invalidParameter } from './meta-error.ts'
import { effectiveStatus } from './meta-status.ts'

type Node = Readonly<Record<string, unknown>>

/** The nodes below one campaign, each with this word for how it stands. */
export type PartsOf = (campaign: WorldCampaign, status: string) => readonly Node[]

/** What is below a paused campaign is active itself and does not run. */
export function partStatus(campaign: CampaignStatus): string {
  return campaign === 'paused' ? 'CAMPAIGN_PAUSED' : effectiveStatus(campaign)
}

export const adSets: PartsOf = (campaign, effective_status) =>
  adGroupsOf(campaign).map((group) => ({
    id: metaAdSetId(group),
    name: group.name,
    status: effective_status === 'DELETED' ? 'DELETED' : 'ACTIVE',
    effective_status,
    campaign_id: campaign.campaignId,
    daily_budget: undefined,
    optimization_goal: 'OFFSITE_CONVERSIONS',
  }))

export const ads: PartsOf = (campaign, effective_status) =>
  adGroupsOf(campaign).flatMap((group) =>
    group.ads.map((ad) => ({
      id: metaAdId(ad),
      name: ad.name,
      status: effective_status === 'DELETED' ? 'DELETED' : 'ACTIVE',
      effective_status,
      campaign_id: campaign.campaignId,
      adset_id: metaAdSetId(group),
      creative: { id: `9${ad.adId}`, ...(campaign.urlSuffix && { url_tags: campaign.urlSuffix }) },
    })),
  )

/** The fields asked for, with `id` whether asked for or not; of an object with fields in braces, those. */
export function shownFields(node: Node, fields: readonly string[]): object {
  const plain = fields.map((name) => name.replace(/\{.*$/, ''))
  const unknown = plain.find((name) => !Object.hasOwn(node, name))
  if (unknown !== undefined)
    throw invalidParameter(`Tried accessing nonexisting field (${unknown}) on node type (Node)`)
  const names = [...new Set([...plain, 'id'])]
  return Object.fromEntries(names.map((name) => [name, node[name]]).filter(([, value]) => value !== undefined))
}
