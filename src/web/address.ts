import type { Language } from './words.ts'
import { isDay } from './format.ts'

/** What of the state of every screen is in its address, so that a link shows what its sender saw. */
export interface Address {
  readonly date?: string
  readonly lang?: Language
  readonly theme?: 'light' | 'dark'
  /** Seconds between two askings; the seed's four. */
  readonly refresh?: 30 | 60 | 300 | 600
}

export const refreshSeconds = [30, 60, 300, 600] as const
export const refreshDefault = 60

/** Reads it from a query string's values; what makes no sense is left out, an impossible date too. */
export function addressOf(search: Readonly<Record<string, unknown>>): Address {
  const { date, lang, theme, refresh } = search
  const seconds = refreshSeconds.find((one) => one === Number(refresh))
  return {
    ...(typeof date === 'string' && isDay(date) && { date }),
    ...((lang === 'ko' || lang === 'en') && { lang }),
    ...((theme === 'light' || theme === 'dark') && { theme }),
    ...(seconds !== undefined && { refresh: seconds }),
  }
}

/** Plain `a=b&c=d`, every value as text: links stay readable, and ids of digits stay text. */
export function parseSearch(text: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(text))
}

export function stringifySearch(values: Readonly<Record<string, unknown>>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(values))
    if ((typeof value === 'string' && value !== '') || typeof value === 'number' || typeof value === 'boolean')
      search.set(name, String(value))
  const text = search.toString()
  return text === '' ? '' : `?${text}`
}
