import type { CampaignStatus } from './campaign.ts'

const words = { enabled: 'ACTIVE', paused: 'PAUSED', removed: 'DELETED' } as const

/** Meta's word for a campaign's status. */
export function effectiveStatus(status: CampaignStatus): (typeof words)[CampaignStatus] {
  return words[status]
}
