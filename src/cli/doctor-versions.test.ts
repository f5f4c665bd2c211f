import { expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { versionLines } from './doctor-versions.ts'

const meta = { platform: 'meta_ads', apiVersion: 'v25.0' } as const
const outcomes = (of: Parameters<typeof versionLines>[1], on: string) =>
  versionLines('shop', of, day(on), 'en').map(({ outcome, detail }) => `${outcome} ${detail}`)

test('a version is a warning from ninety days before its end, and after it', () => {
  expect(outcomes(meta, '2026-11-24')).toEqual(['ok served'])
  expect(outcomes(meta, '2026-11-25')).toEqual(['warn served until 2027-02-23: 90 days'])
  expect(outcomes(meta, '2027-02-23')).toEqual(['warn not served since 2027-02-23'])
})

test('a warning says which version to go to, in the reader’s language', () => {
  const [en] = versionLines('shop', meta, day('2027-01-01'), 'en')
  expect(en).toMatchObject({ area: 'credentials', what: 'shop: version v25.0' })
  expect(en?.fix).toContain('v26.0')
  const [ko] = versionLines('shop', meta, day('2027-01-01'), 'ko')
  expect(ko?.detail).toBe('2027-02-23까지 제공: 53일 남음')
})

test('what has no versions, and a version of no table, have no line', () => {
  expect(outcomes({ platform: 'file', apiVersion: '1' }, '2026-11-27')).toEqual([])
  expect(outcomes({ platform: 'naver_searchad', apiVersion: 'v2' }, '2026-11-27')).toEqual([])
  expect(outcomes({ platform: 'meta_ads', apiVersion: 'v99.0' }, '2026-11-27')).toEqual([])
})
