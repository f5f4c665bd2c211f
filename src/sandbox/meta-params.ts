import { day as parseDay } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber, dayText, mondayOf } from './day-number.ts'
import type { DayNumbers } from './gaql-check.ts'
import { attributionWindows } from './meta-actions.ts'
import { MetaRefusal, invalidParameter } from './meta-error.ts'
import { summableFields, insightFields } from './meta-fields.ts'

/** Filters that this world can answer; any other is refused rather than ignored. */
export interface MetaFilter {
  readonly field: string
  readonly operator: string
  readonly value: unknown
}

const insightLevels = ['account', 'campaign', 'adset', 'ad'] as const

/** The parameters of one insights call, checked. */
export interface InsightsParams {
  readonly level: (typeof insightLevels)[number]
  readonly fields: readonly string[]
  readonly periods: readonly DayNumbers[]
  readonly windows: readonly string[]
  /** Undefined: no summary was asked for. */
  readonly summary: readonly string[] | undefined
  readonly filters: readonly MetaFilter[]
  readonly limit: number
}

function jsonParam(query: URLSearchParams, name: string): unknown {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw invalidParameter(`Param ${name} must be valid JSON.`)
  }
}

/** A list as Meta takes it: a JSON array or comma-separated names. */
export function listParam(query: URLSearchParams, name: string): readonly string[] {
  const text = query.get(name)?.trim()
  if (!text) return []
  if (text.startsWith('[')) return (jsonParam(query, name) as unknown[]).map(String)
  return text.split(',').map((one) => one.trim())
}

export function limitParam(query: URLSearchParams): number {
  const text = query.get('limit')
  if (text === null) return 25
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1) throw invalidParameter('Param limit must be an integer greater than 0')
  return limit
}

function checkFields(names: readonly string[], known: ReadonlySet<string>): void {
  const unknown = names.filter((name) => !known.has(name))
  if (unknown.length === 0) return
  throw invalidParameter(
    `${unknown.join(', ')} is not valid for fields param. please check https://developers.facebook.com/docs/marketing-api/reference/ads-insights/ for all valid values`,
  )
}

function dateOf(value: unknown, name: string): DayNumber {
  try {
    return dayNumber(parseDay(String(value)))
  } catch (error) {
    if (!isMillraceError(error)) throw error
    throw invalidParameter(`Must be a date representation in the format YYYY-MM-DD: ${name}`)
  }
}

const retentionDays = 1125

const presets: Readonly<Record<string, (today: DayNumber) => DayNumbers>> = {
  today: (today) => ({ first: today, last: today }),
  yesterday: (today) => ({ first: today - 1, last: today - 1 }),
  last_3d: (today) => ({ first: today - 3, last: today - 1 }),
  last_7d: (today) => ({ first: today - 7, last: today - 1 }),
  last_14d: (today) => ({ first: today - 14, last: today - 1 }),
  last_28d: (today) => ({ first: today - 28, last: today - 1 }),
  last_30d: (today) => ({ first: today - 30, last: today - 1 }),
  last_90d: (today) => ({ first: today - 90, last: today - 1 }),
  this_month: (today) => ({ first: dayNumber(`${dayText(today).slice(0, 7)}-01`), last: today }),
  this_week_mon_today: (today) => ({ first: mondayOf(today), last: today }),
}

function rangeOf(query: URLSearchParams, today: DayNumber): DayNumbers {
  const range = jsonParam(query, 'time_range') as { since?: unknown; until?: unknown } | undefined
  if (!range) {
    const preset = query.get('date_preset') ?? 'last_30d'
    const make = Object.hasOwn(presets, preset) ? presets[preset] : undefined
    if (!make) throw invalidParameter(`Param date_preset must be one of {${Object.keys(presets).join(', ')}}`)
    return make(today)
  }
  const [first, last] = [dateOf(range.since, 'time_range[since]'), dateOf(range.until, 'time_range[until]')]
  if (first > last) throw invalidParameter('time_range: since must be before or equal to until')
  if (first < today - retentionDays) {
    throw new MetaRefusal(
      3018,
      '(#3018) The start date of the time range cannot be beyond 37 months from the current date',
    )
  }
  return { first, last }
}

function periodsOf(query: URLSearchParams, range: DayNumbers): readonly DayNumbers[] {
  const increment = query.get('time_increment') ?? 'all_days'
  if (increment === 'all_days') return [range]
  const periods: DayNumbers[] = []
  if (increment === 'monthly') {
    for (let first = range.first; first <= range.last;) {
      const nextMonth = dayNumber(`${dayText(dayNumber(`${dayText(first).slice(0, 7)}-01`) + 31).slice(0, 7)}-01`)
      periods.push({ first, last: Math.min(range.last, nextMonth - 1) })
      first = nextMonth
    }
    return periods
  }
  const days = Number(increment)
  if (!Number.isInteger(days) || days < 1 || days > 90) {
    throw invalidParameter('Param time_increment must be one of {monthly, all_days} or an integer between 1 and 90')
  }
  for (let first = range.first; first <= range.last; first += days) {
    periods.push({ first, last: Math.min(range.last, first + days - 1) })
  }
  return periods
}

function windowsOf(query: URLSearchParams): readonly string[] {
  const windows = listParam(query, 'action_attribution_windows')
  for (const window of windows) {
    if ((attributionWindows as readonly string[]).includes(window)) continue
    throw invalidParameter(
      `action_attribution_windows[0] must be one of the following values: ${attributionWindows.join(', ')}. ${window} is not available.`,
    )
  }
  return windows.filter((window) => window !== 'default')
}

const filterFields = [
  'campaign.id',
  'campaign.effective_status',
  'campaign.delivery_info',
  'impressions',
  'clicks',
  'spend',
]

function filtersOf(query: URLSearchParams): readonly MetaFilter[] {
  const filters = (jsonParam(query, 'filtering') ?? []) as readonly MetaFilter[]
  for (const { field, operator } of filters) {
    const operators = field.startsWith('campaign.') ? ['IN', 'NOT_IN', 'EQUAL'] : ['GREATER_THAN', 'LESS_THAN', 'EQUAL']
    if (!filterFields.includes(field) || !operators.includes(operator)) {
      throw invalidParameter(`Filtering field '${field}' with operation '${operator}' is not supported`)
    }
  }
  return filters
}

function summaryOf(query: URLSearchParams, fields: readonly string[]): readonly string[] | undefined {
  const asked = listParam(query, 'summary')
  if (query.get('default_summary') === 'true') return fields.filter((name) => summableFields.has(name))
  if (asked.length === 0) return undefined
  checkFields(asked, summableFields)
  return asked
}

const defaultFields = ['account_id', 'impressions', 'spend']

/** Reads and checks the parameters of an insights call. Throws Meta refusals with code 100. */
export function insightsParams(query: URLSearchParams, today: DayNumber): InsightsParams {
  const asked = query.get('level') ?? 'account'
  const level = insightLevels.find((one) => one === asked)
  if (!level) throw invalidParameter(`Param level must be one of {${insightLevels.join(', ')}}`)
  if (listParam(query, 'breakdowns').length > 0)
    throw new MetaRefusal(2, '(#2) Invalid breakdowns', { subcode: 1504041 })
  if (query.get('sort')) throw invalidParameter('Param sort is not supported')
  const fields = listParam(query, 'fields')
  checkFields(fields, insightFields)
  const shown = fields.length > 0 ? fields : defaultFields
  return {
    level,
    fields: shown,
    periods: periodsOf(query, rangeOf(query, today)),
    windows: windowsOf(query),
    summary: summaryOf(query, shown),
    filters: filtersOf(query),
    limit: limitParam(query),
  }
}
