import { bind } from './arguments.ts'
import {
  DAY_US,
  NO_ZONE,
  asCtime,
  clockUs,
  fieldsOf,
  fromIso,
  isoCalendar,
  microsecondsOf,
  ordinal,
  pad,
  strftime,
} from './civil-format.ts'
import { isNumber, numberOf } from './number.ts'
import { floatText, str, typeName } from './text.ts'
import { PyZone, offsetText } from './time-zone.ts'
import type { Offset } from './time-zone.ts'
import type { ArithmeticOperator, CallArguments, Value } from './value.ts'
import { HostFunction, PyFloat, PyObject, PyTuple, PythonError } from './value.ts'

/** A span of time; days, seconds and microseconds as Python keeps them. */
export class PyTimeDelta extends PyObject {
  readonly typeName = 'datetime.timedelta'
  readonly microseconds: number
  constructor(microseconds: number) {
    super()
    if (Math.abs(microseconds) >= 1e9 * DAY_US)
      throw new PythonError(
        'OverflowError',
        `days=${Math.floor(microseconds / DAY_US)}; must have magnitude <= 999999999`,
      )
    this.microseconds = microseconds
  }
  #parts(): { days: number; seconds: number; microseconds: number } {
    const days = Math.floor(this.microseconds / DAY_US)
    const rest = this.microseconds - days * DAY_US
    return { days, seconds: Math.floor(rest / 1_000_000), microseconds: rest % 1_000_000 }
  }
  override attribute(name: string): Value | undefined {
    const parts = this.#parts()
    if (name === 'days' || name === 'seconds' || name === 'microseconds') return parts[name]
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
    if (other instanceof PyTimeDelta) return this.#withSpan(operator, other.microseconds)
    if (other instanceof Civil) return operator === '+' ? other.arithmetic('+', this) : undefined
    if (!isNumber(other)) return undefined
    const number = Number(numberOf(other))
    if (operator === '*') return new PyTimeDelta(roundEven(this.microseconds * number))
    if (number === 0 && (operator === '/' || operator === '//'))
      throw new PythonError('ZeroDivisionError', 'integer division or modulo by zero')
    if (operator === '/') return new PyTimeDelta(roundEven(this.microseconds / number))
    const whole = operator === '//' && (typeof other === 'number' || typeof other === 'boolean')
    return whole ? new PyTimeDelta(Math.floor(this.microseconds / number)) : undefined
  }
  #withSpan(operator: ArithmeticOperator, other: number): Value | undefined {
    if (operator === '+') return new PyTimeDelta(this.microseconds + other)
    if (operator === '-') return new PyTimeDelta(this.microseconds - other)
    if (other === 0 && operator !== '*' && operator !== '**')
      throw new PythonError('ZeroDivisionError', 'integer division or modulo by zero')
    if (operator === '/') return new PyFloat(this.microseconds / other)
    if (operator === '//') return Math.floor(this.microseconds / other)
    return operator === '%'
      ? new PyTimeDelta(this.microseconds - other * Math.floor(this.microseconds / other))
      : undefined
  }
  override text(): string {
    const { days } = this.#parts()
    const { hour, minute, second, microsecond } = fieldsOf(this.microseconds - days * DAY_US)
    const clock = `${hour}:${pad(minute)}:${pad(second)}${microsecond === 0 ? '' : `.${pad(microsecond, 6)}`}`
    return days === 0 ? clock : `${days} day${Math.abs(days) === 1 ? '' : 's'}, ${clock}`
  }
  override repr(): string {
    const named = Object.entries(this.#parts()).filter(([, value]) => value !== 0)
    return `datetime.timedelta(${named.length === 0 ? '0' : named.map(([key, value]) => `${key}=${value}`).join(', ')})`
  }
}

function roundEven(value: number): number {
  const floor = Math.floor(value)
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value)
}

/** A week of ISO 8601 as Python hands it out: a tuple whose members have names. */
class IsoCalendar extends PyTuple {
  override attribute(name: string): Value | undefined {
    const place = ['year', 'week', 'weekday'].indexOf(name)
    return place < 0 ? undefined : this.items[place]
  }
  override text(): string {
    const [year = 0, week = 0, weekday = 0] = this.items
    return `datetime.IsoCalendarDate(year=${str(year)}, week=${str(week)}, weekday=${str(weekday)})`
  }
}

/** What dates, datetimes and times share: an order among their own kind, `strftime`, `replace`, `isoformat`. */
export abstract class Civil extends PyObject {
  readonly microseconds: number
  constructor(microseconds: number) {
    super()
    this.microseconds = microseconds
  }
  protected abstract same(other: Value): other is Civil
  /** Moved along the calendar; undefined for a time of day, which Python moves by nothing. */
  protected abstract moved(microseconds: number): Value | undefined
  abstract strftime(format: string): string
  protected abstract isoformat(call: CallArguments): string
  protected abstract replaced(call: CallArguments): Value
  /** The instant that comparisons and differences count from. */
  protected instant(): number {
    return this.microseconds
  }

  override attribute(name: string): Value | undefined {
    if (name === 'strftime')
      return new HostFunction(name, (call) => {
        const format = call.positional[0] ?? call.keyword.get('format') ?? null
        if (typeof format === 'string') return this.strftime(format)
        throw new PythonError('TypeError', `strftime() argument 1 must be str, not ${typeName(format)}`)
      })
    if (name === 'isoformat') return new HostFunction(name, (call) => this.isoformat(call))
    if (name === 'replace') return new HostFunction(name, (call) => this.replaced(call))
    return undefined
  }
  protected calendarAttribute(name: string): Value | undefined {
    const fields = fieldsOf(this.microseconds)
    if (name === 'year' || name === 'month' || name === 'day') return fields[name]
    const methods: Readonly<Record<string, () => Value>> = {
      weekday: () => fields.weekday,
      isoweekday: () => fields.weekday + 1,
      toordinal: () => ordinal(this.microseconds),
      isocalendar: () => new IsoCalendar(isoCalendar(this.microseconds)),
      ctime: () => asCtime(fields),
    }
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    return method === undefined ? undefined : new HostFunction(name, method)
  }
  override compare(other: Value): number | undefined {
    return this.same(other) ? this.instant() - other.instant() : undefined
  }
  override equals(other: Value): boolean {
    return this.same(other) && this.instant() === other.instant()
  }
  override arithmetic(operator: ArithmeticOperator, other: Value): Value | undefined {
    if (operator === '-' && this.same(other)) return new PyTimeDelta(this.instant() - other.instant())
    if (!(other instanceof PyTimeDelta) || (operator !== '+' && operator !== '-')) return undefined
    return this.moved(operator === '+' ? other.microseconds : -other.microseconds)
  }
}

function inRange(microseconds: number): number {
  const { year } = fieldsOf(microseconds)
  if (!(year >= 1 && year <= 9999)) throw new PythonError('OverflowError', 'date value out of range')
  return microseconds
}

/** The parts that `replace` was given, over those that were there. */
function withParts<Name extends string>(
  call: CallArguments,
  held: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const names = Object.keys(held) as Name[]
  const given = bind(call, names, 'replace')
  return Object.fromEntries(
    names.map((name) => [name, given[name] === undefined ? held[name] : Number(numberOf(given[name]))]),
  ) as Record<Name, number>
}

export class PyDate extends Civil {
  readonly typeName = 'datetime.date'
  static of(year: number, month: number, day: number): PyDate {
    return new PyDate(microsecondsOf(year, month, day))
  }
  /** From `YYYY-MM-DD`. */
  static fromText(text: string): PyDate {
    const { microseconds } = fromIso(text)
    if (text.length > 10) throw new PythonError('ValueError', `Invalid isoformat string: '${text}'`)
    return new PyDate(microseconds)
  }
  protected same(other: Value): other is PyDate {
    return other instanceof PyDate
  }
  protected moved(microseconds: number): Value {
    return new PyDate(inRange(this.microseconds + microseconds))
  }
  /** Python moves a date by the whole days of a span, counted towards the past, and takes away what it would add. */
  override arithmetic(operator: ArithmeticOperator, other: Value): Value | undefined {
    if (!(other instanceof PyTimeDelta)) return super.arithmetic(operator, other)
    return super.arithmetic(operator, new PyTimeDelta(Math.floor(other.microseconds / DAY_US) * DAY_US))
  }
  strftime(format: string): string {
    return strftime(this.microseconds, format)
  }
  protected isoformat(call: CallArguments): string {
    bind(call, [], 'isoformat')
    return this.text()
  }
  protected replaced(call: CallArguments): Value {
    const { year, month, day } = fieldsOf(this.microseconds)
    const parts = withParts(call, { year, month, day })
    return PyDate.of(parts.year, parts.month, parts.day)
  }
  override attribute(name: string): Value | undefined {
    return this.calendarAttribute(name) ?? super.attribute(name)
  }
  override text(): string {
    const { year, month, day } = fieldsOf(this.microseconds)
    return `${pad(year, 4)}-${pad(month)}-${pad(day)}`
  }
  override repr(): string {
    const { year, month, day } = fieldsOf(this.microseconds)
    return `datetime.date(${year}, ${month}, ${day})`
  }
}

function clockText(microseconds: number): string {
  const { hour, minute, second, microsecond } = fieldsOf(microseconds)
  return `${pad(hour)}:${pad(minute)}:${pad(second)}${microsecond === 0 ? '' : `.${pad(microsecond, 6)}`}`
}

/** A time of day. */
export class PyTime extends Civil {
  readonly typeName = 'datetime.time'
  protected same(other: Value): other is PyTime {
    return other instanceof PyTime
  }
  protected moved(): undefined {
    return undefined
  }
  override arithmetic(): undefined {
    return undefined
  }
  strftime(format: string): string {
    return strftime(this.microseconds + microsecondsOf(1900, 1, 1), format)
  }
  protected isoformat(): string {
    return this.text()
  }
  protected replaced(call: CallArguments): Value {
    const { hour, minute, second, microsecond } = fieldsOf(this.microseconds)
    const parts = withParts(call, { hour, minute, second, microsecond })
    return new PyTime(clockUs(parts.hour, parts.minute, parts.second, parts.microsecond))
  }
  override attribute(name: string): Value | undefined {
    const fields = fieldsOf(this.microseconds)
    if (name === 'hour' || name === 'minute' || name === 'second' || name === 'microsecond') return fields[name]
    return name === 'tzinfo' ? null : super.attribute(name)
  }
  override text(): string {
    return clockText(this.microseconds)
  }
  override repr(): string {
    return `datetime.time(${clockParts(this.microseconds)})`
  }
}

/** `13, 5` or `13, 5, 9, 1500`: the arguments by which Python prints a clock. */
function clockParts(microseconds: number): string {
  const { hour, minute, second, microsecond } = fieldsOf(microseconds)
  const parts = [
    hour,
    minute,
    ...(second === 0 && microsecond === 0 ? [] : [second]),
    ...(microsecond === 0 ? [] : [microsecond]),
  ]
  return parts.join(', ')
}

const TIMESPEC: Readonly<Record<string, number>> = { hours: 2, minutes: 5, seconds: 8 }

/** A datetime without a zone, or with the offset that its zone gave it: pytz's zones put a fixed offset on every datetime. */
export class PyDateTime extends Civil {
  readonly typeName = 'datetime.datetime'
  readonly offset: Offset | null
  /** `microseconds` are those of the wall clock. */
  constructor(microseconds: number, offset: Offset | null = null) {
    super(microseconds)
    this.offset = offset
  }
  /** From `YYYY-MM-DD HH:MM:SS[.ffffff]`. */
  static fromText(text: string): PyDateTime {
    return new PyDateTime(fromIso(text).microseconds)
  }
  /** The wall clock of a zone at an instant of UTC. */
  static at(utcUs: number, zone: PyZone): PyDateTime {
    const offset = zone.at(utcUs)
    return new PyDateTime(utcUs + offset.us, offset)
  }
  protected same(other: Value): other is PyDateTime {
    return other instanceof PyDateTime && (other.offset === null) === (this.offset === null)
  }
  override instant(): number {
    return this.microseconds - (this.offset?.us ?? 0)
  }
  protected moved(microseconds: number): Value {
    return new PyDateTime(inRange(this.microseconds + microseconds), this.offset)
  }
  strftime(format: string): string {
    const { offset } = this
    const zone = offset === null ? NO_ZONE : { offset: offsetText(offset.us), name: offset.name, offsetUs: offset.us }
    return strftime(this.microseconds, format, zone)
  }
  protected isoformat(call: CallArguments): string {
    const { sep = 'T', timespec = 'auto' } = bind(call, ['sep', 'timespec'], 'isoformat')
    return this.#printed(str(sep), str(timespec))
  }
  protected replaced(call: CallArguments): Value {
    const { year, month, day, hour, minute, second, microsecond } = fieldsOf(this.microseconds)
    const zone = call.keyword.get('tzinfo')
    const rest = { ...call, keyword: new Map([...call.keyword].filter(([key]) => key !== 'tzinfo')) }
    const parts = withParts(rest, { year, month, day, hour, minute, second, microsecond })
    const clock = clockUs(parts.hour, parts.minute, parts.second, parts.microsecond)
    return new PyDateTime(microsecondsOf(parts.year, parts.month, parts.day, clock), this.#replacedZone(zone))
  }
  #replacedZone(zone: Value | undefined): Offset | null {
    if (zone === undefined) return this.offset
    return zone instanceof PyZone ? zone.fixed() : null
  }
  override attribute(name: string): Value | undefined {
    const fields = fieldsOf(this.microseconds)
    if (name === 'hour' || name === 'minute' || name === 'second' || name === 'microsecond') return fields[name]
    if (name === 'tzinfo') return this.offset?.zone ?? null
    const method = this.#method(name)
    if (method !== undefined) return new HostFunction(name, method)
    return this.calendarAttribute(name) ?? super.attribute(name)
  }
  #method(name: string): ((call: CallArguments) => Value) | undefined {
    const dayUs = Math.floor(this.microseconds / DAY_US) * DAY_US
    const methods: Readonly<Record<string, (call: CallArguments) => Value>> = {
      date: () => new PyDate(dayUs),
      time: () => new PyTime(this.microseconds - dayUs),
      timestamp: () => new PyFloat(this.instant() / 1_000_000),
      tzname: () => (this.offset === null || this.offset.name === '' ? null : this.offset.name),
      utcoffset: () => (this.offset === null ? null : new PyTimeDelta(this.offset.us)),
      dst: () => (this.offset === null ? null : new PyTimeDelta(this.offset.isSummer ? 3_600_000_000 : 0)),
      astimezone: (call) => this.#inZone(call.positional[0] ?? call.keyword.get('tz') ?? null),
    }
    return Object.hasOwn(methods, name) ? methods[name] : undefined
  }
  /** A datetime without a zone counts as local time, and local time is UTC here. */
  #inZone(zone: Value): Value {
    if (zone instanceof PyZone) return PyDateTime.at(this.instant(), zone)
    throw new PythonError(
      'TypeError',
      `tzinfo argument must be None or of a tzinfo subclass, not type '${typeName(zone)}'`,
    )
  }
  #printed(separator: string, timespec = 'auto'): string {
    const { year, month, day, microsecond } = fieldsOf(this.microseconds)
    const full = clockText(this.microseconds)
    const precise = `${full.slice(0, 8)}.${pad(microsecond, 6)}`
    const clock =
      timespec === 'auto'
        ? full
        : precise.slice(0, TIMESPEC[timespec] ?? (timespec === 'milliseconds' ? 12 : precise.length))
    const offset = this.offset === null ? '' : offsetText(this.offset.us)
    return `${pad(year, 4)}-${pad(month)}-${pad(day)}${separator}${clock}${offset}`
  }
  override text(): string {
    return this.#printed(' ')
  }
  override repr(): string {
    const { year, month, day } = fieldsOf(this.microseconds)
    const zone = this.offset === null ? '' : `, tzinfo=${this.offset.zone.reprOf(this.offset)}`
    return `datetime.datetime(${year}, ${month}, ${day}, ${clockParts(this.microseconds)}${zone})`
  }
}

/** A moment as `fromtimestamp` takes it, in microseconds. */
export function timestampUs(value: Value): number {
  if (!isNumber(value))
    throw new PythonError('TypeError', `'${typeName(value)}' object cannot be interpreted as an integer`)
  const text = value instanceof PyFloat ? floatText(value.value) : str(value)
  return Math.round(Number(text) * 1_000_000)
}
