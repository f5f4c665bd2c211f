import type { RawType } from '../domain/mapping.ts'
import { decimalUnits, integerOf, isDay, textCharactersMax } from './cell.ts'
import type { ParquetColumn, ParquetType } from './parquet-file.ts'

/** The values of one column of one day while they arrive, in the form in which Parquet keeps them. */
export interface ColumnRun {
  /** Takes the next value; false for one that does not fit the column's type, and then nothing was taken. */
  add(value: string | null): boolean
  /** Memory that the values take. */
  readonly bytes: number
  /** Whether any value was absent. */
  readonly isIncomplete: boolean
  /** What has arrived, as a column of a row group. */
  column(name: string): ParquetColumn
}

export function openColumn(type: RawType): ColumnRun {
  if (type === 'bigint') return new IntegerRun()
  if (type === 'decimal') return new DecimalRun()
  return type === 'day' ? new DayRun() : new TextRun()
}

const bytesFirst = 512

/** Which values there are, and the bytes of those: what all types have in common. */
abstract class Run implements ColumnRun {
  protected chunk: Buffer = Buffer.alloc(0)
  protected used = 0
  readonly #runs: number[] = [0]
  /** Every value so far was this one: it stands in the chunk once. */
  #only: string | null = null
  #present = 0

  get bytes(): number {
    return this.chunk.length
  }

  get isIncomplete(): boolean {
    return this.#runs.length > 1
  }

  add(value: string | null): boolean {
    if (value === null) {
      this.#count(1)
      return true
    }
    // A day, a currency, a state: most columns of a day say the same in each row.
    if (value !== this.#only || this.#present === 0) {
      if (this.#only !== null) this.#repeatOnly()
      if (!this.write(value)) return false
      this.#only = this.#present === 0 ? value : null
    }
    this.#present += 1
    this.#count(0)
    return true
  }

  column(name: string): ParquetColumn {
    const values = this.chunk.subarray(0, this.used)
    return { name, type: this.type(), runs: this.#runs, values, isConstant: this.#only !== null }
  }

  protected abstract type(): ParquetType
  /** Appends the value to the chunk; false for one that does not fit. */
  protected abstract write(value: string): boolean

  /** Makes room for as many bytes at the end of the chunk. */
  protected reserve(more: number): void {
    if (this.used + more <= this.chunk.length) return
    const wider = Buffer.allocUnsafeSlow(Math.max(bytesFirst, this.chunk.length * 2, this.used + more))
    this.chunk.copy(wider, 0, 0, this.used)
    this.chunk = wider
  }

  /** Another value comes: the one that was noted once is now written as often as it came. */
  #repeatOnly(): void {
    const size = this.used
    const more = size * (this.#present - 1)
    this.reserve(more)
    // Each copy doubles what there is to be copied.
    for (let done = size; done < size + more; done += Math.min(done, size + more - done))
      this.chunk.copyWithin(done, 0, Math.min(done, size + more - done))
    this.used = size + more
    this.#only = null
  }

  #count(absent: 0 | 1): void {
    if ((this.#runs.length - 1) % 2 === absent) this.#runs[this.#runs.length - 1]! += 1
    else this.#runs.push(1)
  }
}

class TextRun extends Run {
  protected type(): ParquetType {
    return { physical: 'bytes', meaning: 'text' }
  }

  protected write(value: string): boolean {
    const { length } = value
    if (length > textCharactersMax) return false
    this.reserve(4 + length * 3)
    const start = this.used + 4
    // Short ASCII, which most values are, is faster written by hand than by a call.
    let at = 0
    if (length < 48) {
      const { chunk } = this
      for (; at < length; at += 1) {
        const code = value.charCodeAt(at)
        if (code > 0x7f) break
        chunk[start + at] = code
      }
    }
    const written = at === length ? length : this.chunk.write(value, start, 'utf8')
    this.#length(written)
    return true
  }

  #length(bytes: number): void {
    this.chunk.writeUInt32LE(bytes, this.used)
    this.used += 4 + bytes
  }
}

const millisecondsOfDay = 86_400_000

class DayRun extends Run {
  protected type(): ParquetType {
    return { physical: 'int32', meaning: 'day' }
  }

  protected write(value: string): boolean {
    if (!isDay(value)) return false
    this.reserve(4)
    // Parquet counts days from 1970 in UTC, where each has as many milliseconds.
    this.chunk.writeInt32LE(Math.round(Date.parse(`${value}T00:00:00Z`) / millisecondsOfDay), this.used)
    this.used += 4
    return true
  }
}

const twoTo32 = 4_294_967_296
const zero = 0x30
const nine = 0x39
const minus = 0x2d
const point = 0x2e

/** As many digits as a number of JavaScript holds exactly. */
const exactDigits = 15

abstract class UnitsRun extends Run {
  /** An exact whole number as 64 bits, the lowest first. */
  protected writeUnits(units: number): void {
    this.reserve(8)
    const high = Math.floor(units / twoTo32)
    this.chunk.writeUInt32LE(units - high * twoTo32, this.used)
    this.chunk.writeInt32LE(high, this.used + 4)
    this.used += 8
  }

  protected writeBigUnits(units: bigint): void {
    this.reserve(8)
    this.chunk.writeBigInt64LE(units, this.used)
    this.used += 8
  }
}

class IntegerRun extends UnitsRun {
  protected type(): ParquetType {
    return { physical: 'int64', meaning: 'integer' }
  }

  protected write(value: string): boolean {
    const units = plainUnits(value, 0)
    if (units !== undefined) this.writeUnits(units)
    else {
      const exact = integerOf(value)
      if (exact === undefined) return false
      this.writeBigUnits(exact)
    }
    return true
  }
}

const scale = 6
const wideScale = 18
const wideBytes = 16
const wideFactor = 10n ** BigInt(wideScale - scale)
const powersOfTen = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000] as const

/**
 * Decimals of eighteen digits, six of them behind the point, unless a value of the day needs more: DuckDB works on the wider
 * decimal(38,18) fifteen times slower, and hardly any day needs it.
 */
class DecimalRun extends UnitsRun {
  #isWide = false

  protected type(): ParquetType {
    if (!this.#isWide) return { physical: 'int64', meaning: 'decimal', digits: { precision: 18, scale } }
    return { physical: 'fixed', meaning: 'decimal', bytes: wideBytes, digits: { precision: 38, scale: wideScale } }
  }

  protected write(value: string): boolean {
    const plain = this.#isWide ? undefined : plainUnits(value, scale)
    if (plain !== undefined) {
      this.writeUnits(plain)
      return true
    }
    const exact = decimalUnits(value)
    if (exact === undefined) return false
    if (exact.isWide && !this.#isWide) this.#widen()
    if (this.#isWide) this.#writeWide(exact.units)
    else this.writeBigUnits(exact.units / wideFactor)
    return true
  }

  #widen(): void {
    const narrow = this.chunk.subarray(0, this.used)
    this.#isWide = true
    this.chunk = Buffer.alloc(0)
    this.used = 0
    for (let at = 0; at < narrow.length; at += 8) this.#writeWide(narrow.readBigInt64LE(at) * wideFactor)
  }

  #writeWide(units: bigint): void {
    this.reserve(wideBytes)
    this.chunk.writeBigInt64BE(units >> 64n, this.used)
    this.chunk.writeBigUInt64BE(BigInt.asUintN(64, units), this.used + 8)
    this.used += wideBytes
  }
}

/** The value in units of its last decimal, when it is plain and a number of JavaScript holds it exactly. */
function plainUnits(value: string, decimals: number): number | undefined {
  const start = value.charCodeAt(0) === minus ? 1 : 0
  let units = 0
  let pointAt = value.length
  for (let at = start; at < value.length; at += 1) {
    const code = value.charCodeAt(at)
    if (code >= zero && code <= nine) units = units * 10 + (code - zero)
    else if (code === point && pointAt === value.length && at > start) pointAt = at
    else return undefined
  }
  const fraction = Math.max(0, value.length - pointAt - 1)
  const whole = pointAt - start
  if (whole < 1 || whole + decimals > exactDigits || fraction > decimals) return undefined
  // A point must have digits behind it.
  if (pointAt < value.length && fraction === 0) return undefined
  const scaled = units * (powersOfTen[decimals - fraction] ?? 1)
  return start === 1 && scaled !== 0 ? -scaled : scaled
}
