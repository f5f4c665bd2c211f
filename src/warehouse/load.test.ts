import { expect, test } from 'vitest'
import { day, timeZone } from '../domain/day.ts'
import { completenessOf } from './completeness.ts'
import { dayOne, extractOf } from './contract-rows.ts'
import { planDays } from './load.ts'
import { checksumOf, pendingMigrations } from './migrate.ts'

const partition = (changes: object = {}) => ({
  date: dayOne,
  partitionId: 1,
  published: true,
  requestedAtMs: 1_000,
  rows: 4,
  ...changes,
})
const passed = [{ date: dayOne, refusedBy: [] }]
const staged = new Map([[dayOne, 5]])
const asked = (requestedAtMs: number) => ({ ...extractOf(1), requestedAtMs })
const way = (requestedAtMs: number, known: object, verdicts = passed) =>
  planDays(asked(requestedAtMs), [partition(known)], verdicts, staged)[0]?.way

test('a day is compared where it was published, written whole where not, refused without a verdict, superseded when older', () => {
  expect(way(2_000, {})).toBe('compare')
  expect(way(1_000, {})).toBe('compare')
  expect(way(2_000, { published: false, requestedAtMs: null })).toBe('first')
  expect(way(2_000, {}, [])).toBe('refused')
  expect(way(999, {})).toBe('superseded')
  // An older extract says nothing about the newer one, not even that it is bad.
  expect(way(999, {}, [])).toBe('superseded')
  expect(planDays(asked(2_000), [partition()], passed, new Map())[0]).toMatchObject({ rowsBefore: 4, rowsStaged: 0 })
})

test('how final a day is goes by the account’s calendar, not by hours', () => {
  const seoul = timeZone('Asia/Seoul')
  const at = (iso: string) => completenessOf('google_ads', day('2026-05-01'), seoul, Date.parse(iso))
  expect(at('2026-05-04T14:59:00Z')).toBe('provisional')
  expect(at('2026-05-04T15:00:00Z')).toBe('settling')
  expect(at('2026-05-31T14:59:00Z')).toBe('settling')
  expect(at('2026-05-31T15:00:00Z')).toBe('final')
  expect(completenessOf('kakao_moment', day('2026-05-01'), seoul, Date.parse('2026-05-04T00:00:00Z'))).toBe('final')
})

test('a migration is known by its text, whatever git did to its line ends', () => {
  const text = 'create table a (\n  b integer\n);\n'
  expect(checksumOf(text.replaceAll('\n', '\r\n'))).toBe(checksumOf(text))
  const known = [{ name: '0001.sql', text, checksum: checksumOf(text) }]
  const applied = { name: '0001.sql', checksum: checksumOf(text) }
  expect(pendingMigrations(known, [], 's')).toHaveLength(1)
  expect(pendingMigrations(known, [applied], 's')).toEqual([])
  expect(() => pendingMigrations(known, [{ ...applied, checksum: 'x' }], 's')).toThrow('was changed')
})
