import type { Language } from './words.ts'

/** What a figure that is not defined looks like: a ratio without a denominator is not zero. */
export const undefinedMark = '–'

const localeOf = { en: 'en-US', ko: 'ko-KR' } as const satisfies Record<Language, string>

/** A formatter costs a hundred times what formatting does, and a screen says thousands of numbers with a few of them. */
function keeping<Format, Options extends object>(
  make: (locale: string, options: Options) => Format,
): (locale: string, options: Options) => Format {
  const kept = new Map<string, Format>()
  return (locale, options) => {
    const key = `${locale} ${JSON.stringify(options)}`
    const format = kept.get(key) ?? make(locale, options)
    kept.set(key, format)
    return format
  }
}

const numbers = keeping((locale, options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options))
const instants = keeping((locale, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options))
const durations = keeping((locale, options: Intl.DurationFormatOptions) => new Intl.DurationFormat(locale, options))

/** Formats exact decimal text without making a float of it: Intl takes the text as it is. */
function exact(text: string, language: Language, options: Intl.NumberFormatOptions): string {
  return numbers(localeOf[language], options).format(text as Intl.StringNumericLiteral)
}

export function count(value: number | string | null, language: Language): string {
  return value === null ? undefinedMark : exact(String(value), language, { maximumFractionDigits: 2 })
}

/** Money with its currency; digits after the point are the currency's own (none for KRW and JPY). */
export function money(text: string | null, currency: string, language: Language): string {
  if (text === null) return undefinedMark
  return exact(text, language, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
}

/** A share of one (0.0173) as percent. */
export function share(text: string | null, language: Language, digits = 2): string {
  return text === null ? undefinedMark : exact(text, language, { style: 'percent', maximumFractionDigits: digits })
}

/** A number that is percent already (99.5). */
export function percent(text: string | null, language: Language): string {
  return text === null ? undefinedMark : `${exact(text, language, { maximumFractionDigits: 2 })}%`
}

/** How much `now` is over `before`, as a share of `before`; null where there is nothing to compare with. */
export function changeShare(now: string | null, before: string | null): number | null {
  if (now === null || before === null || Number(before) === 0) return null
  return Number(now) / Number(before) - 1
}

export function signedShare(change: number | null, language: Language): string {
  if (change === null) return undefinedMark
  return numbers(localeOf[language], {
    style: 'percent',
    maximumFractionDigits: 1,
    signDisplay: 'exceptZero',
  }).format(change)
}

/** Durations as people say them: 2m 7s, 2분 7초. */
export function duration(seconds: number | null, language: Language): string {
  if (seconds === null) return undefinedMark
  if (seconds < 10) {
    const rounded = Math.round(seconds * 10) / 10
    return numbers(localeOf[language], { style: 'unit', unit: 'second', unitDisplay: 'narrow' }).format(rounded)
  }
  const whole = Math.round(seconds)
  const parts = { hours: Math.floor(whole / 3_600), minutes: Math.floor(whole / 60) % 60, seconds: whole % 60 }
  return durations(localeOf[language], { style: 'narrow' }).format(
    parts.hours > 0 ? { hours: parts.hours, minutes: parts.minutes } : parts,
  )
}

/** Browsers print GMT+9 where people say KST. */
const zoneLabels: Readonly<Record<string, string>> = {
  'Asia/Seoul': 'KST',
  'Asia/Tokyo': 'JST',
  UTC: 'UTC',
  'Etc/UTC': 'UTC',
}

function zoneLabel(zone: string, at: Date): string {
  const known = zoneLabels[zone]
  if (known !== undefined) return known
  const parts = instants('en-US', { timeZone: zone, timeZoneName: 'short' }).formatToParts(at)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? zone
}

/** An instant in the project's zone, never the browser's, and always with the zone's name: `2026-11-22 02:07:31 KST`. */
export function instant(iso: string | null, zone: string, detail: 'second' | 'minute' | 'clock' = 'second'): string {
  if (iso === null) return undefinedMark
  const at = new Date(iso)
  const part = partsOf(at, zone)
  const clock = `${part['hour']}:${part['minute']}${detail === 'minute' ? '' : `:${part['second']}`}`
  const day = detail === 'clock' ? '' : `${part['year']}-${part['month']}-${part['day']} `
  return `${day}${clock} ${zoneLabel(zone, at)}`
}

function partsOf(at: Date, zone: string): Readonly<Record<string, string>> {
  const format = instants('en-CA', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
}

/** The weekday of a civil day. Days are plain text; noon in UTC is on the same day whatever zone the browser is in. */
export function weekday(day: string, language: Language): string {
  return instants(localeOf[language], { weekday: 'short', timeZone: 'UTC' }).format(noonOf(day))
}

/** The civil day so many days later; text in, text out. */
export function shiftDay(day: string, days: number): string {
  const at = noonOf(day)
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}

const noonOf = (day: string) => new Date(`${day}T12:00:00Z`)

export function isDay(text: string): boolean {
  // A thirteenth month is no date at all; the thirtieth of February is one, of March.
  const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(noonOf(text).getTime())
  return isDate && shiftDay(text, 0) === text
}

/** The day that an address names; undefined where there is none, or one that no calendar has. */
export function dayIn(text: string | undefined): string | undefined {
  return text !== undefined && isDay(text) ? text : undefined
}

/** In the order in which they are offered. */
export const platformNames: Readonly<Record<string, string>> = {
  google_ads: 'Google Ads',
  meta_ads: 'Meta Ads',
  tiktok_ads: 'TikTok Ads',
  linkedin_ads: 'LinkedIn Ads',
  microsoft_ads: 'Microsoft Ads',
  naver_searchad: 'Naver',
  kakao_moment: 'Kakao Moment',
}

export function platformName(platform: string): string {
  return platformNames[platform] ?? platform
}
