import { PythonError } from './value.ts'

export const DAY_US = 86_400_000_000
export const pad = (value: number, width = 2): string => String(value).padStart(width, '0')

/** The civil fields of an instant that is counted in microseconds from 1970-01-01T00:00:00, without a zone. */
export interface Fields {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly microsecond: number
  /** Monday is 0. */
  readonly weekday: number
}

export function fieldsOf(microseconds: number): Fields {
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

/** Milliseconds of a civil midnight; Date.UTC reads the years 0 to 99 as 1900 to 1999. */
function midnightMs(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return date.getTime()
}

/** Microseconds of civil fields. Throws ValueError for what no calendar has. */
export function microsecondsOf(year: number, month: number, day: number, timeUs = 0): number {
  if (year < 1 || year > 9999) throw new PythonError('ValueError', `year ${year} is out of range`)
  if (month < 1 || month > 12) throw new PythonError('ValueError', 'month must be in 1..12')
  const ms = midnightMs(year, month, day)
  if (new Date(ms).getUTCDate() !== day || day < 1) throw new PythonError('ValueError', 'day is out of range for month')
  return ms * 1000 + timeUs
}

/** Microseconds since midnight. Throws ValueError for an hour 24 and the like. */
export function clockUs(hour: number, minute: number, second: number, microsecond: number): number {
  const bounds = [
    ['hour', hour, 23],
    ['minute', minute, 59],
    ['second', second, 59],
    ['microsecond', microsecond, 999_999],
  ] as const
  for (const [name, value, most] of bounds)
    if (value < 0 || value > most) throw new PythonError('ValueError', `${name} must be in 0..${most}`)
  return ((hour * 60 + minute) * 60 + second) * 1_000_000 + microsecond
}

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']
const MONTHS = 'January February March April May June July August September October November December'.split(' ')

function dayOfYear({ year, month, day }: Fields): number {
  return (midnightMs(year, month, day) - midnightMs(year, 1, 1)) / 86_400_000 + 1
}

/** Days since 0001-01-01, which is day 1. */
export function ordinal(microseconds: number): number {
  return Math.floor(microseconds / DAY_US) + 719_163
}

/** Year, week and day (Monday is 1) of ISO 8601: a week belongs to the year of its Thursday. */
export function isoCalendar(microseconds: number): readonly [number, number, number] {
  const { weekday } = fieldsOf(microseconds)
  const thursday = fieldsOf(microseconds + (3 - weekday) * DAY_US)
  return [thursday.year, Math.floor((dayOfYear(thursday) - 1) / 7) + 1, weekday + 1]
}

interface Printed extends Fields {
  readonly microseconds: number
  readonly zone: { readonly offset: string; readonly name: string; readonly offsetUs: number }
}

const two = (value: number): string => String(value).padStart(2, ' ')
const hour12 = ({ hour }: Fields): number => ((hour + 11) % 12) + 1
const weekOfYear = (fields: Fields, firstDay: number): string =>
  pad(Math.floor((dayOfYear(fields) + 6 - ((fields.weekday - firstDay + 7) % 7)) / 7))

const directives: Readonly<Record<string, (fields: Printed) => string>> = {
  Y: ({ year }) => String(year),
  y: ({ year }) => pad(year % 100),
  C: ({ year }) => pad(Math.floor(year / 100)),
  m: ({ month }) => pad(month),
  d: ({ day }) => pad(day),
  e: ({ day }) => two(day),
  H: ({ hour }) => pad(hour),
  k: ({ hour }) => two(hour),
  I: (fields) => pad(hour12(fields)),
  l: (fields) => two(hour12(fields)),
  M: ({ minute }) => pad(minute),
  S: ({ second }) => pad(second),
  f: ({ microsecond }) => pad(microsecond, 6),
  p: ({ hour }) => (hour < 12 ? 'AM' : 'PM'),
  P: ({ hour }) => (hour < 12 ? 'am' : 'pm'),
  j: (fields) => pad(dayOfYear(fields), 3),
  A: ({ weekday }) => DAYS[weekday] ?? '',
  a: ({ weekday }) => (DAYS[weekday] ?? '').slice(0, 3),
  B: ({ month }) => MONTHS[month - 1] ?? '',
  b: ({ month }) => (MONTHS[month - 1] ?? '').slice(0, 3),
  h: ({ month }) => (MONTHS[month - 1] ?? '').slice(0, 3),
  w: ({ weekday }) => String((weekday + 1) % 7),
  u: ({ weekday }) => String(weekday + 1),
  U: (fields) => weekOfYear(fields, 6),
  W: (fields) => weekOfYear(fields, 0),
  G: ({ microseconds }) => String(isoCalendar(microseconds)[0]),
  g: ({ microseconds }) => pad(isoCalendar(microseconds)[0] % 100),
  V: ({ microseconds }) => pad(isoCalendar(microseconds)[1]),
  F: ({ year, month, day }) => `${year}-${pad(month)}-${pad(day)}`,
  D: ({ year, month, day }) => `${pad(month)}/${pad(day)}/${pad(year % 100)}`,
  x: ({ year, month, day }) => `${pad(month)}/${pad(day)}/${pad(year % 100)}`,
  T: ({ hour, minute, second }) => `${pad(hour)}:${pad(minute)}:${pad(second)}`,
  X: ({ hour, minute, second }) => `${pad(hour)}:${pad(minute)}:${pad(second)}`,
  R: ({ hour, minute }) => `${pad(hour)}:${pad(minute)}`,
  r: (fields) => `${pad(hour12(fields))}:${pad(fields.minute)}:${pad(fields.second)} ${fields.hour < 12 ? 'AM' : 'PM'}`,
  c: (fields) => asCtime(fields),
  s: ({ microseconds, zone }) => String(Math.floor((microseconds - zone.offsetUs) / 1_000_000)),
  z: ({ zone }) => zone.offset.replaceAll(':', ''),
  Z: ({ zone }) => zone.name,
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
}

export function asCtime(fields: Fields): string {
  const { weekday, month, day, hour, minute, second, year } = fields
  const clock = `${pad(hour)}:${pad(minute)}:${pad(second)}`
  return `${(DAYS[weekday] ?? '').slice(0, 3)} ${(MONTHS[month - 1] ?? '').slice(0, 3)} ${two(day)} ${clock} ${year}`
}

export const NO_ZONE = { offset: '', name: '', offsetUs: 0 } as const

/** C's strftime as glibc does it; `%-d` leaves the padding out. */
export function strftime(microseconds: number, format: string, zone: Printed['zone'] = NO_ZONE): string {
  const printed = { ...fieldsOf(microseconds), microseconds, zone }
  return format.replaceAll(/%([-_0^#]?)(:?[A-Za-z%])/g, (whole, flag: string, letter: string) => {
    if (letter === ':z') return zone.offset
    const text = Object.hasOwn(directives, letter) ? directives[letter]?.(printed) : undefined
    if (text === undefined) return whole
    if (flag === '-') return text.replace(/^[0 ]+(?=.)/, '')
    if (flag === '_') return text.replace(/^0+(?=.)/, (zeros) => ' '.repeat(zeros.length))
    return flag === '^' ? text.toUpperCase() : text
  })
}

const PARTS: Readonly<Record<string, string>> = {
  Y: String.raw`(\d{4})`,
  m: String.raw`(1[0-2]|0[1-9]|[1-9])`,
  d: String.raw`(3[01]|[12]\d|0[1-9]|[1-9]| [1-9])`,
  H: String.raw`(2[0-3]|[01]\d|\d)`,
  I: String.raw`(1[0-2]|0[1-9]|[1-9])`,
  M: String.raw`([0-5]\d|\d)`,
  S: String.raw`(6[01]|[0-5]\d|\d)`,
  f: String.raw`(\d{1,6})`,
  y: String.raw`(\d\d)`,
  j: String.raw`(36[0-6]|3[0-5]\d|[12]\d\d|0[1-9]\d|00[1-9]|[1-9]\d|0[1-9]|[1-9])`,
  p: '(am|pm)',
  b: `(${MONTHS.map((month) => month.slice(0, 3)).join('|')})`,
  B: `(${MONTHS.join('|')})`,
  a: `(${DAYS.map((day) => day.slice(0, 3)).join('|')})`,
  A: `(${DAYS.join('|')})`,
  z: String.raw`([+-]\d\d:?[0-5]\d(?::?[0-5]\d)?|Z)`,
}

export interface ParsedMoment {
  readonly microseconds: number
  readonly offsetMinutes: number | undefined
}

/** Python's strptime for the directives of numbers, names and `%z`. Throws ValueError as Python words it. */
export function strptime(text: string, format: string): ParsedMoment {
  const letters: string[] = []
  const expression = format
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('%F', '%Y-%m-%d')
    .replaceAll('%T', '%H:%M:%S')
    .replaceAll(/\s+/g, String.raw`\s+`)
    .replaceAll(/%(.)/g, (_all, letter: string) => {
      if (letter === '%') return '%'
      const part = PARTS[letter]
      if (part === undefined)
        throw new PythonError('ValueError', `'${letter}' is a bad directive in format '${format}'`)
      letters.push(letter)
      return part
    })
  const found = new RegExp(`^${expression}`, 'i').exec(text)
  if (found === null) throw new PythonError('ValueError', `time data '${text}' does not match format '${format}'`)
  if (found[0].length < text.length)
    throw new PythonError('ValueError', `unconverted data remains: ${text.slice(found[0].length)}`)
  return assembled(new Map(letters.map((letter, index) => [letter, found[index + 1] ?? ''])))
}

function assembled(parts: ReadonlyMap<string, string>): ParsedMoment {
  const number = (letter: string, absent: number): number => {
    const text = parts.get(letter)
    return text === undefined ? absent : Number(text)
  }
  const short = number('y', 0)
  const year = parts.has('y') ? short + (short < 69 ? 2000 : 1900) : number('Y', 1900)
  const monthName = (parts.get('B') ?? parts.get('b') ?? '').toLowerCase().slice(0, 3)
  const named = MONTHS.findIndex((month) => month.toLowerCase().startsWith(monthName)) + 1
  const month = monthName === '' ? number('m', 1) : named
  const afternoon = parts.get('p')?.toLowerCase() === 'pm' ? 12 : 0
  const hour = parts.has('I') ? (number('I', 12) % 12) + afternoon : number('H', 0)
  const fraction = Number((parts.get('f') ?? '').padEnd(6, '0'))
  const clock = clockUs(hour, number('M', 0), number('S', 0), fraction)
  const dayUs = parts.has('j') ? (number('j', 1) - 1) * DAY_US : 0
  const date = parts.has('j') ? microsecondsOf(year, 1, 1) : microsecondsOf(year, month, number('d', 1))
  return { microseconds: date + dayUs + clock, offsetMinutes: offsetMinutes(parts.get('z')) }
}

/** `+09:00`, `-0500` or `Z` in minutes. */
function offsetMinutes(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (text.toUpperCase() === 'Z') return 0
  const [, sign = '+', hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)/.exec(text) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

const ISO =
  /^(\d{4})-?(\d{2})-?(\d{2})(?:[T ](\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?)?$/

/** datetime.fromisoformat; ValueError for anything else. */
export function fromIso(text: string): ParsedMoment {
  const match = ISO.exec(text)
  if (match === null) throw new PythonError('ValueError', `Invalid isoformat string: '${text}'`)
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0))
  const fraction = Number((match[7] ?? '').slice(0, 6).padEnd(6, '0'))
  return {
    microseconds: microsecondsOf(year, month, day, clockUs(hour, minute, second, fraction)),
    offsetMinutes: offsetMinutes(match[8]),
  }
}
