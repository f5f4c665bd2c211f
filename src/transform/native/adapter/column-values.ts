import pg from 'pg'
import { PyDate, PyDateTime, PyTimeDelta } from '../jinja/civil-time.ts'
import { toJson } from '../jinja/json.ts'
import { parseJson } from '../jinja/json-parser.ts'
import { normalInteger } from '../jinja/number.ts'
import { floatText } from '../jinja/text.ts'
import { FixedZone } from '../jinja/time-zone.ts'
import type { Value } from '../jinja/value.ts'
import { PyDecimal, PyFloat, PyObject } from '../jinja/value.ts'

/** Postgres' types whose text a template must not see as text. Everything else arrives as the server prints it. */
const OID = {
  bool: 16,
  int8: 20,
  int2: 21,
  int4: 23,
  oid: 26,
  float4: 700,
  float8: 701,
  numeric: 1700,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  json: 114,
  jsonb: 3802,
} as const

/** Arrays that Python's driver reads, by the type of their items; dbt shows them as JSON. Others stay Postgres' text. */
const ARRAYS: readonly (readonly [number, (text: string) => Value])[] = [
  [1000, (text) => text === 't'],
  ...[1005, 1007, 1016].map((oid): [number, (text: string) => Value] => [oid, (text) => normalInteger(BigInt(text))]),
  ...[1021, 1022, 1231].map((oid): [number, (text: string) => Value] => [oid, (text) => new PyFloat(Number(text))]),
  ...[1003, 1009, 1014, 1015].map((oid): [number, (text: string) => Value] => [oid, (text) => text]),
]

const textArray = (pg.types.getTypeParser as (oid: number, format: 'text') => (text: string) => unknown)(1009, 'text')
const arrays = ARRAYS.map(([oid, item]): [number, (text: string) => Value] => [
  oid,
  (text) => toJson(items(textArray(text), item)),
])

function items(value: unknown, item: (text: string) => Value): Value {
  if (Array.isArray(value)) return value.map((one) => items(one, item))
  return typeof value === 'string' ? item(value) : null
}

const readers: ReadonlyMap<number, (text: string) => Value> = new Map<number, (text: string) => Value>([
  [OID.bool, (text) => text === 't'],
  [OID.int2, Number],
  [OID.int4, Number],
  [OID.oid, Number],
  [OID.int8, (text) => normalInteger(BigInt(text))],
  [OID.float4, (text) => decimalOf(text)],
  [OID.float8, (text) => decimalOf(text)],
  [OID.numeric, (text) => new PyDecimal(text)],
  [OID.date, (text) => dateOr(text)],
  [OID.timestamp, (text) => dateTimeOr(text)],
  [OID.timestamptz, (text) => zonedOr(text)],
  [OID.interval, (text) => intervalText(text)],
  [OID.json, (text) => jsonCell(text)],
  [OID.jsonb, (text) => jsonCell(text)],
  ...arrays,
])

/** Infinity and years beyond four digits have no date in Python either; they stay text. */
const CIVIL = /^\d{4}-\d{2}-\d{2}/

function dateOr(text: string): Value {
  return CIVIL.test(text) ? PyDate.fromText(text) : text
}

function dateTimeOr(text: string): Value {
  return CIVIL.test(text) && !text.endsWith('BC') ? PyDateTime.fromText(text) : text
}

/** A double as dbt hands it out: the decimal of Python's shortest digits. */
function decimalOf(text: string): PyDecimal {
  const shown = floatText(Number(text))
  const special = { nan: 'NaN', inf: 'Infinity', '-inf': '-Infinity' }[shown]
  return new PyDecimal(special ?? shown.replace('e', 'E'))
}

function zonedOr(text: string): Value {
  const match = /^(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d+)?)([+-]\d{2})(?::(\d{2}))?$/.exec(text)
  if (match === null) return text
  const [, civil = '', hours = '0', minutes = '0'] = match
  const offset = Number(hours) * 60 + (hours.startsWith('-') ? -1 : 1) * Number(minutes)
  return new PyDateTime(PyDateTime.fromText(civil).microseconds, FixedZone.ofMinutes(offset).fixed())
}

const UNIT_DAYS: Readonly<Record<string, number>> = { year: 365, years: 365, mon: 30, mons: 30, day: 1, days: 1 }

/** `1 mon 2 days 03:04:05` as Python prints the span, where a month has 30 days and a year 365. */
function intervalText(text: string): string {
  let microseconds = 0
  for (const [, count = '0', unit = ''] of text.matchAll(/([+-]?\d+) (years?|mons?|days?)/g))
    microseconds += Number(count) * (UNIT_DAYS[unit] ?? 0) * 86_400_000_000
  const clock = /([+-]?)(\d+):(\d{2}):(\d{2})(?:\.(\d+))?$/.exec(text)
  if (clock !== null) {
    const [, sign, hours, minutes, seconds, fraction = ''] = clock
    const time = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000
    microseconds += (sign === '-' ? -1 : 1) * (time + Number(fraction.padEnd(6, '0')))
  }
  return new PyTimeDelta(microseconds).text()
}

/** JSON as Python prints it; a scalar is the value itself. */
function jsonCell(text: string): Value {
  const value = parseJson(text)
  return Array.isArray(value) || (value instanceof PyObject && value.isMapping) ? toJson(value) : value
}

/** Reads columns into template values: integers exact beyond 2^53, decimals with their digits. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number) =>
    readers.get(oid) ?? ((text: string) => text)) as pg.CustomTypesConfig['getTypeParser'],
}

export function toValue(cell: unknown): Value {
  return (cell ?? null) as Value
}
