import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { addDays, day, daysOf } from '../domain/day.ts'
import type { ExtractRecord } from '../domain/metric.ts'
import { carryOutCare, copyLake, planCare, planCopy, planRetirement, verifyFiles } from './care.ts'
import { adapter as folder } from './folder.ts'
import { supersededExtracts } from './inventory.ts'
import type { Lake } from './lake.ts'
import type { ManifestEntry } from './manifest.ts'
import { landSpool, manifestAccounts, newestExtract, rawKeysOf, readManifest, recordExtract } from './manifest.ts'
import { adapter as s3 } from './s3.ts'
import { openSpool } from './spool.ts'

const root = await mkdtemp(join(tmpdir(), 'lake care '))
afterAll(() => rm(root, { recursive: true, force: true }))

const account = { platform: 'google_ads', accountId: '123' } as const
const dayMs = 24 * 3_600_000
const nowMs = Date.UTC(2026, 10, 20)
const columns = [{ name: 'date', type: 'day', required: true }] as const

/** A UUID v7 of an instant. */
function idAt(ms: number, number = 0): string {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(number).padStart(12, '0')}`
}

function record(requestedAtMs: number, since: string, until: string, number = 0): ExtractRecord {
  return {
    ...account,
    level: 'campaign',
    breakdownKey: '',
    kind: 'advance',
    since: day(since),
    until: day(until),
    extractId: idAt(requestedAtMs, number),
    requestedAtMs,
    finishedAtMs: requestedAtMs + 1,
    rows: 1,
    apiVersion: 'v24',
    requestIds: [],
    controlTotals: null,
    mapVersion: 1,
    rawKeys: {},
  }
}

/** One extract with a file for each of its days. */
async function land(lake: Lake, extract: ExtractRecord): Promise<ExtractRecord> {
  const dates = daysOf(extract)
  await using spool = await openSpool({ columns, dateColumn: 'date', folder: join(root, randomUUID()) })
  await spool.append(dates.map((date) => ({ date })))
  const files = await landSpool(lake, spool, extract)
  const recorded = { ...extract, rows: dates.length, rawKeys: rawKeysOf(files) }
  await recordExtract(lake, recorded, files)
  return recorded
}

const openFolder = (name: string) => folder.open({ root: join(root, name) })
const keysOf = async (lake: Lake) => (await Array.fromAsync(lake.list('raw'))).map(({ key }) => key)

const entry = fc
  .record({ from: fc.integer({ min: 0, max: 6 }), length: fc.integer({ min: 1, max: 5 }), ageDays: fc.nat(30) })
  .map(({ from, length, ageDays }) => {
    const since = addDays(day('2026-09-01'), from)
    return {
      ...record(nowMs - ageDays * dayMs, since, addDays(since, length - 1)),
      files: [],
      status: 'landed' as const,
    }
  })

describe('retention', () => {
  test('never takes the newest extract of any day, whatever was extracted in whatever order', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), fc.nat(30), (given, ageDays) => {
        const entries: readonly ManifestEntry[] = given
          .map((one, index) => ({ ...one, extractId: idAt(one.requestedAtMs, index) }))
          .toSorted((a, b) => a.requestedAtMs - b.requestedAtMs)
        const beforeMs = nowMs - ageDays * dayMs
        const { extracts } = planRetirement(account, entries, { beforeMs, inUse: new Set() })
        const gone = new Set(extracts.map(({ extractId }) => extractId))
        const left = entries.filter(({ extractId }) => !gone.has(extractId))
        for (const date of entries.flatMap(daysOf))
          expect(newestExtract(left, date)?.extractId).toBe(newestExtract(entries, date)?.extractId)
        expect(extracts.every(({ requestedAtMs }) => requestedAtMs < beforeMs)).toBe(true)
      }),
      { seed: 20261127 },
    )
  })

  test('knows a day that only several later extracts cover together, and other levels cover nothing', () => {
    const landed = (extract: ExtractRecord, more: Partial<ManifestEntry> = {}): ManifestEntry => ({
      ...extract,
      files: [],
      status: 'landed',
      ...more,
    })
    const old = landed(record(1, '2026-09-01', '2026-09-04', 1))
    const first = landed(record(2, '2026-09-01', '2026-09-02', 2))
    const second = landed(record(3, '2026-09-03', '2026-09-09', 3))
    expect(supersededExtracts([old, first, second])).toEqual([old])
    expect(supersededExtracts([old, first])).toEqual([])
    expect(supersededExtracts([old, first, { ...second, level: 'ad' }])).toEqual([])
    expect(supersededExtracts([old, first, { ...second, status: 'retired' }])).toEqual([])
  })

  test('removes what is old and covered, keeps what readers see, and what a killed writer left goes after a day', async () => {
    await using lake = await openFolder('gc')
    const old = await land(lake, record(nowMs - 500 * dayMs, '2025-07-01', '2025-07-02', 1))
    const seen = await land(lake, record(nowMs - 490 * dayMs, '2025-07-01', '2025-07-02', 2))
    const newest = await land(lake, record(nowMs - 480 * dayMs, '2025-07-01', '2025-07-02', 3))
    const place = (ms: number) => `raw/google_ads/2025-07-01/123/campaign_data-${idAt(ms, 9)}.parquet`
    await lake.put(place(nowMs - 2 * dayMs), new Uint8Array(3), { ifAbsent: true })
    await lake.put(place(nowMs - 3_600_000), new Uint8Array(3), { ifAbsent: true })
    const retention = { nowMs, beforeMs: nowMs - 400 * dayMs, inUse: new Set([seen.extractId]) }
    const plan = await planCare(lake, retention)
    expect(plan.retirements.map(({ extracts }) => extracts.map(({ extractId }) => extractId))).toEqual([
      [old.extractId],
    ])
    expect(plan.leftovers.map(({ key }) => key)).toEqual([place(nowMs - 2 * dayMs)])
    await carryOutCare(lake, plan)
    expect(await keysOf(lake)).toEqual(
      [...Object.values(seen.rawKeys), ...Object.values(newest.rawKeys), place(nowMs - 3_600_000)].toSorted(),
    )
    expect(await planCare(lake, retention)).toEqual({ retirements: [], leftovers: [] })
  })

  test('files of an extract that was marked and then left by a killed process go with the next plan', async () => {
    await using lake = await openFolder('killed')
    const old = await land(lake, record(nowMs - 500 * dayMs, '2025-07-01', '2025-07-01', 1))
    await land(lake, record(nowMs - 1_000, '2025-07-01', '2025-07-01', 2))
    const [key = ''] = Object.values(old.rawKeys)
    const saved = await lake.get(key)
    const retention = { nowMs, beforeMs: nowMs, inUse: new Set<string>() }
    await carryOutCare(lake, await planCare(lake, retention))
    await lake.put(key, saved?.bytes ?? new Uint8Array(), { ifAbsent: true })
    expect((await planCare(lake, retention)).leftovers.map((one) => one.key)).toEqual([key])
  })
})

describe('verify', () => {
  test('names a file that is gone and one whose bytes changed', async () => {
    await using lake = await openFolder('verify')
    const { rawKeys } = await land(lake, record(nowMs, '2026-09-01', '2026-09-03'))
    const [gone = '', torn = ''] = Object.values(rawKeys)
    await lake.remove([gone])
    await writeFile(join(root, 'verify', torn), 'PAR1 torn')
    const findings = await Array.fromAsync(verifyFiles(lake, manifestAccounts(lake)))
    expect(findings.map(({ outcome }) => outcome)).toEqual(['missing', 'damaged', 'whole'])
  })
})

/** What a copy did, what the other lake has then, and what a second copy did. */
async function copied(from: Lake, to: Lake) {
  const outcomes = async () => (await Array.fromAsync(copyLake(from, to))).map(({ outcome }) => outcome)
  const first = await outcomes()
  const files = (await Array.fromAsync(verifyFiles(to, [account]))).map(({ outcome }) => outcome)
  return { first, files, again: await outcomes(), manifest: await readManifest(to, account) }
}

const wholeCopy = (manifest: readonly ManifestEntry[]) => ({
  first: ['copied', 'copied'],
  files: ['whole', 'whole'],
  again: ['there', 'there'],
  manifest,
})

describe('copy', () => {
  test('makes the other lake name and hold the same, and finds all there the second time', async () => {
    await using from = await openFolder('from')
    await using to = await openFolder('to')
    await land(from, record(nowMs, '2026-09-01', '2026-09-02'))
    const planned = async () => (await Array.fromAsync(planCopy(from, to))).map(({ state }) => state)
    expect(await planned()).toEqual(['copy', 'copy'])
    expect(await copied(from, to)).toEqual(wholeCopy(await readManifest(from, account)))
    expect(await planned()).toEqual(['there', 'there'])
  })

  test('goes on where it was stopped, and refuses a damaged file and one that differs', async () => {
    await using from = await openFolder('from-2')
    await using to = await openFolder('to-2')
    const { rawKeys } = await land(from, record(nowMs, '2026-09-01', '2026-09-02'))
    const [first = '', second = ''] = Object.values(rawKeys)
    for await (const { key } of copyLake(from, to)) if (key === first) break
    expect(await readManifest(to, account)).toEqual([])
    const again = await Array.fromAsync(copyLake(from, to))
    expect(again.map(({ outcome }) => outcome)).toEqual(['there', 'copied'])
    await using other = await openFolder('to-3')
    await other.put(second, new Uint8Array(3), { ifAbsent: true })
    await expect(Array.fromAsync(copyLake(from, other))).rejects.toMatchObject({ code: 'LAKE_COPY_DIFFERS' })
    await writeFile(join(root, 'from-2', first), 'torn')
    await using last = await openFolder('to-4')
    await expect(Array.fromAsync(copyLake(from, last))).rejects.toMatchObject({ code: 'LAKE_FILE_DAMAGED' })
  })

  const env = process.env
  const isRequired = (env['MILLRACE_REQUIRE'] ?? '').split(',').includes('s3')
  test('goes to a real S3 server and back', async ({ skip }) => {
    const endpoint = env['MILLRACE_TEST_S3_URL']
    skip(!endpoint && !isRequired, 'no S3 server: set MILLRACE_TEST_S3_URL (scripts/services.sh start s3)')
    const bucket = await s3.open(
      s3.options.parse({
        endpoint,
        bucket: env['MILLRACE_TEST_S3_BUCKET'] ?? 'millrace-test',
        accessKeyId: env['MILLRACE_TEST_S3_ACCESS_KEY'] ?? 'millrace',
        secretAccessKey: env['MILLRACE_TEST_S3_SECRET_KEY'] ?? 'millrace-secret',
        prefix: `care-${randomUUID()}`,
      }),
    )
    await using remote = bucket
    await using from = await openFolder('from-s3')
    await using back = await openFolder('back-s3')
    await land(from, record(nowMs, '2026-09-01', '2026-09-02'))
    const manifest = await readManifest(from, account)
    expect(await copied(from, remote)).toEqual(wholeCopy(manifest))
    expect(await copied(remote, back)).toEqual(wholeCopy(manifest))
  })
})
