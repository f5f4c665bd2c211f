import type { Decimal } from './decimal.ts'
import type { Level, Platform } from './platform.ts'
import type { UrlFields } from './url-tags.ts'

export const entityStatuses = ['active', 'paused', 'removed', 'archived', 'unknown'] as const

export type EntityStatus = (typeof entityStatuses)[number]

/** What a platform said about an entity when we looked. Platforms give no history: the moment of looking becomes `valid_from`. */
export interface EntityObservation {
  readonly platform: Platform
  readonly accountId: string
  readonly level: Level
  readonly entityId: string
  readonly parentId: string | null
  readonly name: string
  readonly status: EntityStatus
  /** The platform's own word for the status. */
  readonly statusRaw: string
  /** Daily budget in units of the account's currency; null when there is none or it is shared or for a lifetime. */
  readonly dailyBudget: Decimal | null
  /** Platform's objective or channel word, as it came; empty when it has none. */
  readonly objectiveRaw: string
  /** Where its ads lead to; absent where the platform did not tell. */
  readonly urls?: UrlFields | undefined
}
