import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimal } from './decimal.ts'
import { currency, currencyDigits, formatMoney } from './money.ts'

describe('a currency', () => {
  test.for(['krw', 'KR', 'WON', '', 'US$', 'EURO'])('%j is none', (code) => {
    expect(() => currency(code)).toThrow(expect.objectContaining({ code: 'DOMAIN_CURRENCY_UNKNOWN' }))
  })

  test('has as many decimals as people write', () => {
    expect(['KRW', 'JPY', 'USD', 'EUR', 'KWD'].map((code) => currencyDigits(currency(code)))).toEqual([0, 0, 2, 2, 3])
  })
})

describe('money is shown', () => {
  test('with its currency, rounded to its coins for the eye only', () => {
    expect(formatMoney({ amount: decimal('1234567.5'), currency: currency('KRW') }, 'ko')).toBe('₩1,234,568')
    expect(formatMoney({ amount: decimal('-1234.565'), currency: currency('USD') }, 'en')).toBe('-$1,234.57')
  })

  test('with digits that no JavaScript number holds', () => {
    fc.assert(
      fc.property(fc.bigInt(10n ** 17n, 10n ** 20n), (amount) => {
        const shown = formatMoney({ amount: decimal(String(amount)), currency: currency('KRW') }, 'en')
        expect(shown.replaceAll(/\D/g, '')).toBe(String(amount))
      }),
      { seed: 20260103 },
    )
  })
})
