import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { decimal } from '../domain/decimal.ts'
import type { ExtractRecord } from '../domain/metric.ts'
import { adapter } from './folder.ts'
import { keySegment, segmentText } from './key.ts'
import { manifestPrefix, parseRawKey, rawKey } from './layout.ts'
import { landSpool, newestExtract, rawKeysOf, readManifest, recordExtract, retireExtracts } from './manifest.ts'
import { openSpool } from './spool.ts'

const root = await mkdtemp(join(tmpdir(), 'manifest '))
afterAll(() => rm(root, { recursive: true, force: true }))

const account = { platform: 'google_ads', accountId: 'urn:li:sponsoredAccount:한글/1' } as const
const id = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`

function record(number: number, given: Partial<ExtractRecord> = {}): ExtractRecord {
  return {
    ...account,
    level: 'campaign',
    breakdownKey: '',
    kind: 'advance',
    since: day('2026-03-01'),
    until: day('2026-03-02'),
    extractId: id(number),
    requestedAtMs: Date.UTC(2026, 2, 3) + number,
    finishedAtMs: Date.UTC(2026, 2, 3) + number + 1,
    rows: 2,
    apiVersion: 'v24',
    requestIds: ['r1'],
    controlTotals: { cost: decimal('1.5') },
    mapVersion: 1,
    rawKeys: {},
    ...given,
  }
}

describe('keys', () => {
  test('a raw key says where it came from and reads back', () => {
    const place = {
      platform: 'google_ads',
      date: day('2026-03-08'),
      accountId: '1234567890',
      extractId: id(1),
    } as const
    expect(rawKey(place)).toBe(`raw/google_ads/2026-03-08/1234567890/campaign_data-${id(1)}.parquet`)
    expect(parseRawKey(rawKey(place))).toEqual(place)
    expect(parseRawKey('raw/google_ads/2026-03-08/1/other.parquet')).toBeUndefined()
    expect(parseRawKey(rawKey(place).replace('google_ads', 'unknown_ads'))).toBeUndefined()
  })

  test('any account id becomes one segment and comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        expect(keySegment(text)).toMatch(/^[A-Za-z0-9_=-][A-Za-z0-9._=-]*$/)
        expect(segmentText(keySegment(text))).toBe(text)
      }),
      { seed: 3 },
    )
  })
})

describe('the manifest', () => {
  test('names the files of an extract once it is recorded, and the extract once however often', async () => {
    await using lake = await adapter.open({ root: join(root, 'a') })
    const columns = [{ name: 'date', type: 'day', required: true }] as const
    await using spool = await openSpool({ columns, dateColumn: 'date', folder: join(root, 'spool') })
    await spool.append([{ date: '2026-03-01' }, { date: '2026-03-02' }])
    const files = await landSpool(lake, spool, { ...account, extractId: id(1) })
    expect(await readManifest(lake, account)).toEqual([])
    const extract = record(1, { rawKeys: rawKeysOf(files) })
    await recordExtract(lake, extract, files)
    await recordExtract(lake, extract, files)
    const [entry, ...others] = await readManifest(lake, account)
    expect(others).toEqual([])
    expect(entry).toEqual({ ...extract, files, status: 'landed' })
    expect(entry?.files.map(({ rows, sha256 }) => [rows, sha256.length])).toEqual([
      [1, 64],
      [1, 64],
    ])
  })

  test('racing writers lose no extract', async () => {
    const lakes = await Promise.all(Array.from({ length: 4 }, () => adapter.open({ root: join(root, 'b') })))
    await Promise.all(Array.from({ length: 24 }, (_, n) => recordExtract(lakes[n % 4] ?? lakes[0]!, record(n), [])))
    const entries = await readManifest(lakes[0]!, account)
    expect(entries.map(({ extractId }) => extractId)).toEqual(Array.from({ length: 24 }, (_, n) => id(n)))
  })

  test('the newest extract of a day is the one requested last, also over months and without rows', async () => {
    await using lake = await adapter.open({ root: join(root, 'c') })
    await recordExtract(lake, record(3, { requestedAtMs: Date.UTC(2026, 3, 1) }), [])
    await recordExtract(lake, record(1), [])
    await recordExtract(lake, record(2, { since: day('2026-03-02'), until: day('2026-03-04') }), [])
    const entries = await readManifest(lake, account)
    expect(newestExtract(entries, day('2026-03-02'))?.extractId).toBe(id(3))
    expect(newestExtract(entries, day('2026-03-04'))?.extractId).toBe(id(2))
    expect(newestExtract(entries, day('2026-03-05'))).toBeUndefined()
  })

  test('a retired extract stays on record and its files go', async () => {
    await using lake = await adapter.open({ root: join(root, 'd') })
    const file = { date: day('2026-03-01'), key: 'raw/x', rows: 1, bytes: 1, sha256: 'x' }
    await lake.put('raw/x', new Uint8Array(1), { ifAbsent: true })
    await recordExtract(lake, record(1), [file])
    await recordExtract(lake, record(2), [])
    await retireExtracts(lake, account, new Set([id(1)]))
    const entries = await readManifest(lake, account)
    expect(entries.map(({ status }) => status)).toEqual(['retired', 'landed'])
    expect(await lake.get('raw/x')).toBeUndefined()
    expect(newestExtract(entries.slice(0, 1), day('2026-03-01'))).toBeUndefined()
  })

  test('a manifest that is no manifest is named', async () => {
    await using lake = await adapter.open({ root: join(root, 'e') })
    const key = `${manifestPrefix(account)}/2026-03.json`
    await lake.put(key, new TextEncoder().encode('{"format":1,"extr'), { ifAbsent: true })
    await expect(readManifest(lake, account)).rejects.toMatchObject({
      code: 'LAKE_MANIFEST_UNREADABLE',
      facts: { key },
    })
  })
})
