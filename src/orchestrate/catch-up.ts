import type { Day } from '../domain/day.ts'

export type CatchupPolicy = 'all' | 'latest' | 'none'

export interface OwedDay {
  readonly day: Day
  readonly dueMs: number
}

export interface CatchUp {
  readonly run: readonly Day[]
  readonly skip: readonly Day[]
}

/** A scheduler that comes late by less than this was not away: a restart, a slow tick. */
export const graceMs = 600_000

/**
 * Pure: which of the days that are due and have no run get one now. `all`: each; `latest`: the newest, and what fell due within
 * the grace; `none`: only what fell due within the grace. The rest is skipped, which the ledger keeps and a backfill can undo.
 */
export function catchUp(policy: CatchupPolicy, owed: readonly OwedDay[], nowMs: number): CatchUp {
  const days = owed.toSorted((a, b) => (a.day < b.day ? -1 : 1))
  const newest = days.at(-1)
  const wanted = {
    all: () => true,
    latest: (one: OwedDay) => one === newest || one.dueMs > nowMs - graceMs,
    none: (one: OwedDay) => one.dueMs > nowMs - graceMs,
  } as const satisfies Record<CatchupPolicy, (one: OwedDay) => boolean>
  const isWanted = wanted[policy]
  return {
    run: days.filter((one) => isWanted(one)).map((one) => one.day),
    skip: days.filter((one) => !isWanted(one)).map((one) => one.day),
  }
}
