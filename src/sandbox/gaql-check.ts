import { day as parseDay } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber, dayText, weekday } from './day-number.ts'
import { isNumeric } from './gaql-meets.ts'
import type { Condition, Query } from './gaql-parse.ts'
import type { GoogleField, GoogleResource } from './google-fields.ts'
import { conversionMetrics, dateSegments, googleFields, googleResources } from './google-fields.ts'
import { GoogleRefusal, queryRefusal } from './google-error.ts'

/** First and last day, both inclusive. */
export interface DayNumbers {
  readonly first: DayNumber
  readonly last: DayNumber
}

/** A query whose every name is known and allowed where it stands. */
export interface CheckedQuery {
  readonly query: Query
  readonly resource: GoogleResource
  readonly hasMetrics: boolean
  /** Selected segments; they are the grain of the rows. */
  readonly segments: readonly string[]
  readonly byAction: boolean
  readonly range: DayNumbers
  /** Conditions that the range does not already say. */
  readonly conditions: readonly Condition[]
}

const retentionMonths = 37

export function fieldOf(name: string, version: number): GoogleField {
  const field = Object.hasOwn(googleFields, name) ? googleFields[name] : undefined
  if (!field || (field.since ?? 0) > version || (field.until ?? Infinity) <= version) {
    throw queryRefusal('UNRECOGNIZED_FIELD', `Unrecognized field in the query: '${name}'.`)
  }
  return field
}

const groupOf = (name: string) => name.slice(0, name.indexOf('.'))

function resourceOf(from: string): GoogleResource {
  if (Object.hasOwn(googleResources, from)) return from as GoogleResource
  throw queryRefusal(
    'BAD_RESOURCE_TYPE_IN_FROM_CLAUSE',
    `Error in query: '${from}' is not a resource that can be queried.`,
  )
}

function checkReach(names: readonly string[], resource: GoogleResource, clause: 'SELECT' | 'WHERE'): void {
  const { attributes, metrics } = googleResources[resource]
  for (const name of names) {
    const group = groupOf(name)
    if (group === 'metrics' || group === 'segments') {
      if (metrics) continue
      const code = `PROHIBITED_${group === 'metrics' ? 'METRIC' : 'SEGMENT'}_IN_SELECT_OR_WHERE_CLAUSE`
      throw queryRefusal(code, `Cannot select or filter on '${name}': it is not compatible with '${resource}'.`)
    }
    if ((attributes as readonly string[]).includes(group)) continue
    throw queryRefusal(
      `PROHIBITED_RESOURCE_TYPE_IN_${clause}_CLAUSE`,
      `The following field may not be used in the ${clause} clause with the '${resource}' resource: '${name}'.`,
    )
  }
}

function checkActionSegments(names: readonly string[]): boolean {
  const byAction = names.some((name) => name.startsWith('segments.conversion_action'))
  const refused = names.find((name) => groupOf(name) === 'metrics' && !conversionMetrics.has(name))
  if (!byAction || !refused) return byAction
  throw queryRefusal(
    'PROHIBITED_SEGMENT_WITH_METRIC_IN_SELECT_OR_WHERE_CLAUSE',
    `Cannot select or filter on the following segments: 'segments.conversion_action', since segments are incompatible with the metric '${refused}'.`,
  )
}

function checkOrder(query: Query, version: number): void {
  for (const { field } of query.orderBy) {
    fieldOf(field, version)
    if (!query.select.includes(field) && ['metrics', 'segments'].includes(groupOf(field))) {
      throw queryRefusal(
        'EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE',
        `The following field must be in SELECT to be ordered by: '${field}'.`,
      )
    }
  }
}

/** `YYYY-MM-DD` that the calendar has; the API tells the wrong shape from the day that does not exist. */
function dateValue(text: string): DayNumber {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw queryRefusal('INVALID_DATE_FORMAT', `Invalid date format: '${text}'.`)
  try {
    return dayNumber(parseDay(text))
  } catch (error) {
    if (!isMillraceError(error)) throw error
    throw new GoogleRefusal(400, 'dateRangeError', 'INVALID_DATE', `Invalid date: '${text}'.`)
  }
}

function checkValues(condition: Condition, field: GoogleField): void {
  const { operator, values } = condition
  if (operator === 'DURING' && field.type !== 'DATE') {
    throw queryRefusal('OPERATOR_FIELD_MISMATCH', `Operator DURING cannot be used with '${condition.field}'.`)
  }
  if (operator === 'DURING' || operator === 'LIKE' || operator === 'NOT LIKE') return
  for (const value of values) {
    if (typeof field.type === 'object' && !field.type.includes(value)) {
      throw queryRefusal('BAD_ENUM_CONSTANT', `Invalid enum value cannot be included in WHERE clause: '${value}'.`)
    }
    if (isNumeric(field) && !/^-?\d+(?:\.\d+)?$/.test(value)) {
      throw queryRefusal('BAD_NUMBER', `'${value}' is not a number, as '${condition.field}' is.`)
    }
    if (field.type === 'BOOLEAN' && !/^(?:true|false)$/i.test(value)) {
      throw queryRefusal('BAD_VALUE', `'${value}' is neither TRUE nor FALSE.`)
    }
    if (field.type === 'DATE') dateValue(value)
  }
}

function checkWhere(query: Query, version: number): void {
  for (const condition of query.where) {
    const field = fieldOf(condition.field, version)
    const group = groupOf(condition.field)
    const mustBeSelected = group === 'segments' && !dateSegments.has(condition.field)
    if (mustBeSelected && !query.select.includes(condition.field)) {
      throw queryRefusal(
        'EXPECTED_REFERENCED_FIELD_IN_SELECT_CLAUSE',
        `The following field must be present in SELECT clause: '${condition.field}'.`,
      )
    }
    checkValues(condition, field)
  }
}

/** DURING's words as days of the account's zone; `today` is the running one and is part of TODAY and THIS_* only. */
function during(word: string, today: DayNumber): DayNumbers {
  const back = (days: number): DayNumbers => ({ first: today - days, last: today - 1 })
  const monthStart = dayNumber(`${dayText(today).slice(0, 7)}-01`)
  const lastMonthEnd = monthStart - 1
  const sinceSunday = weekday(today)
  const sinceMonday = (weekday(today) + 6) % 7
  const words: Readonly<Record<string, DayNumbers>> = {
    TODAY: { first: today, last: today },
    YESTERDAY: back(1),
    LAST_7_DAYS: back(7),
    LAST_14_DAYS: back(14),
    LAST_30_DAYS: back(30),
    LAST_BUSINESS_WEEK: { first: today - sinceMonday - 7, last: today - sinceMonday - 3 },
    THIS_MONTH: { first: monthStart, last: today },
    LAST_MONTH: { first: dayNumber(`${dayText(lastMonthEnd).slice(0, 7)}-01`), last: lastMonthEnd },
    THIS_WEEK_SUN_TODAY: { first: today - sinceSunday, last: today },
    THIS_WEEK_MON_TODAY: { first: today - sinceMonday, last: today },
    LAST_WEEK_SUN_SAT: { first: today - sinceSunday - 7, last: today - sinceSunday - 1 },
    LAST_WEEK_MON_SUN: { first: today - sinceMonday - 7, last: today - sinceMonday - 1 },
  }
  const range = Object.hasOwn(words, word) ? words[word] : undefined
  if (!range) throw queryRefusal('INVALID_VALUE_WITH_DURING_OPERATOR', `Invalid value with DURING operator: '${word}'.`)
  return range
}

/** The days that one condition on `segments.date` leaves; open ends are infinite. */
function daysOfCondition({ operator, values }: Condition, today: DayNumber): DayNumbers | undefined {
  const [a, b] = operator === 'DURING' ? [0, 0] : values.map(dateValue)
  if (a === undefined) return undefined
  if (operator === '=') return { first: a, last: a }
  if (operator === '>=') return { first: a, last: Infinity }
  if (operator === '>') return { first: a + 1, last: Infinity }
  if (operator === '<=') return { first: -Infinity, last: a }
  if (operator === '<') return { first: -Infinity, last: a - 1 }
  if (operator === 'BETWEEN') return { first: a, last: b ?? a }
  return operator === 'DURING' ? during(values[0]!, today) : undefined
}

/** How far back reports reach: 37 months before the running day. */
function oldestDay(today: DayNumber): DayNumber {
  const [year = 0, month = 0] = dayText(today).split('-').map(Number)
  const months = year * 12 + (month - 1) - retentionMonths
  return dayNumber(`${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, '0')}-01`)
}

function checkedRange(range: DayNumbers, today: DayNumber, segmented: boolean): DayNumbers {
  const bounded = Number.isFinite(range.first) && Number.isFinite(range.last)
  if (segmented && !bounded) {
    throw queryRefusal(
      'EXPECTED_FILTERS_ON_DATE_RANGE',
      'A finite date range must be specified in the WHERE clause when a date segment is selected.',
    )
  }
  if (range.first > range.last) {
    throw new GoogleRefusal(400, 'dateRangeError', 'START_DATE_AFTER_END_DATE', 'The start date is after the end date.')
  }
  const oldest = oldestDay(today)
  if (segmented && range.first < oldest) {
    throw new GoogleRefusal(
      400,
      'dateRangeError',
      'REQUESTED_DATE_GRANULARITY_NOT_SUPPORTED',
      'Requested date granularity is not supported for dates older than 37 months.',
    )
  }
  // Days to come have no rows; walking to the end of an open range would walk for ever.
  return { first: Math.max(range.first, oldest), last: Math.min(range.last, today) }
}

/**
 * Checks a parsed query as the API does: resource, then fields, then what may stand together, then dates.
 * `today` is the running day in the account's zone. Throws query and date range refusals.
 */
export function checkQuery(query: Query, version: number, today: DayNumber): CheckedQuery {
  const resource = resourceOf(query.from)
  for (const name of query.select) fieldOf(name, version)
  checkWhere(query, version)
  checkOrder(query, version)
  checkReach(query.select, resource, 'SELECT')
  checkReach(
    query.where.map((condition) => condition.field),
    resource,
    'WHERE',
  )
  const names = [...query.select, ...query.where.map((condition) => condition.field)]
  const byAction = checkActionSegments(names)
  let range: DayNumbers = { first: -Infinity, last: Infinity }
  const conditions: Condition[] = []
  for (const condition of query.where) {
    const days = condition.field === 'segments.date' ? daysOfCondition(condition, today) : undefined
    if (days) range = { first: Math.max(range.first, days.first), last: Math.min(range.last, days.last) }
    else conditions.push(condition)
  }
  const segments = query.select.filter((name) => name.startsWith('segments.'))
  const segmented = segments.some((name) => dateSegments.has(name))
  return {
    query,
    resource,
    hasMetrics: names.some((name) => name.startsWith('metrics.')),
    segments,
    byAction,
    range: checkedRange(range, today, segmented),
    conditions,
  }
}
