import type { Day, DayRange, TimeZone } from '../domain/day.ts'
import { addDays, day, dayAt, daysOf } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Given, OptionSpec } from './command.ts'

export const rangeOptions: readonly OptionSpec[] = [
  {
    flags: '--since <day>',
    text: { en: 'First day, YYYY-MM-DD or yesterday', ko: '첫날, YYYY-MM-DD 또는 yesterday' },
  },
  {
    flags: '--until <day>',
    text: { en: 'Last day, inclusive; the first when left out', ko: '마지막 날(포함). 생략하면 첫날과 같음' },
  },
]

export const choiceOptions: readonly OptionSpec[] = [
  {
    flags: '--platform <name>',
    text: { en: 'Only this platform; may be repeated', ko: '이 플랫폼만. 여러 번 쓸 수 있음' },
    many: true,
  },
  {
    flags: '--account <id>',
    text: { en: 'Only this account; may be repeated', ko: '이 계정만. 여러 번 쓸 수 있음' },
    many: true,
  },
]

/** Reads a day as people say it. `yesterday` is the schedule zone's; whether an account has closed it is the run's business. */
function dayOf(text: string, zone: TimeZone, nowMs: number): Day {
  return text === 'yesterday' ? addDays(dayAt(nowMs, zone), -1) : day(text)
}

/** The days that were asked for; null when none were. Throws CLI_USAGE for a contradiction, DOMAIN_* for what is no day or range. */
export function rangeOf(given: Given, command: string, zone: TimeZone, nowMs: number): DayRange | null {
  const text = (name: string) => (typeof given[name] === 'string' ? given[name] : undefined)
  const [date, since, until] = [text('date'), text('since'), text('until')]
  if (date !== undefined && (since !== undefined || until !== undefined))
    throw new MillraceError('CLI_USAGE', { command, detail: '--date excludes --since and --until' })
  if (since === undefined && until !== undefined)
    throw new MillraceError('CLI_USAGE', { command, detail: '--until needs --since' })
  const first = date ?? since
  if (first === undefined) return null
  const range = { since: dayOf(first, zone, nowMs), until: dayOf(until ?? first, zone, nowMs) }
  // Counting them is what notices a range that ends before it starts.
  daysOf(range)
  return range
}
