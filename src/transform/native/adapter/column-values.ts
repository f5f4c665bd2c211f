import type pg from 'pg'
import { PyDate, PyDateTime } from '../jinja/civil-time.ts'
import { normalInteger } from '../jinja/number.ts'
import { FixedZone, UTC } from '../jinja/time-zone.ts'
import type { Value } from '../jinja/value.ts'
import { PyDecimal, PyFloat } from '../jinja/value.ts'

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
} as const

const readers: ReadonlyMap<number, (text: string) => Value> = new Map<number, (text: string) => Value>([
  [OID.bool, (text) => text === 't'],
  [OID.int2, Number],
  [OID.int4, Number],
  [OID.oid, Number],
  [OID.int8, (text) => normalInteger(BigInt(text))],
  [OID.float4, (text) => new PyFloat(Number(text))],
  [OID.float8, (text) => new PyFloat(Number(text))],
  [OID.numeric, (text) => new PyDecimal(text)],
  [OID.date, (text) => dateOr(text)],
  [OID.timestamp, (text) => dateTimeOr(text)],
  [OID.timestamptz, (text) => instantOr(text)],
])

/** Infinity and years beyond four digits have no date in Python either; they stay text. */
const CIVIL = /^\d{4}-\d{2}-\d{2}/

function dateOr(text: string): Value {
  return CIVIL.test(text) ? PyDate.fromText(text) : text
}

function dateTimeOr(text: string): Value {
  return CIVIL.test(text) && !text.endsWith('BC') ? PyDateTime.fromText(text) : text
}

const OFFSET = /([+-])(\d{2})(?::(\d{2}))?$/
const MINUTE_US = 60_000_000

/** With the offset that the server prints: that of the session's zone. */
function instantOr(text: string): Value {
  const [tail = '', sign = '+', hours = '0', minutes = '0'] = OFFSET.exec(text) ?? []
  if (!CIVIL.test(text) || tail === '') return text
  const us = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_US
  const zone = us === 0 ? UTC : new FixedZone(`UTC${sign}${hours}:${minutes.padStart(2, '0')}`, us, '')
  return new PyDateTime(PyDateTime.fromText(text.slice(0, -tail.length)).microseconds, zone.fixed())
}

/** Reads columns into template values: integers exact beyond 2^53, decimals with their digits. */
export const columnTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number) =>
    readers.get(oid) ?? ((text: string) => text)) as pg.CustomTypesConfig['getTypeParser'],
}

export function toValue(cell: unknown): Value {
  return (cell ?? null) as Value
}
