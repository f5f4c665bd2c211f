import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, day, timeZone } from '../domain/day.ts'
import { decimal } from '../domain/decimal.ts'
import { columnsOf, padded, wrapped } from './layout.ts'
import type { RunReport } from './message.ts'
import { runMessage } from './message.ts'
import { escaped } from './page.ts'

const success: RunReport = {
  runId: '0192f3c4-7a1b-7def-8abc-1234567890ab',
  pipeline: 'ad_data_pipeline',
  state: 'success',
  since: day('2026-10-22'),
  until: day('2026-11-20'),
  platforms: ['google_ads', 'meta_ads'],
  accounts: 6,
  rows: 912,
  rowsChanged: 12,
  partitions: { published: 3, unchanged: 177, refused: 0, failed: 0, superseded: 0 },
  waiting: [],
  checks: { pass: 1978, warn: 2, fail: 0 },
  models: 4,
  dbtTests: { pass: 23, warn: 0, fail: 0 },
  costTotal: { USD: decimal('12345.678900'), KRW: decimal('123456789.4'), EUR: decimal('-0.005') },
  troubles: [],
  seconds: 12.34,
}

const partial: RunReport = {
  ...success,
  state: 'partial',
  partitions: { published: 170, unchanged: 0, refused: 2, failed: 8, superseded: 1 },
  waiting: [
    {
      platform: 'meta_ads',
      accountId: '5550001',
      zone: timeZone('America/Los_Angeles'),
      dates: [day('2026-11-20')],
    },
  ],
  troubles: [
    {
      platform: 'google_ads',
      accountId: '1234567890',
      dates: [day('2026-11-20'), day('2026-11-19'), day('2026-11-17')],
      code: 'QUALITY_PARTITION_REFUSED',
      facts: {
        platform: 'google_ads',
        accountId: '1234567890',
        dates: '2026-11-19',
        checks: 'ads.nonneg',
        foundEn: '3 of 5 rows',
        foundKo: '5행 가운데 3행',
        remedyEn: 'Look at <the> day & run again',
        remedyKo: '다시 실행하세요',
      },
    },
  ],
}

const place = 'embedded Postgres 18.4 in /home/me/ads'

describe('the message of a run', () => {
  test('a success carries the seed’s own words in its subject, in both languages', () => {
    expect(runMessage(success, 'en', place).subject).toBe('Ad Data Pipeline Success · 2026-10-22 – 2026-11-20')
    expect(runMessage(success, 'ko', place).subject).toContain('Ad Data Pipeline Success')
    expect(runMessage({ ...success, since: success.until }, 'en', place).subject).toBe(
      'Ad Data Pipeline Success · 2026-11-20',
    )
  })

  test('cost stands per currency with the currency’s own decimals, and is never summed across', () => {
    expect(runMessage(success, 'en', place).text).toContain('-€0.01 (EUR) · ₩123,456,789 (KRW) · $12,345.68 (USD)')
    expect(runMessage({ ...success, costTotal: {} }, 'en', place).text).toMatch(/^Cost +none$/m)
  })

  test('a partial run names what was refused, why, the fix, and what still waits for its midnight', () => {
    const { subject, text } = runMessage(partial, 'en', place)
    expect(subject).toContain('Ad Data Pipeline Partial')
    expect(text).toContain('google_ads/1234567890 · 2026-11-17, 2026-11-19 to 2026-11-20 (2 days)')
    expect(text).toContain('was refused by ads.nonneg')
    expect(text).toContain('Fix: Look at <the> day & run again')
    expect(text).toContain('meta_ads/5550001: 2026-11-20 has not closed yet in America/Los_Angeles')
    expect(text).toContain(place)
    expect(text).toContain('1 superseded')
  })

  test('the same troubles are told in Korean from the same facts', () => {
    const { text } = runMessage(partial, 'ko', place)
    expect(text).toContain('검사에서')
    expect(text).toContain('해결: 다시 실행하세요')
    expect(text).not.toContain('was refused')
  })

  test('which days of which account are in is said when the run knows it', () => {
    const perAccount = [
      {
        platform: 'google_ads' as const,
        accountId: '77',
        name: 'Seoul <Shop>',
        zone: timeZone('Asia/Seoul'),
        state: 'landed' as const,
        dates: [day('2026-11-20')],
        rows: 1234,
      },
    ]
    const { text, html } = runMessage({ ...success, perAccount }, 'en', place)
    expect(text).toContain('google_ads/77 Seoul <Shop>\n  in · 2026-11-20 · Rows 1,234 · Asia/Seoul')
    expect(html).toContain('Seoul &lt;Shop&gt;')
  })

  test('one end of one run is one message, whatever its language', () => {
    const keys = (['en', 'ko'] as const).map((language) => runMessage(success, language, place).idempotencyKey)
    expect(new Set(keys)).toEqual(new Set([`run:${success.runId}:success`]))
    expect(runMessage({ ...success, state: 'failed' }, 'en', place).idempotencyKey).not.toBe(keys[0])
  })

  test('a thousand troubles are twenty and a count', () => {
    const [one] = partial.troubles
    const many = Array.from({ length: 1000 }, () => one!)
    const { text, html } = runMessage({ ...partial, troubles: many }, 'en', place)
    expect(text.match(/was refused by/g)).toHaveLength(20)
    expect(text).toContain('and 980 more')
    expect(html.length).toBeLessThan(50_000)
  })

  test.each(['en', 'ko'] as const)('the %s text stays within 80 columns', (language) => {
    for (const report of [success, partial, { ...partial, state: 'failed' as const }]) {
      const tooWide = runMessage(report, language, place)
        .text.split('\n')
        .filter((line) => columnsOf(line) > 80)
      expect(tooWide).toEqual([])
    }
  })

  test('a name full of markup stays text in the HTML, and nothing is fetched from the network', () => {
    const hostile = `"><script>alert(1)</script><img src=https://x.example/'>`
    const [one] = partial.troubles
    const troubles = [{ ...one!, accountId: hostile, facts: { ...one!.facts, foundEn: hostile } }]
    const { html } = runMessage({ ...partial, troubles }, 'en', hostile)
    expect(html).not.toContain('<script')
    expect(html).not.toContain('<img')
    expect(html).not.toMatch(/<[a-z]+[^>]*\s(?:src|href)=/)
    expect(html).toContain(escaped(hostile))
  })

  test('text and HTML say the same amounts', () => {
    const { text, html } = runMessage(success, 'ko', place)
    for (const amount of ['₩123,456,789', 'US$12,345.68', '912', '1,978']) {
      expect(text).toContain(amount)
      expect(html).toContain(amount)
    }
  })

  test('scattered days are three parts and a count', () => {
    const dates = Array.from({ length: 10 }, (_, index) => addDays(day('2026-11-01'), index * 2))
    const [one] = partial.troubles
    const { text } = runMessage({ ...partial, troubles: [{ ...one!, dates: [...dates, ...dates] }] }, 'en', place)
    expect(text).toContain('2026-11-01, 2026-11-03, 2026-11-05, … (10 days)')
  })
})

describe('80 columns', () => {
  test.each([
    ['abc', 3],
    ['광고', 4],
    ['광고 data', 9],
    ['e\u0301', 1],
    ['₩1,234', 6],
    ['ＡＢ', 4],
    ['🚨', 2],
  ])('%s takes %i', (text, columns) => expect(columnsOf(text)).toBe(columns))

  test('padding counts columns, not characters', () => {
    expect(padded('비용', 6)).toBe('비용  ')
    expect(padded('long enough', 3)).toBe('long enough')
  })

  test('wrapping keeps every word in order and breaks only words that are too long by themselves', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z가-힣]{1,30}$/)),
        fc.integer({ min: 10, max: 80 }),
        (words, columns) => {
          const lines = wrapped(words.join(' '), columns)
          expect(lines.join(' ')).toBe(words.join(' '))
          for (const line of lines) expect(columnsOf(line) <= columns || !line.includes(' ')).toBe(true)
        },
      ),
      { seed: 20261120, numRuns: 300 },
    )
  })
})
