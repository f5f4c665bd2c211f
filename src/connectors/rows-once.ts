import type { RawRow } from '../domain/mapping.ts'

/** Lets each row of a slice through once. */
export interface RowsOnce {
  keep(batch: readonly RawRow[]): readonly RawRow[]
  /** Rows that came a second time and were left out. */
  readonly repeated: number
}

/**
 * Platforms repeat pages now and then; a repeated page would double the day. A row is known by its entity and day. Should a second
 * row of them be another row after all, leaving it out shows: the rows then no longer sum to the platform's control total.
 */
export function rowsOnce(columns: { readonly entityId: string; readonly date: string }): RowsOnce {
  const seen = new Map<string, Set<string>>()
  let repeated = 0
  // Platforms send an entity's days one after the other, or a day's entities: the first is worth remembering, the second costs nothing.
  let lastId: string | undefined
  let lastDates = new Set<string>()
  const datesOf = (entityId: string): Set<string> => {
    if (entityId === lastId) return lastDates
    lastId = entityId
    lastDates = seen.get(entityId) ?? new Set()
    seen.set(entityId, lastDates)
    return lastDates
  }
  const isNew = (row: RawRow): boolean => {
    const dates = datesOf(row[columns.entityId] ?? '')
    const date = row[columns.date] ?? ''
    const before = dates.size
    if (dates.add(date).size > before) return true
    repeated += 1
    return false
  }
  return {
    keep: (batch) => batch.filter(isNew),
    get repeated() {
      return repeated
    },
  }
}
