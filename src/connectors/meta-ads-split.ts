import type { Day, DayRange } from '../domain/day.ts'
import { addDays, daysOf } from '../domain/day.ts'

/** A part of one insights question; all parts of a split together are the whole, and none shares a row with another. */
export interface Part extends DayRange {
  /** Only these campaigns; null: all but `without`. */
  readonly within: readonly string[] | null
  readonly without: readonly string[]
}

/**
 * Pure: the part in two, or nothing when it cannot be made smaller. Days go first, because every row has one and the halves are equal;
 * then campaigns: those of a list, and all others. So a campaign that no listing names is in a part all the same.
 */
export function halves(part: Part, campaigns: readonly string[]): readonly Part[] {
  const days = daysOf(part)
  if (days.length > 1) {
    const middle = days[Math.floor((days.length - 1) / 2)] as Day
    return [
      { ...part, until: middle },
      { ...part, since: addDays(middle, 1) },
    ]
  }
  const known = part.within ?? campaigns.filter((id) => !part.without.includes(id))
  if (known.length < (part.within ? 2 : 1)) return []
  const first = known.slice(0, Math.ceil(known.length / 2))
  const rest = known.slice(first.length)
  return [
    { ...part, within: first, without: [] },
    part.within ? { ...part, within: rest } : { ...part, without: [...part.without, ...first] },
  ]
}

/** Meta's filter for a part; undefined when it is about all campaigns. */
export function filterOf({ within, without }: Part): string | undefined {
  if (within === null && without.length === 0) return undefined
  const [operator, value] = within === null ? ['NOT_IN', without] : ['IN', within]
  return JSON.stringify([{ field: 'campaign.id', operator, value }])
}
