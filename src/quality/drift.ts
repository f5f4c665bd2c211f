import type { RawColumn, RawType } from '../domain/mapping.ts'

/** What one extract really saw of one column: how often it was there, and the first value that its type could not hold. */
export interface SeenColumn {
  readonly name: string
  /** Rows in which the column was present with a value other than null. */
  readonly filled: number
  /** Rows whose value did not read as the contract's type; always 0 for a column that the contract does not have. */
  readonly mistyped: number
  /** One such value, shortened, for the message; null when there was none. */
  readonly example: string | null
}

/** The columns of one extract, whatever the number of its rows. */
export interface SeenColumns {
  readonly rows: number
  readonly columns: readonly SeenColumn[]
}

export interface Mistyped {
  readonly name: string
  readonly type: RawType
  readonly rows: number
  readonly example: string | null
}

/** The difference between a source's pinned contract and what came. */
export interface Drift {
  /** Required columns that no row had, or that some row lacked. */
  readonly removed: readonly string[]
  readonly mistyped: readonly Mistyped[]
  /** Columns that the contract does not know. */
  readonly added: readonly string[]
  /** Optional columns that the platform said it knows no more. */
  readonly vanished?: readonly string[] | undefined
}

export const noDrift: Drift = { removed: [], mistyped: [], added: [] }

/**
 * Pure: compares what came with the contract that the connector declared. A required column that even one row lacks counts as
 * removed, because that row's fact would be made of nothing; an optional one may be absent. Without rows nothing can be said.
 */
export function compareColumns(contract: readonly RawColumn[], seen: SeenColumns): Drift {
  if (seen.rows === 0) return noDrift
  const found = new Map(seen.columns.map((column) => [column.name, column]))
  const known = new Set(contract.map((column) => column.name))
  return {
    removed: contract
      .filter((column) => column.required && (found.get(column.name)?.filled ?? 0) < seen.rows)
      .map((column) => column.name),
    mistyped: contract.flatMap((column) => {
      const came = found.get(column.name)
      return came && came.mistyped > 0
        ? [{ name: column.name, type: column.type, rows: came.mistyped, example: came.example }]
        : []
    }),
    added: seen.columns.map((column) => column.name).filter((name) => !known.has(name)),
  }
}

const readable: Readonly<Record<RawType, (text: string) => boolean>> = {
  text: () => true,
  day: (text) => /^\d{4}-\d{2}-\d{2}$/.test(text),
  bigint: (text) => /^-?\d+$/.test(text),
  decimal: (text) => /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text),
  json: isJson,
}

/** Whether text, as the platform wrote it, reads as the contract's type. */
export function readsAs(type: RawType, text: string): boolean {
  return readable[type](text)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // Not JSON is the answer here, not a failure: the caller counts it as a value of the wrong type.
    return false
  }
}

/** Counts columns while rows pass; holds one small record a column, however many rows come. */
export interface ColumnCounter {
  add(row: Readonly<Record<string, string | null>>): void
  seen(): SeenColumns
}

/** A counter against a contract, for whoever holds the raw rows in passing: the spool of an extract, a file's reader. */
export function countColumns(contract: readonly RawColumn[]): ColumnCounter {
  const types = new Map(contract.map((column) => [column.name, column.type]))
  const counts = new Map<string, { filled: number; mistyped: number; example: string | null }>()
  let rows = 0
  const count = (name: string, value: string) => {
    const entry = counts.get(name) ?? { filled: 0, mistyped: 0, example: null }
    counts.set(name, entry)
    entry.filled += 1
    const type = types.get(name)
    if (type === undefined || readsAs(type, value)) return
    entry.mistyped += 1
    entry.example ??= value.slice(0, 80)
  }
  return {
    add(row) {
      rows += 1
      for (const name in row) {
        const value = row[name]
        if (value !== null && value !== undefined) count(name, value)
        else if (!types.has(name) && !counts.has(name)) counts.set(name, { filled: 0, mistyped: 0, example: null })
      }
    },
    seen: () => ({ rows, columns: [...counts].map(([name, entry]) => ({ name, ...entry })) }),
  }
}
