import { bind } from './arguments.ts'
import { isNumber, numberOf } from './number.ts'
import { str } from './text.ts'
import type { ArithmeticOperator, CallArguments, Value } from './value.ts'
import { HostFunction, HostObject, PyFloat, PyObject, PythonError } from './value.ts'

const DAY_US = 86_400_000_000
const pad = (value: number, width = 2): string => String(value).padStart(width, '0')

/** The civil fields of an instant that is counted in microseconds from 1970-01-01T00:00:00, without a zone. */
interface Fields {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
  readonly weekday: number
}

function fieldsOf(microseconds: number): Fields {
  // JavaScript's date is used as a calendar in UTC only: the zone of the machine never enters.
  const date = new Date(Math.floor(microseconds / 1000))
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    microsecond: ((microseconds % 1_000_000) + 1_000_000) % 1_000_000,
    weekday: (date.getUTCDay() + 6) % 7,
  }
}

/** Microseconds of civil fields. Throws ValueError for a day that no calendar has. */
function microsecondsOf(year: number, month: number, day: number, timeUs = 0): number {
  const ms = Date.UTC(year, month - 1, day)
  const date = new Date(ms)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day)
    throw new PythonError('ValueError', 'day is out of range for month')
  return ms * 1000 + timeUs
}

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

function dayOfYear({ year, month, day }: Fields): number {
  return (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / 86_400_000 + 1
}

const directives: Readonly<Record<string, (fields: Fields) => string>> = {
  Y: ({ year }) => pad(year, 4),
  y: ({ year }) => pad(year % 100),
  m: ({ month }) => pad(month),
  d: ({ day }) => pad(day),
  H: ({ hour }) => pad(hour),
  I: ({ hour }) => pad(((hour + 11) % 12) + 1),
  M: ({ minute }) => pad(minute),
  S: ({ second }) => pad(second),
  f: ({ microsecond }) => pad(microsecond, 6),
  p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  j: (fields) => pad(dayOfYear(fields), 3),
  A: ({ weekday }) => DAYS[weekday] ?? '',
  a: ({ weekday }) => (DAYS[weekday] ?? '').slice(0, 3),
  B: ({ month }) => MONTHS[month - 1] ?? '',
  b: ({ month }) => (MONTHS[month - 1] ?? '').slice(0, 3),
  w: ({ weekday }) => String((weekday + 1) % 7),
  u: ({ weekday }) => String(weekday + 1),
  F: (fields) => `${pad(fields.year, 4)}-${pad(fields.month)}-${pad(fields.day)}`,
  T: (fields) => `${pad(fields.hour)}:${pad(fields.minute)}:${pad(fields.second)}`,
  '%': () => '%',
}

function strftime(microseconds: number, format: string): string {
  const fields = fieldsOf(microseconds)
  return format.replaceAll(/%(.)/g, (whole, letter: string) =>
    Object.hasOwn(directives, letter) ? (directives[letter]?.(fields) ?? whole) : whole,
  )
}

/** A span of time; days, seconds and microseconds as Python keeps them. */
class PyTimeDelta extends PyObject {
  readonly typeName = 'timedelta'
  readonly microseconds: number
  constructor(microseconds: number) {
    super()
    this.microseconds = microseconds
  }
  override attribute(name: string): Value | undefined {
    const days = Math.floor(this.microseconds / DAY_US)
    const rest = this.microseconds - days * DAY_US
    if (name === 'days') return days
    if (name === 'seconds') return Math.floor(rest / 1_000_000)
    if (name === 'microseconds') return rest % 1_000_000
    return name === 'total_seconds'
      ? new HostFunction(name, () => new PyFloat(this.microseconds / 1_000_000))
      : undefined
  }
  override compare(other: Value): number | undefined {
    return other instanceof PyTimeDelta ? this.microseconds - other.microseconds : undefined
  }
  override equals(other: Value): boolean {
    return this.compare(other) === 0
  }
  override truth(): boolean {
    return this.microseconds !== 0
  }
  override arithmetic(operator: ArithmeticOperator, other: Value): Value | undefined {
    if (other instanceof PyTimeDelta && (operator === '+' || operator === '-')) {
      return new PyTimeDelta(this.microseconds + (operator === '+' ? other.microseconds : -other.microseconds))
    }
    if (operator === '*' && isNumber(other))
      return new PyTimeDelta(Math.round(this.microseconds * Number(numberOf(other))))
    return undefined
  }
  override text(): string {
    const days = Math.floor(this.microseconds / DAY_US)
    const { hour, minute, second, microsecond } = fieldsOf(this.microseconds - days * DAY_US)
    const clock = `${hour}:${pad(minute)}:${pad(second)}${microsecond === 0 ? '' : `.${pad(microsecond, 6)}`}`
    return days === 0 ? clock : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${clock}`
  }
}

/** What dates and datetimes share: fields, strftime, order and sums with a span. A date is never equal to a datetime. */
abstract class Civil extends PyObject {
  readonly microseconds: number
  constructor(microseconds: number) {
    super()
    this.microseconds = microseconds
  }
  protected abstract same(other: Value): other is Civil
  protected abstract moved(microseconds: number): Value

  override attribute(name: string): Value | undefined {
    const fields = fieldsOf(this.microseconds)
    if (name === 'year' || name === 'month' || name === 'day') return fields[name]
    if (name === 'weekday') return new HostFunction(name, () => fields.weekday)
    if (name === 'isoweekday') return new HostFunction(name, () => fields.weekday + 1)
    if (name === 'strftime')
      return new HostFunction(name, (call) => strftime(this.microseconds, str(call.positional[0] ?? '')))
    return undefined
  }
  override compare(other: Value): number | undefined {
    return this.same(other) ? this.microseconds - other.microseconds : undefined
  }
  override equals(other: Value): boolean {
    return this.same(other) && this.microseconds === other.microseconds
  }
  override arithmetic(operator: ArithmeticOperator, other: Value): Value | undefined {
    if (operator === '-' && this.same(other)) return new PyTimeDelta(this.microseconds - other.microseconds)
    if (!(other instanceof PyTimeDelta) || (operator !== '+' && operator !== '-')) return undefined
    return this.moved(this.microseconds + (operator === '+' ? other.microseconds : -other.microseconds))
  }
}

export class PyDate extends Civil {
  readonly typeName = 'datetime.date'
  static of(year: number, month: number, day: number): PyDate {
    return new PyDate(microsecondsOf(year, month, day))
  }
  /** From `YYYY-MM-DD`. */
  static fromText(text: string): PyDate {
    return new PyDate(fromIso(text))
  }
  protected same(other: Value): other is PyDate {
    return other instanceof PyDate
  }
  protected moved(microseconds: number): Value {
    return new PyDate(Math.floor(microseconds / DAY_US) * DAY_US)
  }
  override attribute(name: string): Value | undefined {
    return name === 'isoformat' ? new HostFunction(name, () => this.text()) : super.attribute(name)
  }
  override text(): string {
    return strftime(this.microseconds, '%F')
  }
  override repr(): string {
    const { year, month, day } = fieldsOf(this.microseconds)
    return `datetime.date(${year}, ${month}, ${day})`
  }
}

/** A datetime without a zone, or in UTC when `aware`: the two kinds that dbt hands out. */
export class PyDateTime extends Civil {
  readonly typeName = 'datetime.datetime'
  readonly aware: boolean
  constructor(microseconds: number, aware = false) {
    super(microseconds)
    this.aware = aware
  }
  /** From `YYYY-MM-DD HH:MM:SS[.ffffff]`. */
  static fromText(text: string): PyDateTime {
    return new PyDateTime(fromIso(text))
  }
  protected same(other: Value): other is PyDateTime {
    return other instanceof PyDateTime && other.aware === this.aware
  }
  protected moved(microseconds: number): Value {
    return new PyDateTime(microseconds, this.aware)
  }
  override attribute(name: string): Value | undefined {
    const fields = fieldsOf(this.microseconds)
    if (name === 'hour' || name === 'minute' || name === 'second' || name === 'microsecond') return fields[name]
    if (name === 'date')
      return new HostFunction(name, () => new PyDate(Math.floor(this.microseconds / DAY_US) * DAY_US))
    if (name === 'isoformat') return new HostFunction(name, () => this.#printed('T'))
    if (name === 'timestamp') return new HostFunction(name, () => new PyFloat(this.microseconds / 1_000_000))
    return super.attribute(name)
  }
  #printed(separator: string): string {
    const { microsecond } = fieldsOf(this.microseconds)
    const fraction = microsecond === 0 ? '' : `.${pad(microsecond, 6)}`
    return `${strftime(this.microseconds, `%F${separator}%T`)}${fraction}${this.aware ? '+00:00' : ''}`
  }
  override text(): string {
    return this.#printed(' ')
  }
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?$/

/** datetime.fromisoformat without an offset; ValueError for anything else. */
function fromIso(text: string): number {
  const match = ISO.exec(text)
  if (match === null) throw new PythonError('ValueError', `Invalid isoformat string: '${text}'`)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const fraction = Number((match[7] ?? '').padEnd(6, '0'))
  return microsecondsOf(year, month, day, ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction)
}

const numbers = (call: CallArguments, names: readonly string[]): number[] => {
  const bound = bind(call, names, 'datetime')
  return names.map((name) => Number(numberOf(bound[name] ?? 0)))
}

class Type extends HostObject {
  readonly #make: (call: CallArguments) => Value
  constructor(name: string, make: (call: CallArguments) => Value, members: readonly (readonly [string, Value])[]) {
    super(name, members)
    this.#make = make
  }
  override call(call: CallArguments): Value {
    return this.#make(call)
  }
}

function timeDelta(call: CallArguments): Value {
  const [days = 0, seconds = 0, microseconds = 0, milliseconds = 0, minutes = 0, hours = 0, weeks = 0] = numbers(call, [
    'days',
    'seconds',
    'microseconds',
    'milliseconds',
    'minutes',
    'hours',
    'weeks',
  ])
  return new PyTimeDelta(
    (weeks * 7 + days) * DAY_US +
      ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 +
      milliseconds * 1000 +
      microseconds,
  )
}

/** Python's datetime module over an injected clock, in milliseconds. */
export function datetimeModule(nowMs: () => number): HostObject {
  const parsed = (make: (microseconds: number) => Value) =>
    new HostFunction('fromisoformat', (call) => make(fromIso(str(call.positional[0] ?? ''))))
  const dateType = new Type(
    'date',
    (call) => PyDate.of(...(numbers(call, ['year', 'month', 'day']) as [number, number, number])),
    [
      ['today', new HostFunction('today', () => new PyDate(Math.floor((nowMs() * 1000) / DAY_US) * DAY_US))],
      ['fromisoformat', parsed((microseconds) => new PyDate(microseconds))],
    ],
  )
  const now = new HostFunction('now', () => new PyDateTime(nowMs() * 1000))
  const make = (call: CallArguments): Value => {
    const [year = 1, month = 1, day = 1, hour = 0, minute = 0, second = 0, microsecond = 0] = numbers(call, [
      'year',
      'month',
      'day',
      'hour',
      'minute',
      'second',
      'microsecond',
    ])
    return new PyDateTime(
      microsecondsOf(year, month, day, ((hour * 60 + minute) * 60 + second) * 1_000_000 + microsecond),
    )
  }
  const datetimeType = new Type('datetime', make, [
    ['now', now],
    ['utcnow', now],
    ['today', now],
    ['fromisoformat', parsed((microseconds) => new PyDateTime(microseconds))],
  ])
  return new HostObject('datetime', [
    ['date', dateType],
    ['datetime', datetimeType],
    ['timedelta', new Type('timedelta', timeDelta, [])],
  ])
}
