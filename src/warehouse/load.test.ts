import { expect, test } from 'vitest'
import { day, timeZone } from '../domain/day.ts'
import { completenessOf } from './completeness.ts'
import { dayOne, extractOf } from './contract-rows.ts'
import { openFingerprint } from './fingerprint.ts'
import { planDays } from './load.ts'
import { checksumOf, pendingMigrations } from './migrate.ts'

const partition = (changes: object = {}) => ({
  date: dayOne,
  partitionId: 1,
  published: true,
  requestedAtMs: 1_000,
  rows: 4,
  fingerprint: 'before',
  ...changes,
})
const passed = [{ date: dayOne, refusedBy: [] }]
const staged = new Map([[dayOne, { rows: 5, text: () => 'now' }]])
const asked = (requestedAtMs: number) => ({ ...extractOf(1), requestedAtMs })
const way = (requestedAtMs: number, known: object, verdicts = passed) =>
  planDays(asked(requestedAtMs), [partition(known)], verdicts, staged)[0]?.way

test('a day is compared where it was published, written whole where not, refused without a verdict, superseded when older', () => {
  expect(way(2_000, {})).toBe('compare')
  expect(way(1_000, {})).toBe('compare')
  expect(way(2_000, { published: false, requestedAtMs: null })).toBe('first')
  expect(way(2_000, {}, [])).toBe('refused')
  expect(way(2_000, { fingerprint: 'now' })).toBe('same')
  expect(
    planDays({ ...asked(2_000), kind: 'repair' }, [partition({ fingerprint: 'now' })], passed, staged)[0]?.way,
  ).toBe('compare')
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

test('a fingerprint is of the rows, not of their order, and every digit counts', () => {
  const of = (lines: readonly string[]) => {
    const print = openFingerprint()
    for (const line of lines) print.add(line)
    return print.text()
  }
  expect(of(['a\t1\n', 'b\t2\n'])).toBe(of(['b\t2\n', 'a\t1\n']))
  const others = new Set(
    [[], ['a\t1\n'], ['a\t1\n', 'a\t1\n'], ['a\t2\n', 'b\t1\n'], ['a\t1\n', 'b\t2\n'], ['b\t1\n', 'a\t2\n', '']].map(
      of,
    ),
  )
  expect(others.size).toBe(6)
  // Neighbouring numbers, as restatements are: no two of 200,000 may meet.
  const seen = new Set(
    Array.from({ length: 200_000 }, (_, index) => of([`20000000001\t2026-05-01\tKRW\t${index}.5\t10\t1\n`])),
  )
  expect(seen.size).toBe(200_000)
})
