import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Decimal } from './decimal.ts'
import {
  addDecimals,
  compareDecimals,
  decimal,
  decimalFromMicros,
  fromUnits,
  normalDecimal,
  normalised,
  roundDecimal,
  sumDecimals,
  toUnits,
} from './decimal.ts'

/** A number as units × 10^-scale, the reference that every function is compared with. */
const exact = fc.record({ units: fc.bigInt(-(10n ** 25n), 10n ** 25n), scale: fc.nat(12) })
const parameters = { seed: 20260101, numRuns: process.env['MILLRACE_LONG'] ? 100_000 : 2_000 }
const written = ({ units, scale }: { units: bigint; scale: number }) => decimal(`${units}e-${scale}`)

describe('a decimal', () => {
  test('is what was written, whether plain or with an exponent', () => {
    fc.assert(
      fc.property(exact, ({ units, scale }) => {
        expect(toUnits(written({ units, scale }), scale)).toBe(units)
        expect(fromUnits(units, scale)).toBe(written({ units, scale }))
      }),
      parameters,
    )
  })

  test.for([
    ['-2E-18', '-0.000000000000000002'],
    ['1.5e3', '1500'],
    ['1E+2', '100'],
    ['0e0', '0'],
    ['100.10', '100.10'],
  ])('%s is %s', ([text, value]) => {
    expect(decimal(text ?? '')).toBe(value)
  })

  test.for([
    '',
    ' 1',
    '1 ',
    '+1',
    '.5',
    '5.',
    '1,5',
    'NaN',
    'Infinity',
    '0x10',
    '１',
    '1e',
    '1e9999',
    '--1',
    '1_000',
    '1\n',
  ])('%j is none', (text) => {
    expect(() => decimal(text)).toThrow(expect.objectContaining({ code: 'DOMAIN_DECIMAL_INVALID' }))
  })

  test('equal numbers have equal text once normalised', () => {
    const zeros = fc.nat(3).map((count) => '0'.repeat(count))
    fc.assert(
      fc.property(
        fc.bigInt(-(10n ** 20n), 10n ** 20n),
        fc.nat({ max: 999_999 }),
        zeros,
        zeros,
        (whole, part, left, right) => {
          const sign = whole < 0n ? '-' : ''
          const dressed = `${sign}${left}${whole < 0n ? -whole : whole}.${String(part).padStart(6, '0')}${right}`
          const plain = normalised(dressed)
          expect(toUnits(plain, 6)).toBe(toUnits(dressed as Decimal, 6))
          expect(plain).toMatch(/^(?:0|-?[1-9]\d*|-?(?:0|[1-9]\d*)\.\d*[1-9])$/)
          expect(normalised(plain)).toBe(plain)
          expect(normalDecimal(dressed)).toBe(plain)
        },
      ),
      parameters,
    )
    expect(['-0', '-0.00', '00', '0.0'].map(normalised)).toEqual(['0', '0', '0', '0'])
  })
})

describe('sums', () => {
  test('are exact, in any order and grouping', () => {
    fc.assert(
      fc.property(fc.array(exact, { maxLength: 8 }), (numbers) => {
        const units = numbers.reduce((total, { units, scale }) => total + units * 10n ** BigInt(12 - scale), 0n)
        const values = numbers.map(written)
        expect(sumDecimals(values)).toBe(fromUnits(units, 12))
        expect(sumDecimals(values.toReversed())).toBe(fromUnits(units, 12))
      }),
      parameters,
    )
  })

  test('of small integers are exact too, and zero has no sign', () => {
    const small = fc.maxSafeInteger().map((n) => Math.trunc(n / 10))
    fc.assert(
      fc.property(small, small, (a, b) => {
        expect(addDecimals(decimal(String(a)), decimal(String(b)))).toBe(String(BigInt(a) + BigInt(b)))
      }),
      parameters,
    )
    expect(addDecimals('-0' as Decimal, '-0' as Decimal)).toBe('0')
    expect(addDecimals(decimal('-1.5'), decimal('1.5'))).toBe('0')
  })

  test('a hundred thousand times 0.07 is seven thousand', () => {
    expect(sumDecimals(Array<Decimal>(100_000).fill(decimal('0.07')))).toBe('7000')
  })
})

test('micros become units by a shift that loses no digit', () => {
  fc.assert(
    fc.property(fc.oneof(fc.bigInt(-(10n ** 24n), 10n ** 24n), fc.bigInt(-(10n ** 8n), 10n ** 8n)), (micros) => {
      expect(decimalFromMicros(String(micros))).toBe(fromUnits(micros, 6))
    }),
    parameters,
  )
  expect(decimalFromMicros('-0')).toBe('0')
  expect(decimalFromMicros('1.5')).toBe('0.0000015')
  expect(decimalFromMicros('007000000')).toBe('7')
})

test('order is the order of the numbers', () => {
  fc.assert(
    fc.property(exact, exact, (a, b) => {
      const difference = a.units * 10n ** BigInt(12 - a.scale) - b.units * 10n ** BigInt(12 - b.scale)
      expect(Math.sign(compareDecimals(written(a), written(b)))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0)
    }),
    parameters,
  )
})

describe('rounding', () => {
  test.for([
    ['0.5', 0, '1'],
    ['-0.5', 0, '-1'],
    ['0.4999999', 0, '0'],
    ['-0.4', 0, '0'],
    ['1.0000005', 6, '1.000001'],
    ['999.999', 2, '1000'],
    ['12', 2, '12'],
  ] as const)('%s to %i digits is %s', ([value, scale, rounded]) => {
    expect(roundDecimal(decimal(value), scale)).toBe(rounded)
  })

  test('is never further off than half a unit, and keeps what fits', () => {
    fc.assert(
      fc.property(exact, fc.nat(12), (number, scale) => {
        const value = written(number)
        const off = toUnits(roundDecimal(value, scale), 12) - toUnits(value, 12)
        expect((off < 0n ? -off : off) * 2n).toBeLessThanOrEqual(10n ** BigInt(12 - scale))
      }),
      parameters,
    )
  })
})

test('digits that a scale cannot hold are refused, zeros are not', () => {
  expect(toUnits(decimal('1.50'), 1)).toBe(15n)
  expect(() => toUnits(decimal('1.55'), 1)).toThrow(expect.objectContaining({ code: 'DOMAIN_DECIMAL_SCALE' }))
})
