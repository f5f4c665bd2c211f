import { MillraceError } from '../domain/errors.ts'

/** A cron text, understood. Values are sorted; a field that allows everything lists everything. */
export interface Cron {
  /** As it was written. */
  readonly text: string
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly daysOfMonth: readonly number[]
  /** `L`: also the month's last day. */
  readonly lastDayOfMonth: boolean
  /** 1 to 12. */
  readonly months: readonly number[]
  /** 0 is Sunday. */
  readonly daysOfWeek: readonly number[]
  /** Both day fields are restricted: a day that either of them allows is allowed, as in every cron since Vixie's. */
  readonly eitherDay: boolean
  /** Runs in every hour, so that elapsed time and not the clock on the wall decides over a change of clocks. */
  readonly everyHour: boolean
}

interface Field {
  readonly name: string
  readonly min: number
  readonly max: number
  readonly names: readonly string[]
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const fields = {
  minute: { name: 'minute', min: 0, max: 59, names: [] },
  hour: { name: 'hour', min: 0, max: 23, names: [] },
  dayOfMonth: { name: 'day of month', min: 1, max: 31, names: [] },
  month: { name: 'month', min: 1, max: 12, names: ['', ...months] },
  dayOfWeek: { name: 'day of week', min: 0, max: 7, names: weekdays },
} as const satisfies Record<string, Field>

/** Airflow's presets; `@daily` and its like are what a person writes who does not care for the minute. */
const presets: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@quarterly': '0 0 1 */3 *',
  '@yearly': '0 0 1 1 *',
}

/**
 * Reads five fields (minute, hour, day of month, month, day of week) with lists, ranges, ranges that wrap, steps, names and `L`
 * for the month's last day, or a preset. Throws ORCHESTRATE_CRON_INVALID, naming the field and what is wrong with it.
 */
export function parseCron(text: string): Cron {
  const parts = (presets[text.trim()] ?? text).trim().toLowerCase().split(/\s+/)
  if (parts.length !== 5) throw invalid(text, 'text', `it has ${parts.length} fields instead of 5`)
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = parts
  const isLast = dayOfMonth.split(',').includes('l')
  const numbered = dayOfMonth
    .split(',')
    .filter((item) => item !== 'l')
    .join(',')
  const hours = valuesOf(text, hour, fields.hour)
  const daysOfMonth = numbered === '' ? [] : valuesOf(text, numbered, fields.dayOfMonth)
  const daysOfWeek = [...new Set(valuesOf(text, dayOfWeek, fields.dayOfWeek).map((one) => one % 7))].sort(
    (a, b) => a - b,
  )
  // croniter's rule: a field that lists everything counts as `*` only when the other one is written with a star.
  const isFree = (values: readonly number[], all: number, other: string) => values.length === all && other.includes('*')
  return {
    text,
    minutes: valuesOf(text, minute, fields.minute),
    hours,
    daysOfMonth,
    lastDayOfMonth: isLast,
    months: valuesOf(text, month, fields.month),
    daysOfWeek,
    eitherDay:
      dayOfMonth !== '*' &&
      dayOfWeek !== '*' &&
      !isFree(daysOfMonth, 31, dayOfWeek) &&
      !isFree(daysOfWeek, 7, dayOfMonth),
    everyHour: hours.length === 24,
  }
}

function invalid(text: string, field: string, detail: string): MillraceError {
  return new MillraceError('ORCHESTRATE_CRON_INVALID', { text, field, detail })
}

function valuesOf(text: string, list: string, field: Field): readonly number[] {
  const values = new Set(list.split(',').flatMap((item) => itemValues(text, item, field)))
  return [...values].sort((a, b) => a - b)
}

/** One item of a list: `*`, `7`, `1-5`, `22-2`, each with an optional `/step`; a lone value with a step begins a range. */
function itemValues(text: string, item: string, field: Field): readonly number[] {
  const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item)
  if (!match) throw invalid(text, field.name, `'${item}' is no value, range or step`)
  const [, star, from = '', to, stepText] = match
  const step = stepText === undefined ? 1 : Number(stepText)
  if (step === 0) throw invalid(text, field.name, `the step of '${item}' is 0`)
  const low = star ? field.min : valueOf(text, from, field)
  const high = star ? field.max : to !== undefined ? valueOf(text, to, field) : stepText === undefined ? low : field.max
  // croniter reads a range that was written from a value to itself ("sun-sun") as the whole cycle.
  if (to !== undefined && low === high) return between(field.min, field.max, step)
  return low <= high ? between(low, high, step) : wrapped(field, { low, high, step })
}

/** A range over the end of its field, `22-2`. How a step goes on behind the end is croniter's own, and Airflow's therefore. */
function wrapped(
  field: Field,
  range: { readonly low: number; readonly high: number; readonly step: number },
): readonly number[] {
  const { low, high, step } = range
  const before = between(low, field.max, step)
  const left = field.max - (before.at(-1) ?? low)
  const skipped = step > left + 1 ? step - left : 0
  return [...before, ...between(field.min + skipped, high, step)]
}

function between(low: number, high: number, step: number): readonly number[] {
  return Array.from({ length: Math.max(0, Math.floor((high - low) / step) + 1) }, (_, index) => low + index * step)
}

function valueOf(text: string, word: string, field: Field): number {
  const named = field.names.indexOf(word)
  const value = named >= 0 && word !== '' ? named : /^\d+$/.test(word) ? Number(word) : Number.NaN
  if (Number.isNaN(value)) throw invalid(text, field.name, `'${word}' is no ${field.name}`)
  if (value < field.min || value > field.max)
    throw invalid(text, field.name, `${value} is not between ${field.min} and ${field.max}`)
  return value
}
