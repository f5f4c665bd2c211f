import type { Decimal } from './decimal.ts'
import { roundDecimal } from './decimal.ts'
import { MillraceError } from './errors.ts'

/** An ISO 4217 code in capitals. */
export type Currency = string & { readonly __brand: 'Currency' }

/** An amount never travels without its currency: amounts of different currencies are never summed, ranked or compared. */
export interface Money {
  readonly amount: Decimal
  readonly currency: Currency
}

let known: ReadonlySet<string> | undefined

/** Reads a currency code. Throws DOMAIN_CURRENCY_UNKNOWN when ISO 4217, as this runtime knows it, has no such code. */
export function currency(code: string): Currency {
  known ??= new Set(Intl.supportedValuesOf('currency'))
  if (!known.has(code)) throw new MillraceError('DOMAIN_CURRENCY_UNKNOWN', { code })
  return code as Currency
}

/** How many decimals people write in this currency: KRW and JPY 0, USD and EUR 2. For display only; storage keeps all digits. */
export function currencyDigits(code: Currency): number {
  const { maximumFractionDigits } = new Intl.NumberFormat('en', { style: 'currency', currency: code }).resolvedOptions()
  return maximumFractionDigits ?? 2
}

/** The amount as people read it in `locale`, with its currency; digits beyond the currency's own are rounded for the eye only. */
export function formatMoney(money: Money, locale: string): string {
  const digits = currencyDigits(money.currency)
  const format = new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: money.currency,
    maximumFractionDigits: digits,
  })
  // A numeric string keeps its exact digits in Intl.NumberFormat, where a number would not.
  return format.format(roundDecimal(money.amount, digits) as unknown as number)
}
