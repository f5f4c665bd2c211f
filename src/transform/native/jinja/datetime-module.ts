import { bind, hostFunction } from './arguments.ts'
import { DAY_US, clockUs, fromIso, microsecondsOf, strptime } from './civil-format.ts'
import { PyDate, PyDateTime, PyTime, PyTimeDelta, timestampUs } from './civil-time.ts'
import { indexOf, isNumber, numberOf } from './number.ts'
import { str, typeName } from './text.ts'
import { FixedZone, PyZone, UTC, zoneNamed } from './time-zone.ts'
import type { Offset } from './time-zone.ts'
import type { CallArguments, Value } from './value.ts'
import { HostDict, HostFunction, HostObject, PythonError } from './value.ts'

class Type extends HostObject {
  readonly #make: (call: CallArguments) => Value
  constructor(name: string, make: (call: CallArguments) => Value, members: readonly (readonly [string, Value])[]) {
    super(name, members)
    this.#make = make
  }
  override call(call: CallArguments): Value {
    return this.#make(call)
  }
  override text(): string {
    return `<class 'datetime.${this.typeName}'>`
  }
}

const SPAN_US = {
  days: DAY_US,
  seconds: 1_000_000,
  microseconds: 1,
  milliseconds: 1000,
  minutes: 60_000_000,
  hours: 3_600_000_000,
  weeks: 7 * DAY_US,
} as const

function timeDelta(call: CallArguments): Value {
  const names = Object.keys(SPAN_US) as (keyof typeof SPAN_US)[]
  const given = bind(call, names, 'timedelta')
  let total = 0
  for (const name of names) {
    const value = given[name] ?? 0
    if (!isNumber(value))
      throw new PythonError('TypeError', `unsupported type for timedelta ${name} component: ${typeName(value)}`)
    total += Number(numberOf(value)) * SPAN_US[name]
  }
  return new PyTimeDelta(Math.round(total))
}

/** Whole numbers by name; TypeError for one that is missing or is none. */
function wholes(call: CallArguments, names: readonly string[], needed: number): number[] {
  const given = bind(call, names, 'datetime')
  return names.map((name, index) => {
    const value = given[name]
    if (value === undefined && index < needed)
      throw new PythonError('TypeError', `function missing required argument '${name}' (pos ${index + 1})`)
    return value === undefined ? 0 : indexOf(value)
  })
}

function withoutZone(call: CallArguments): { call: CallArguments; offset: Offset | null } {
  const zone = call.keyword.get('tzinfo') ?? call.positional[7]
  const keyword = new Map([...call.keyword].filter(([key]) => key !== 'tzinfo' && key !== 'fold'))
  return {
    call: { positional: call.positional.slice(0, 7), keyword },
    offset: zone instanceof PyZone ? zone.fixed() : null,
  }
}

function makeDateTime(given: CallArguments): Value {
  const { call, offset } = withoutZone(given)
  const names = ['year', 'month', 'day', 'hour', 'minute', 'second', 'microsecond']
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, microsecond = 0] = wholes(call, names, 3)
  return new PyDateTime(microsecondsOf(year, month, day, clockUs(hour, minute, second, microsecond)), offset)
}

function makeTime(given: CallArguments): Value {
  const { call } = withoutZone(given)
  const [hour = 0, minute = 0, second = 0, microsecond = 0] = wholes(
    call,
    ['hour', 'minute', 'second', 'microsecond'],
    0,
  )
  return new PyTime(clockUs(hour, minute, second, microsecond))
}

function makeDate(call: CallArguments): Value {
  const [year = 0, month = 0, day = 0] = wholes(call, ['year', 'month', 'day'], 3)
  return PyDate.of(year, month, day)
}

const fixedOffset = (minutes: number | undefined): Offset | null =>
  minutes === undefined ? null : FixedZone.ofMinutes(minutes).fixed()

function text(value: Value | undefined, callee: string): string {
  if (typeof value === 'string') return value
  throw new PythonError('TypeError', `${callee}: argument must be str`)
}

function combined(call: CallArguments): Value {
  const { date = null, time = null } = bind(call, ['date', 'time', 'tzinfo'], 'combine')
  if (!(date instanceof PyDate || date instanceof PyDateTime) || !(time instanceof PyTime))
    throw new PythonError('TypeError', 'combine() needs a date and a time')
  return new PyDateTime(Math.floor(date.microseconds / DAY_US) * DAY_US + time.microseconds)
}

function inZone(utcUs: number, zone: Value | undefined): Value {
  return zone instanceof PyZone ? PyDateTime.at(utcUs, zone) : new PyDateTime(utcUs)
}

type Member = readonly [string, Value]

function method(name: string, body: (call: CallArguments) => Value): Member {
  return [name, new HostFunction(name, body)]
}

const fromOrdinal = (call: CallArguments): number => (indexOf(call.positional[0] ?? null) - 719_163) * DAY_US

function dateMembers(nowMs: () => number): Member[] {
  return [
    method('today', () => new PyDate(Math.floor((nowMs() * 1000) / DAY_US) * DAY_US)),
    method('fromisoformat', (call) => PyDate.fromText(text(call.positional[0], 'fromisoformat'))),
    method('fromordinal', (call) => new PyDate(fromOrdinal(call))),
    method(
      'fromtimestamp',
      (call) => new PyDate(Math.floor(timestampUs(call.positional[0] ?? null) / DAY_US) * DAY_US),
    ),
    ['min', PyDate.of(1, 1, 1)],
    ['max', PyDate.of(9999, 12, 31)],
  ]
}

function dateTimeMembers(nowMs: () => number): Member[] {
  const now = (): Value => new PyDateTime(nowMs() * 1000)
  return [
    method('now', (call) => inZone(nowMs() * 1000, call.positional[0] ?? call.keyword.get('tz'))),
    method('utcnow', now),
    method('today', now),
    method('fromisoformat', (call) => {
      const { microseconds, offsetMinutes } = fromIso(text(call.positional[0], 'fromisoformat'))
      return new PyDateTime(microseconds, fixedOffset(offsetMinutes))
    }),
    method('strptime', (call) => {
      const [given, format] = call.positional
      const { microseconds, offsetMinutes } = strptime(text(given, 'strptime()'), text(format, 'strptime()'))
      return new PyDateTime(microseconds, fixedOffset(offsetMinutes))
    }),
    method('fromtimestamp', (call) =>
      inZone(timestampUs(call.positional[0] ?? null), call.positional[1] ?? call.keyword.get('tz')),
    ),
    method('utcfromtimestamp', (call) => new PyDateTime(timestampUs(call.positional[0] ?? null))),
    method('fromordinal', (call) => new PyDateTime(fromOrdinal(call))),
    method('combine', combined),
    ['min', new PyDateTime(microsecondsOf(1, 1, 1))],
    ['max', new PyDateTime(microsecondsOf(9999, 12, 31, DAY_US - 1))],
  ]
}

/** `modules.datetime` over an injected clock, in milliseconds. Local time is UTC. */
export function datetimeModule(nowMs: () => number): HostDict {
  return new HostDict([
    ['date', new Type('date', makeDate, dateMembers(nowMs))],
    ['datetime', new Type('datetime', makeDateTime, dateTimeMembers(nowMs))],
    ['time', new Type('time', makeTime, [method('fromisoformat', timeFromIso)])],
    ['timedelta', new Type('timedelta', timeDelta, [])],
    ['tzinfo', new Type('tzinfo', () => null, [])],
  ])
}

function timeFromIso(call: CallArguments): Value {
  return new PyTime(fromIso(`1970-01-01T${text(call.positional[0], 'fromisoformat')}`).microseconds)
}

function needsNoZone(value: Value | undefined): PyDateTime {
  if (!(value instanceof PyDateTime)) throw new PythonError('AttributeError', 'localize() needs a datetime')
  if (value.offset !== null) throw new PythonError('ValueError', 'Not naive datetime (tzinfo is already set)')
  return value
}

/** A zone as `modules.pytz` hands it out: with `localize` and `normalize`. */
function localize(zone: PyZone): HostFunction {
  return new HostFunction('localize', (call) => {
    const moment = needsNoZone(call.positional[0])
    const isSummer = (call.positional[1] ?? call.keyword.get('is_dst') ?? false) === true
    return new PyDateTime(moment.microseconds, zone.localized(moment.microseconds, isSummer))
  })
}

function normalize(zone: PyZone): HostFunction {
  return new HostFunction('normalize', (call) => {
    const [moment] = call.positional
    if (!(moment instanceof PyDateTime) || moment.offset === null)
      throw new PythonError('ValueError', 'Naive time - no tzinfo set')
    return PyDateTime.at(moment.instant(), zone)
  })
}

/** Gives a zone the methods that need datetimes, which the zone itself knows nothing of. */
function withMethods(zone: PyZone): PyZone {
  zone.methods ??= { localize: localize(zone), normalize: normalize(zone) }
  return zone
}

/** `modules.pytz`: the zones of the tz database, with the wall-clock rules of pytz. */
export const pytzModule = new HostDict([
  ['utc', withMethods(UTC)],
  ['timezone', hostFunction('timezone', ['zone'], ({ zone = '' }) => withMethods(zoneNamed(str(zone))))],
  [
    'FixedOffset',
    hostFunction('FixedOffset', ['offset'], ({ offset = 0 }) => withMethods(FixedZone.ofMinutes(indexOf(offset)))),
  ],
  ['all_timezones', Intl.supportedValuesOf('timeZone')],
  ['common_timezones', Intl.supportedValuesOf('timeZone')],
])
