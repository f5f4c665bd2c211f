import type { AdAccount } from '../domain/account.ts'
import type { EntityObservation, EntityStatus } from '../domain/entity.ts'
import type { RawRow } from '../domain/mapping.ts'
import type { FileMapping } from './file-mapping.ts'

/** Gathers what rows say of their campaigns: the name and status of a campaign's newest day; rows without names show ids. */
export interface NewestEntities {
  observe(row: RawRow, date: string): void
  all(): readonly EntityObservation[]
}

export function newestEntities(account: AdAccount, mapping: FileMapping): NewestEntities {
  const entities = new Map<string, { readonly date: string; readonly observation: EntityObservation }>()
  return {
    observe(row, date) {
      const entityId = row['campaign_id'] ?? ''
      const before = entities.get(entityId)
      if (before && before.date > date) return
      entities.set(entityId, { date, observation: observationOf(row, entityId, account, mapping) })
    },
    all: () => [...entities.values()].map(({ observation }) => observation),
  }
}

function observationOf(row: RawRow, entityId: string, account: AdAccount, mapping: FileMapping): EntityObservation {
  const statusRaw = row['status'] ?? ''
  return {
    platform: account.platform,
    accountId: account.accountId,
    level: 'campaign',
    entityId,
    parentId: null,
    name: row['campaign_name'] ?? entityId,
    status: mapping.statuses[statusRaw] ?? statuses[statusRaw.toLowerCase()] ?? 'unknown',
    statusRaw,
    dailyBudget: null,
    objectiveRaw: '',
  }
}

/** The words of Google's and Meta's exports in English and Korean; others are named in the mapping. */
const statuses: Readonly<Record<string, EntityStatus>> = {
  enabled: 'active',
  active: 'active',
  eligible: 'active',
  paused: 'paused',
  inactive: 'paused',
  removed: 'removed',
  deleted: 'removed',
  archived: 'archived',
  사용: 'active',
  '운영 가능': 'active',
  활성: 'active',
  일시중지: 'paused',
  일시중지됨: 'paused',
  비활성: 'paused',
  삭제됨: 'removed',
  보관됨: 'archived',
}
