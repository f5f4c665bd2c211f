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
  // A bit a day and entity: as many texts as there are rows would outlive the garbage collector's young space.
  const dayNumbers = new Map<string, number>()
  const seen = new Map<string, number[]>()
  let repeated = 0
  // Platforms send an entity's days one after the other, or a day's entities: the first is worth remembering, the second costs nothing.
  let lastId: string | undefined
  let lastDays: number[] = []
  const daysOf = (entityId: string): number[] => {
    if (entityId === lastId) return lastDays
    lastId = entityId
    lastDays = seen.get(entityId) ?? []
    seen.set(entityId, lastDays)
    return lastDays
  }
  const numberOf = (date: string): number => {
    const known = dayNumbers.get(date)
    if (known !== undefined) return known
    dayNumbers.set(date, dayNumbers.size)
    return dayNumbers.size - 1
  }
  const isNew = (row: RawRow): boolean => {
    const days = daysOf(row[columns.entityId] ?? '')
    const day = numberOf(row[columns.date] ?? '')
    const word = day >>> 5
    while (days.length <= word) days.push(0)
    const bit = 1 << (day & 31)
    const isRepeated = (days[word]! & bit) !== 0
    days[word]! |= bit
    if (isRepeated) repeated += 1
    return !isRepeated
  }
  return {
    keep: (batch) => batch.filter(isNew),
    get repeated() {
      return repeated
    },
  }
}
