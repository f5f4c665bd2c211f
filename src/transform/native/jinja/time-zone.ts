import { PyObject, PythonError } from './value.ts'
import type { Value } from './value.ts'
import { fieldsOf, pad } from './civil-format.ts'

const MINUTE_US = 60_000_000
const HOUR_US = 60 * MINUTE_US

/** The offset that holds in a zone at some moment: what pytz makes the zone of a datetime. */
export interface Offset {
  readonly zone: PyZone
  readonly us: number
  readonly name: string
  readonly isSummer: boolean
}

/** `+09:00` or `-04:56:02`. */
export function offsetText(us: number): string {
  const seconds = Math.round(Math.abs(us) / 1_000_000)
  const clock = `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}`
  return `${us < 0 ? '-' : '+'}${clock}${seconds % 60 === 0 ? '' : `:${pad(seconds % 60)}`}`
}

/** A zone of pytz's. `at` is the offset that holds at an instant of UTC. */
export abstract class PyZone extends PyObject {
  readonly typeName: string = 'pytz.tzinfo'
  abstract readonly name: string
  /** `localize` and `normalize`, which need datetimes and come from the module that has both. */
  methods: Readonly<Record<string, Value>> | undefined
  abstract at(utcUs: number): Offset
  /** What `datetime(…, tzinfo=zone)` gets, without asking when: pytz's zones give their first offset ever. */
  abstract fixed(): Offset
  abstract localized(localUs: number, isSummer: boolean): Offset
  /** How a datetime with this offset prints its zone. */
  reprOf(_offset: Offset): string {
    return this.repr()
  }
  override attribute(name: string): Value | undefined {
    if (name === 'zone') return this.name
    return this.methods !== undefined && Object.hasOwn(this.methods, name) ? this.methods[name] : undefined
  }
  override text(): string {
    return this.name
  }
  override equals(other: Value): boolean {
    return other instanceof PyZone && other.name === this.name
  }
}

/** An offset that never changes: pytz.utc, FixedOffset and what `%z` reads. */
export class FixedZone extends PyZone {
  override readonly typeName = 'pytz.FixedOffset'
  readonly name: string
  readonly #us: number
  readonly #label: string
  constructor(name: string, us: number, label: string) {
    super()
    this.name = name
    this.#us = us
    this.#label = label
  }
  static ofMinutes(minutes: number): FixedZone {
    return minutes === 0 ? UTC : new FixedZone(`pytz.FixedOffset(${minutes})`, minutes * MINUTE_US, '')
  }
  at(): Offset {
    return this.fixed()
  }
  fixed(): Offset {
    return { zone: this, us: this.#us, name: this.#label, isSummer: false }
  }
  localized(): Offset {
    return this.fixed()
  }
  override repr(): string {
    return this.name === 'UTC' ? '<UTC>' : this.name
  }
}

export const UTC = new FixedZone('UTC', 0, 'UTC')

/** Abbreviations that the tz database has and Intl does not print in English: by area, or by the zone itself. */
const ABBREVIATIONS: readonly (readonly [RegExp, Readonly<Record<string, string>>])[] = [
  [/^Europe\/(?:London|Belfast|Jersey|Guernsey|Isle_of_Man)$|^GB$/, { 0: 'GMT', 60: 'BST' }],
  [/^Europe\/Dublin$/, { 0: 'GMT', 60: 'IST' }],
  [/^Europe\/(?:Moscow|Simferopol|Kirov)$/, { 180: 'MSK' }],
  [/^(?:Europe\/Lisbon|Atlantic\/(?:Canary|Madeira|Faroe))$|^Portugal$/, { 0: 'WET', 60: 'WEST' }],
  [/^Europe\/|^Asia\/(?:Nicosia|Beirut)$|^Africa\/Cairo$/, { 60: 'CET', 120: 'EET', 180: 'EEST' }],
  [/^Africa\//, { 0: 'GMT', 60: 'WAT', 120: 'CAT', 180: 'EAT' }],
  [/^Asia\/Tokyo$|^Japan$/, { 540: 'JST' }],
  [/^Asia\/(?:Seoul|Pyongyang)$|^ROK$/, { 540: 'KST' }],
  [/^Asia\/(?:Shanghai|Taipei|Macau|Chongqing)$|^PRC$/, { 480: 'CST' }],
  [/^Asia\/Hong_Kong$|^Hongkong$/, { 480: 'HKT' }],
  [/^Asia\/(?:Kolkata|Calcutta)$/, { 330: 'IST' }],
  [/^Asia\/Jakarta$/, { 420: 'WIB' }],
  [/^Asia\/Manila$/, { 480: 'PST' }],
  [/^Asia\/Karachi$/, { 300: 'PKT' }],
  [/^Asia\/(?:Jerusalem|Tel_Aviv)$|^Israel$/, { 120: 'IST', 180: 'IDT' }],
  [/^Australia\/Perth$/, { 480: 'AWST' }],
  [/^Australia\/(?:Adelaide|Darwin|Broken_Hill)$/, { 570: 'ACST', 630: 'ACDT' }],
  [/^Australia\//, { 600: 'AEST', 660: 'AEDT' }],
  [/^Pacific\/Auckland$|^NZ$/, { 720: 'NZST', 780: 'NZDT' }],
]
/** Central European summer time shares its offset with Eastern European time, so it is told apart by the season. */
const CENTRAL_SUMMER =
  /^Europe\/(?!Athens|Bucharest|Helsinki|Kiev|Kyiv|Riga|Sofia|Tallinn|Vilnius|Istanbul|Chisinau|Mariehamn)/

/** A zone of the tz database, read through the platform's own copy of it. */
class NamedZone extends PyZone {
  readonly name: string
  readonly #format: Intl.DateTimeFormat
  readonly #short: Intl.DateTimeFormat

  constructor(name: string) {
    super()
    this.name = name
    const fields = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    } as const
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      hourCycle: 'h23',
      era: 'short',
      ...fields,
    })
    this.#short = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'short' })
  }

  at(utcUs: number): Offset {
    const us = this.#offsetUs(utcUs)
    const isSummer =
      us > Math.min(this.#offsetUs(januaryOf(utcUs)), this.#offsetUs(januaryOf(utcUs) + 182 * 24 * HOUR_US))
    return { zone: this, us, name: this.#abbreviation(utcUs, us, isSummer), isSummer }
  }

  /** pytz keeps a zone's first offset, local mean time in whole minutes. */
  fixed(): Offset {
    const us = Math.round(this.#offsetUs(Date.UTC(1800, 0, 1) * 1000) / MINUTE_US) * MINUTE_US
    return { zone: this, us, name: 'LMT', isSummer: false }
  }

  /** pytz's localize: of two possible offsets the one of the season asked for; a time that never was moves by the gap. */
  localized(localUs: number, isSummer: boolean): Offset {
    const near = [localUs - 24 * HOUR_US, localUs + 24 * HOUR_US].map((us) => this.at(us))
    const possible = near.filter((offset) => this.at(localUs - offset.us).us === offset.us)
    const [first, second] = possible
    if (first === undefined) return this.localized(localUs + (isSummer ? 6 : -6) * HOUR_US, isSummer)
    if (second === undefined || second.us === first.us) return first
    return possible.find((offset) => offset.isSummer === isSummer) ?? first
  }

  #offsetUs(utcUs: number): number {
    const seconds = Math.floor(utcUs / 1_000_000)
    const parts = new Map(this.#format.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]))
    const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type))
    const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year')
    const local = new Date(0)
    local.setUTCFullYear(year, number('month') - 1, number('day'))
    local.setUTCHours(number('hour'), number('minute'), number('second'))
    return (local.getTime() / 1000 - seconds) * 1_000_000
  }

  #abbreviation(utcUs: number, us: number, isSummer: boolean): string {
    const short = this.#short.formatToParts(Math.floor(utcUs / 1000)).find(({ type }) => type === 'timeZoneName')?.value
    if (short !== undefined && /^[A-Z]{3,4}$/.test(short)) return short
    const minutes = us / MINUTE_US
    if (minutes === 120 && isSummer && CENTRAL_SUMMER.test(this.name)) return 'CEST'
    const known = ABBREVIATIONS.find(([pattern]) => pattern.test(this.name))?.[1][String(minutes)]
    return known ?? offsetText(us).replace(':00', '').replace(':', '')
  }

  override repr(): string {
    return this.reprOf(this.fixed())
  }

  override reprOf({ us, name, isSummer }: Offset): string {
    const days = Math.floor(us / (24 * HOUR_US))
    const { hour, minute, second } = fieldsOf(us - days * 24 * HOUR_US)
    const clock = `${hour}:${pad(minute)}:${pad(second)}`
    const shown = days === 0 ? `+${clock}` : `${days} day, ${clock}`
    return `<DstTzInfo '${this.name}' ${name}${shown} ${isSummer ? 'DST' : 'STD'}>`
  }
}

function januaryOf(utcUs: number): number {
  return Date.UTC(fieldsOf(utcUs).year, 0, 1) * 1000
}

const zones = new Map<string, PyZone>([['UTC', UTC]])

/** pytz.timezone. The database's own spelling wins over the case of the argument. Throws UnknownTimeZoneError as a KeyError. */
export function zoneNamed(name: string): PyZone {
  const held = zones.get(name)
  if (held !== undefined) return held
  if (name.toUpperCase() === 'UTC') return UTC
  if (!/^[A-Za-z][\w+/-]*$/.test(name)) throw new PythonError('KeyError', `'${name}'`)
  try {
    const made = new NamedZone(name)
    zones.set(name, made)
    return made
  } catch (error) {
    if (error instanceof RangeError) throw new PythonError('KeyError', `'${name}'`)
    throw error
  }
}
