import type { Day } from '../domain/day.ts'
import { day } from '../domain/day.ts'
import { normalDecimal } from '../domain/decimal.ts'
import { isMillraceError } from '../domain/errors.ts'

/** Reads a day as `YYYY-MM-DD`, or undefined when the text is none in this format. */
export type ReadDay = (text: string) => Day | undefined

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

const dateParts: Readonly<Record<string, string>> = {
  YYYY: '(?<year>\\d{4})',
  YY: '(?<short>\\d{2})',
  MMM: '(?<name>[A-Za-z]{3})[A-Za-z]*\\.?',
  MM: '(?<month>\\d{2})',
  M: '(?<month>\\d{1,2})',
  DD: '(?<day>\\d{2})',
  D: '(?<day>\\d{1,2})',
}

/**
 * Compiles a format such as `DD.MM.YYYY`, `YYYY. M. D.` or `MMM D, YYYY` (English names of months); undefined when it does not name
 * year, month and day once each. Two digits of a year are 20xx.
 */
export function dateFormat(format: string): ReadDay | undefined {
  const used = format.match(/Y+|M+|D+/g) ?? []
  const letters = used.map((part) => part[0] ?? '').sort((a, b) => (a < b ? -1 : 1))
  if (letters.join('') !== 'DMY' || used.some((part) => !(part in dateParts))) return undefined
  const pattern = format.replaceAll(
    /Y+|M+|D+|[^YMD]+/g,
    (part) => dateParts[part] ?? part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  )
  const shape = new RegExp(`^${pattern}$`)
  return (text) => {
    const { year, short, name, month, day: date } = shape.exec(text.trim())?.groups ?? {}
    if (date === undefined) return undefined
    const number = name === undefined ? Number(month) : months.indexOf(name.toLowerCase()) + 1
    return checkedDay(`${year ?? `20${short}`}-${String(number).padStart(2, '0')}-${date.padStart(2, '0')}`)
  }
}

function checkedDay(text: string): Day | undefined {
  try {
    return day(text)
  } catch (error) {
    if (isMillraceError(error, 'DOMAIN_DAY_INVALID')) return undefined
    throw error
  }
}

/** The first of several formats that fits, remembering texts: a file repeats its days thousands of times. */
export function dayReader(formats: readonly string[]): ReadDay {
  const readers = formats.flatMap((format) => dateFormat(format) ?? [])
  const known = new Map<string, Day | undefined>()
  return (text) => {
    if (known.has(text)) return known.get(text)
    if (known.size > 10_000) known.clear()
    const found = readers.map((read) => read(text)).find((one) => one !== undefined)
    known.set(text, found)
    return found
  }
}

export interface NumberFormat {
  readonly decimal: string
  /** Empty when numbers have no group signs. */
  readonly group: string
}

/** Reads a number as plain decimal text, or undefined when the text is none in this format. */
export type ReadNumber = (text: string) => string | undefined

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')

/**
 * Compiles a number format. Groups must be whole groups of three, so that `1,5` read with group `,` is refused and not 15.
 * A currency sign or code around the number, a minus of any kind, and accountants' brackets are understood; a percent sign is not,
 * because a ratio is no count.
 */
export function numberReader({ decimal, group }: NumberFormat): ReadNumber {
  const grouped = group === '' ? '' : `\\d{1,3}(?:${group === ' ' ? '[ \\u00a0\\u202f]' : escaped(group)}\\d{3})+|`
  const shape = new RegExp(
    `^(?<whole>${grouped}\\d+)(?:${escaped(decimal)}(?<fraction>\\d*))?(?<exponent>[eE][+-]?\\d+)?$`,
  )
  return (text) => {
    const { negative, bare } = undressed(text)
    const { whole, fraction, exponent = '' } = shape.exec(bare)?.groups ?? {}
    if (whole === undefined) return undefined
    const digits = whole.replaceAll(/\D/g, '') + (fraction ? `.${fraction}` : '') + exponent
    return normalDecimal(negative ? `-${digits}` : digits)
  }
}

const bracketed = /^\((.*)\)$/
const money = /^(?:\p{Sc}|[A-Z]{3}\b)?[\s\u00a0\u202f]*(.*?)[\s\u00a0\u202f]*(?:\p{Sc}|\b[A-Z]{3}|원)?$/u

function undressed(text: string): { readonly negative: boolean; readonly bare: string } {
  const trimmed = text.trim()
  const inside = bracketed.exec(trimmed)?.[1]
  const signed = (inside ?? trimmed).replace(/^([\p{Sc}A-Z]{0,3}\s*)[-−–]/u, '-$1')
  const minus = signed.startsWith('-')
  const bare = money.exec(minus ? signed.slice(1).trim() : signed.replace(/^\+/, ''))?.[1] ?? ''
  return { negative: minus !== (inside !== undefined), bare }
}
