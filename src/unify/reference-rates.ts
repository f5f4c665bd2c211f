import type { Day } from '../domain/day.ts'
import { day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { compareDecimals, decimal, normalised, zero } from '../domain/decimal.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ReferenceRate } from '../domain/reference-rate.ts'
import { rateBase, rateScale } from '../domain/reference-rate.ts'

/**
 * Reads daily reference rates in the forms in which the European Central Bank publishes them: `eurofxref-hist.csv`, `eurofxref.csv`
 * (one day, its date in words) and `eurofxref-daily.xml`, `-hist-90d.xml`, `-hist.xml`. Anyone's file of the same form will do.
 * `N/A` is no rate; a currency that the bank gave up simply ends. `source` names the text in errors.
 * Throws UNIFY_RATES_INVALID with the place for anything that is not such a file, a rate that is not above zero, and one day's rate
 * told twice differently.
 */
export function parseRates(text: string, source: string): readonly ReferenceRate[] {
  const plain = text.replace(/^\uFEFF/, '')
  const rates = plain.trimStart().startsWith('<') ? fromXml(plain, source) : fromCsv(plain, source)
  if (rates.length === 0) throw invalid(source, 1, 'there is no rate in it')
  return single(rates, source)
}

function invalid(source: string, line: number, reason: string, cause?: unknown): MillraceError {
  return new MillraceError('UNIFY_RATES_INVALID', { source, line, reason }, { cause })
}

interface Found extends ReferenceRate {
  readonly line: number
}

/** `Date,USD,JPY,…,` and a line a day; the bank ends every line with a comma. */
function fromCsv(text: string, source: string): readonly Found[] {
  const [header = '', ...lines] = text.split(/\r?\n/)
  const names = header.split(',').map((one) => one.trim())
  if (names[0] !== 'Date') throw invalid(source, 1, `the first column is "${names[0] ?? ''}", not Date`)
  return lines.flatMap((line, at) => {
    if (line.trim() === '') return []
    const cells = line.split(',').map((one) => one.trim())
    const date = dateOf(cells[0] ?? '', source, at + 2)
    if (cells.slice(names.length).some((one) => one !== ''))
      throw invalid(source, at + 2, 'the line has more columns than the header')
    return names.slice(1).flatMap((name, column): readonly Found[] => {
      const cell = cells[column + 1] ?? ''
      if (name === '' || cell === '' || cell === 'N/A') return []
      return [foundRate({ date, name, cell }, source, at + 2)]
    })
  })
}

const months = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

/** `2026-11-26`, or `26 November 2026` as in the file of one day. */
function dateOf(text: string, source: string, line: number): Day {
  const [, dayOfMonth = '', month = '', year = ''] = /^(\d{1,2}) ([A-Za-z]+) (\d{4})$/.exec(text) ?? []
  const number = months.indexOf(month.toLowerCase()) + 1
  const iso = number > 0 ? `${year}-${String(number).padStart(2, '0')}-${dayOfMonth.padStart(2, '0')}` : text
  try {
    return day(iso)
  } catch (cause) {
    throw invalid(source, line, `"${text}" is not a date`, cause)
  }
}

const cube = /<Cube\s+([^>]*?)\/?>/g
const attribute = (name: string, tag: string) => new RegExp(`\\b${name}\\s*=\\s*["']([^"']*)["']`).exec(tag)?.[1]

/** `<Cube time='2026-11-26'><Cube currency='USD' rate='1.0816'/>…</Cube>`. */
function fromXml(text: string, source: string): readonly Found[] {
  const rates: Found[] = []
  let date: Day | undefined
  let line = 1
  let before = 0
  for (const match of text.matchAll(cube)) {
    line += text.slice(before, match.index).split('\n').length - 1
    before = match.index
    const tag = match[1] ?? ''
    const time = attribute('time', tag)
    if (time !== undefined) date = dateOf(time, source, line)
    const name = attribute('currency', tag)
    if (name === undefined) continue
    if (date === undefined) throw invalid(source, line, `${name} stands before any day`)
    rates.push(foundRate({ date, name, cell: attribute('rate', tag) ?? '' }, source, line))
  }
  return rates
}

function foundRate(
  { date, name, cell }: { readonly date: Day; readonly name: string; readonly cell: string },
  source: string,
  line: number,
): Found {
  if (!/^[A-Z]{3}$/.test(name) || name === rateBase) throw invalid(source, line, `"${name}" is not a currency to quote`)
  const perEuro = rateOf(cell, source, line)
  return { date, currency: name, perEuro, line }
}

function rateOf(cell: string, source: string, line: number): Decimal {
  try {
    const rate = normalised(decimal(cell))
    const digits = rate.split('.')[1]?.length ?? 0
    if (compareDecimals(rate, zero) > 0 && digits <= rateScale) return rate
  } catch (cause) {
    if (!isMillraceError(cause, 'DOMAIN_DECIMAL_INVALID')) throw cause
  }
  throw invalid(source, line, `"${cell}" is not a rate above zero with at most ${rateScale} digits behind the point`)
}

/** Each day's rate once. The same told twice is the same; told twice differently, one of them is wrong, and nobody can say which. */
function single(rates: readonly Found[], source: string): readonly ReferenceRate[] {
  const byKey = new Map<string, Found>()
  for (const rate of rates) {
    const key = `${rate.date} ${rate.currency}`
    const known = byKey.get(key)
    if (known && known.perEuro !== rate.perEuro)
      throw invalid(
        source,
        rate.line,
        `${rate.currency} of ${rate.date} is ${rate.perEuro} here and ${known.perEuro} on line ${known.line}`,
      )
    byKey.set(key, rate)
  }
  return [...byKey.values()].map(({ date, currency, perEuro }) => ({ date, currency, perEuro }))
}
