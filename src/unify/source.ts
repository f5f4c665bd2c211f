import type { Decimal } from '../domain/decimal.ts'
import { decimalFromMicros, normalDecimal, sumDecimals, zero } from '../domain/decimal.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { MetricSource, RawRow } from '../domain/mapping.ts'
import type { ActionMetric } from '../domain/metric.ts'

/** Reads one canonical number from a raw row; null when the platform has no such metric. */
export type Read = (row: RawRow) => Decimal | null

/** A value that is no number; the row adds which entity and day it is about. */
export class Unreadable extends Error {
  readonly column: string
  readonly value: string

  constructor(column: string, value: string, options: { cause?: unknown } = {}) {
    super(`${column}: ${value}`, options)
    this.column = column
    this.value = value
  }
}

/** Compiles a source once, so that a row costs a property read and a conversion, not a decision. */
export function reader(source: MetricSource): Read {
  if (source.from === 'none') return () => null
  const absent = source.absent === 'zero' ? zero : null
  if (source.from === 'sum') return summed(source.columns, absent)
  if (source.from === 'firstAction' || source.from === 'sumActions') return readActions(source, absent)
  return readColumn(source.column, absent, conversions[source.from])
}

const conversions = { column: normalDecimal, micros: decimalFromMicros } as const

function summed(columns: readonly string[], absent: Decimal | null): Read {
  const reads = columns.map((column) => readColumn(column, null, normalDecimal))
  return (row) => {
    const values = reads.map((read) => read(row)).filter((value) => value !== null)
    return values.length === 0 ? absent : sumDecimals(values)
  }
}

function readColumn(column: string, absent: Decimal | null, convert: (text: string) => Decimal): Read {
  return (row) => {
    const text = row[column]
    return text === null || text === undefined ? absent : converted(column, text, convert)
  }
}

function converted(column: string, text: string, convert: (text: string) => Decimal): Decimal {
  try {
    return convert(text)
  } catch (cause) {
    if (isMillraceError(cause, 'DOMAIN_DECIMAL_INVALID')) throw new Unreadable(column, text, { cause })
    throw cause
  }
}

/**
 * Meta's `[{"action_type":"link_click","value":"4"}, …]`: the value of the first listed type that is present, or the sum of all that
 * are. The families overlap (`omni_purchase` contains `purchase`): a sum is only of types that do not. Most rows have none of the
 * types: a search in the text spares the parsing.
 */
function readActions(
  { from, column, actionTypes, windows = ['default'] }: MetricSource & { readonly from: 'firstAction' | 'sumActions' },
  absent: Decimal | null,
): Read {
  const quoted = actionTypes.map((type) => JSON.stringify(type))
  return (row) => {
    const text = row[column]
    if (text === null || text === undefined) return absent
    if (!quoted.some((type) => text.includes(type))) return absent
    const actions = actionsOf(column, text)
    const present = actionTypes.map((type) => actions.get(type)).filter((action) => action !== undefined)
    const taken = from === 'firstAction' ? present.slice(0, 1) : present
    if (taken.length === 0) return absent
    const counts = taken.flatMap((action) => windows.map((window) => countOf(column, action, window) ?? zero))
    return counts.length === 1 ? (counts[0] ?? absent) : sumDecimals(counts)
  }
}

type Action = Readonly<Record<string, string>>

/** The count of a window; null when the platform left it out, which is how it writes zero. */
function countOf(column: string, action: Action, window: string): Decimal | null {
  const text = action[window === 'default' ? 'value' : window]
  return text === undefined ? null : converted(column, text, normalDecimal)
}

const windowKey = /^\d+d_(?:click|view|ev)$/

/** All actions of a row, counts and values side by side, by type and window; in the order in which the platform told them. */
export function readAllActions(
  row: RawRow,
  columns: { readonly conversions: string; readonly values: string },
): readonly ActionMetric[] {
  const listed = (column: string) => {
    const text = row[column]
    return text === null || text === undefined ? none : actionsOf(column, text)
  }
  const counts = listed(columns.conversions)
  const values = listed(columns.values)
  if (counts.size + values.size === 0) return []
  return [...new Set([...counts.keys(), ...values.keys()])].flatMap((actionKey) => {
    const [count, value] = [counts.get(actionKey), values.get(actionKey)]
    const windows = new Set([
      'default',
      ...[count, value].flatMap((one) => Object.keys(one ?? {}).filter((key) => windowKey.test(key))),
    ])
    return [...windows].map((window): ActionMetric => ({
      actionKey,
      window,
      conversions: count ? countOf(columns.conversions, count, window) : null,
      value: value ? countOf(columns.values, value, window) : null,
    }))
  })
}

const none: ReadonlyMap<string, Action> = new Map()

/** The first entry of each action type, its members as text: numbers keep the digits that were written. */
function actionsOf(column: string, text: string): ReadonlyMap<string, Action> {
  const actions = new Map<string, Action>()
  for (const action of actionList(column, text)) {
    if (typeof action !== 'object' || action === null) throw new Unreadable(column, text)
    const { action_type: type, value } = action as { action_type?: unknown; value?: unknown }
    if (typeof type !== 'string' || typeof value !== 'string') throw new Unreadable(column, text)
    if (!actions.has(type)) actions.set(type, action as Action)
  }
  return actions
}

function actionList(column: string, text: string): readonly unknown[] {
  try {
    const list: unknown = JSON.parse(text, sourceText)
    if (Array.isArray(list)) return list
  } catch (cause) {
    throw new Unreadable(column, text, { cause })
  }
  throw new Unreadable(column, text)
}

/** A number as it was written (JSON.parse source text access): 0.1 + 0.2 must not happen on the way in. */
function sourceText(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value
}

/** The coded error of a value that could not be read. */
export function unreadable(error: Unreadable, entityId: string, date: string): MillraceError {
  const facts = { column: error.column, value: error.value.slice(0, 200), entityId, date }
  return new MillraceError('UNIFY_VALUE_INVALID', facts, { cause: error.cause })
}
