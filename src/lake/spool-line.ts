import { MillraceError } from '../domain/errors.ts'
import type { RawColumn, RawRow } from '../domain/mapping.ts'
import { encoders } from './cell.ts'
import type { Width } from './cell.ts'

/** Where lines go: a growing run of bytes, cut into chunks at any place. */
export interface LineTarget {
  /** `used` bytes of it are written. */
  chunk: Buffer
  used: number
  /** By column; only decimals ever rise above narrow. */
  readonly widths: Width[]
}

/** Makes room for as many bytes at the end of the target's chunk. */
export type MakeRoom<Target extends LineTarget> = (target: Target, bytes: number) => void

/** Writes one row as a CSV line: null is an empty field, an empty text is `""`. Throws LAKE_VALUE_INVALID; the line is then half written. */
export type LineWriter<Target extends LineTarget> = (row: RawRow, target: Target, rowNumber: number) => void

const comma = 0x2c
const newline = 0x0a

/** A column and its latest value: a campaign's name comes once a day of it, row after row, and is encoded once. */
interface Column extends RawColumn {
  value: string | null
  /** The value's bytes, made when it comes the second time. */
  bytes: Buffer | undefined
  readonly repeats: boolean
}

/**
 * Values become bytes at once and one by one. As strings, lines would be long chains of pieces that outlive the garbage collector's
 * young space; and one name in Korean would make two bytes of every digit of its line.
 */
export function lineWriter<Target extends LineTarget>(
  columns: readonly RawColumn[],
  makeRoom: MakeRoom<Target>,
): LineWriter<Target> {
  const known = columns.map((column): Column => {
    const repeats = column.type === 'text' || column.type === 'json' || column.type === 'day'
    return { ...column, value: null, bytes: undefined, repeats }
  })
  const writeEncoded = (column: Column, index: number, value: string, target: Target, rowNumber: number): void => {
    const cell = encoders[column.type](value, index, target.widths)
    if (cell === undefined) {
      const { name, type } = column
      throw new MillraceError('LAKE_VALUE_INVALID', { column: name, value: value.slice(0, 200), type, row: rowNumber })
    }
    makeRoom(target, cell.length * 3 + 2)
    target.used += target.chunk.write(cell, target.used, 'utf8')
  }
  const writeRepeated = (column: Column, index: number, value: string, target: Target, rowNumber: number): void => {
    if (!column.bytes) {
      const cell = encoders[column.type](value, index, target.widths)
      column.bytes = cell === undefined ? undefined : Buffer.from(cell)
    }
    const { bytes } = column
    if (!bytes) return writeEncoded(column, index, value, target, rowNumber)
    makeRoom(target, bytes.length + 2)
    const { chunk, used } = target
    for (let at = 0; at < bytes.length; at += 1) chunk[used + at] = bytes[at]!
    target.used += bytes.length
  }
  const writeCell = (column: Column, index: number, value: string, target: Target, rowNumber: number): void => {
    if (column.repeats) {
      if (value === column.value) return writeRepeated(column, index, value, target, rowNumber)
      column.value = value
      column.bytes = undefined
    }
    const write = plainWriters[column.type]
    makeRoom(target, value.length + 2)
    const end = write ? write(target.chunk, target.used, value) : -1
    if (end < 0) writeEncoded(column, index, value, target, rowNumber)
    else target.used = end
  }
  return (row, target, rowNumber) => {
    makeRoom(target, 2)
    for (let index = 0; index < known.length; index += 1) {
      const column = known[index]!
      if (index > 0) target.chunk[target.used++] = comma
      const value = row[column.name]
      if (value !== null && value !== undefined) writeCell(column, index, value, target, rowNumber)
      else if (column.type === 'decimal') target.chunk[target.used++] = comma
      makeRoom(target, 3)
    }
    target.chunk[target.used++] = newline
  }
}

/** Writes a value that is plain for its type and says where it ends; -1 for one that has to be looked at more closely. */
type PlainWriter = (chunk: Buffer, at: number, value: string) => number

const plainWriters: Readonly<Partial<Record<RawColumn['type'], PlainWriter>>> = {
  text: writeText,
  json: writeText,
  bigint: writeInteger,
  decimal: writeDecimal,
}

/** ASCII without anything that CSV has a meaning for. */
function writeText(chunk: Buffer, from: number, value: string): number {
  if (value.length === 0 || value.length > 1_000) return -1
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index)
    if (code > 0x7f || code === 0x22 || code === comma || code === newline || code === 0x0d) return -1
    chunk[from + index] = code
  }
  return from + value.length
}

const zero = 0x30
const nine = 0x39
const minus = 0x2d
const point = 0x2e

/** As many digits as always fit a bigint, as they are written everywhere. */
function writeInteger(chunk: Buffer, from: number, value: string): number {
  const start = value.charCodeAt(0) === minus ? 1 : 0
  const digits = value.length - start
  if (digits < 1 || digits > 18 || (digits > 1 && value.charCodeAt(start) === zero)) return -1
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index)
    if (index >= start && (code < zero || code > nine)) return -1
    chunk[from + index] = code
  }
  return from + value.length
}

/** A decimal of the narrow type, and the empty field for digits beyond the sixth. */
function writeDecimal(chunk: Buffer, from: number, value: string): number {
  const start = value.charCodeAt(0) === minus ? 1 : 0
  let pointAt = value.length
  for (let index = 0; index < value.length; index += 1) {
    const code = value.charCodeAt(index)
    if (code === point && pointAt === value.length) pointAt = index
    else if (index >= start && (code < zero || code > nine)) return -1
    chunk[from + index] = code
  }
  const whole = pointAt - start
  const fraction = value.length - pointAt - 1
  if (whole < 1 || whole > 12 || fraction === 0 || fraction > 6) return -1
  chunk[from + value.length] = comma
  return from + value.length + 1
}
