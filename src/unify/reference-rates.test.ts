import { describe, expect, test } from 'vitest'
import { startSandbox } from '../sandbox/sandbox.ts'
import { isMillraceError } from '../domain/errors.ts'
import { parseRates } from './reference-rates.ts'

const told = (text: string) => parseRates(text, 'a file').map((one) => `${one.date} ${one.currency} ${one.perEuro}`)

function refused(text: string): string {
  try {
    parseRates(text, 'a file')
  } catch (error) {
    if (isMillraceError(error, 'UNIFY_RATES_INVALID'))
      return `${String(error.facts['line'])}: ${String(error.facts['reason'])}`
    throw error
  }
  throw new Error('it was read')
}

describe('the forms of the European Central Bank', () => {
  test('the history as CSV: a comma at each end, N/A where a currency was not quoted', () => {
    const text =
      'Date,USD,JPY,BGN,CYP,\r\n2026-11-26,1.0816,161.52,1.9558,N/A,\r\n2026-11-25,1.0800,161.20,1.9558,0.57,\r\n'
    expect(told(text)).toEqual([
      '2026-11-26 USD 1.0816',
      '2026-11-26 JPY 161.52',
      '2026-11-26 BGN 1.9558',
      '2026-11-25 USD 1.08',
      '2026-11-25 JPY 161.2',
      '2026-11-25 BGN 1.9558',
      '2026-11-25 CYP 0.57',
    ])
  })

  test('one day as CSV, its date in words and blanks behind the commas', () => {
    expect(told('\uFEFFDate, USD, KRW, \n5 November 2026, 1.0816, 1481.25, \n')).toEqual([
      '2026-11-05 USD 1.0816',
      '2026-11-05 KRW 1481.25',
    ])
  })

  test('XML, either kind of quotes', () => {
    const text = `<?xml version="1.0"?><gesmes:Envelope><Cube>
      <Cube time='2026-11-26'><Cube currency='USD' rate='1.0816'/><Cube currency="KRW" rate="1481.25"/></Cube>
      <Cube time="2026-11-25"><Cube currency="USD" rate="1.08"/></Cube></Cube></gesmes:Envelope>`
    expect(told(text)).toEqual(['2026-11-26 USD 1.0816', '2026-11-26 KRW 1481.25', '2026-11-25 USD 1.08'])
  })

  test('the sandbox’s bank is read like the real one, on working days up to its clock', async () => {
    // A Sunday.
    await using sandbox = await startSandbox({ seed: 4, nowMs: Date.parse('2026-11-22T12:00:00Z') })
    const text = await (await fetch(sandbox.ratesUrl)).text()
    const rates = parseRates(text, sandbox.ratesUrl)
    expect(rates[0]?.date).toBe('2026-11-20')
    expect(new Set(rates.map((one) => one.currency))).toContain('KRW')
    expect(new Set(rates.map((one) => one.date)).size).toBeGreaterThan(350)
  })
})

describe('a file that is not understood is not taken in', () => {
  test.each([
    ['', '1: the first column is "", not Date'],
    ['Day,USD\n2026-11-26,1.1', '1: the first column is "Day", not Date'],
    ['Date,USD\n', '1: there is no rate in it'],
    ['Date,USD\n2026-13-01,1.1', '2: "2026-13-01" is not a date'],
    ['Date,USD\n2026-11-26,1.1,7', '2: the line has more columns than the header'],
    ['Date,USD\n2026-11-26,0', '2: "0" is not a rate above zero with at most 10 digits behind the point'],
    ['Date,USD\n2026-11-26,-1', '2: "-1" is not a rate above zero with at most 10 digits behind the point'],
    ['Date,USD\n2026-11-26,1,5', '2: the line has more columns than the header'],
    ['Date,USD\n2026-11-26,abc', '2: "abc" is not a rate above zero with at most 10 digits behind the point'],
    ['Date,usd\n2026-11-26,1', '2: "usd" is not a currency to quote'],
    ['Date,EUR\n2026-11-26,1', '2: "EUR" is not a currency to quote'],
    ['Date,USD\n2026-11-26,1\n2026-11-26,2', '3: USD of 2026-11-26 is 2 here and 1 on line 2'],
    ['<html>404</html>', '1: there is no rate in it'],
    ['<Cube currency="USD" rate="1"/>', '1: USD stands before any day'],
    ['<a/>\n<Cube time="x"/>', '2: "x" is not a date'],
  ])('%j', (text, reason) => expect(refused(text)).toBe(reason))

  test('the same rate told twice is the same', () => {
    expect(told('Date,USD\n2026-11-26,1.10\n2026-11-26,1.1')).toEqual(['2026-11-26 USD 1.1'])
  })
})
