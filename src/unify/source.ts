import type { Decimal } from '../domain/decimal.ts'
import { decimalFromMicros, normalDecimal, sumDecimals, zero } from '../domain/decimal.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { MetricSource, RawRow } from '../domain/mapping.ts'

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
  if (source.from === 'firstAction') return firstAction(source.column, source.actionTypes, absent)
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
 * Meta's `[{"action_type":"link_click","value":"4"}, …]`: the value of the first listed type that is present. The families overlap
 * (`omni_purchase` contains `purchase`), so that a sum would count one purchase twice. Most rows have none of the types: a search in
 * the text spares the parsing.
 */
function firstAction(column: string, actionTypes: readonly string[], absent: Decimal | null): Read {
  const quoted = actionTypes.map((type) => JSON.stringify(type))
  return (row) => {
    const text = row[column]
    if (text === null || text === undefined) return absent
    if (!quoted.some((type) => text.includes(type))) return absent
    const values = actionValues(column, text)
    const type = actionTypes.find((one) => values.has(one))
    return type === undefined ? absent : converted(column, values.get(type) ?? '', normalDecimal)
  }
}

/** The first value of each action type, as text: numbers keep the digits that were written. */
function actionValues(column: string, text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const action of actionList(column, text)) {
    if (typeof action !== 'object' || action === null) throw new Unreadable(column, text)
    const { action_type: type, value } = action as { action_type?: unknown; value?: unknown }
    if (typeof type !== 'string' || typeof value !== 'string') throw new Unreadable(column, text)
    if (!values.has(type)) values.set(type, value)
  }
  return values
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
