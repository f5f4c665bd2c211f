import { expect, test } from 'vitest'
import { briefMessage } from './brief-message.ts'
import { briefSample } from './brief.fixture.ts'
import { columnsOf } from './layout.ts'

test.each(['en', 'ko'] as const)(
  'the brief in %s asks its four questions in order, on 80 columns, and escapes other people’s words',
  (language) => {
    const { text, html, subject, idempotencyKey } = briefMessage(briefSample, language)
    const places = ['1. ', '2. ', '3. ', '4. '].map((question) => text.indexOf(`\n${question}`))
    expect(places.every((at, index) => at > (places[index - 1] ?? 0))).toBe(true)
    expect(text.split('\n').filter((line) => columnsOf(line) > 80)).toEqual([])
    expect(html).not.toContain('<상점>')
    expect(idempotencyKey).toBe('brief:2026-11-21')
    expect(subject).toContain('₩1,240,000 (-3 %)')
    // Never a zero where there is nothing to divide by, and nothing added across currencies.
    expect(text).toMatch(/CPA USD +–/)
    for (const part of [
      'millrace incidents show 01a21ce1-8599',
      'millrace connectors auth meta',
      '--account 23',
      '190/458',
    ])
      expect(text).toContain(part)
  },
)

test('a brief of a thousand accounts that are out is still a mail that is not clipped', () => {
  const [, , out] = briefSample.accounts
  const accounts = Array.from({ length: 1_000 }, (_, index) => ({ ...out!, accountId: String(index) }))
  expect(Buffer.byteLength(briefMessage({ ...briefSample, accounts }, 'ko').html)).toBeLessThan(100_000)
})
