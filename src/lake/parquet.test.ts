import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { Day } from '../domain/day.ts'
import { addDays } from '../domain/day.ts'
import { decimal, normalised } from '../domain/decimal.ts'
import type { RawColumn, RawRow } from '../domain/mapping.ts'
import { duckConnection, quotedText, readRawRows } from './parquet.ts'
import { openSpool } from './spool.ts'

const columns: readonly RawColumn[] = [
  { name: 'date', type: 'day', required: true },
  { name: 'id', type: 'text', required: true },
  { name: 'na"me\'s', type: 'text', required: false },
  { name: 'cost', type: 'decimal', required: false },
  { name: 'clicks', type: 'bigint', required: false },
  { name: 'actions', type: 'json', required: false },
]

const root = await mkdtemp(join(tmpdir(), '원본 spool '))
afterAll(() => rm(root, { recursive: true, force: true }))
let spools = 0

async function roundTrip(rows: readonly RawRow[], batchRows?: number): Promise<readonly RawRow[]> {
  spools += 1
  await using spool = await openSpool({ columns, dateColumn: 'date', folder: join(root, `s${spools}`) })
  await spool.append(rows)
  const back: RawRow[] = []
  for await (const file of spool.finish()) {
    for await (const batch of readRawRows(file.path, columns, batchRows)) back.push(...batch)
  }
  return back
}

function row(given: RawRow): RawRow {
  return { date: '2026-03-08', id: '1', 'na"me\'s': null, cost: null, clicks: null, actions: null, ...given }
}

describe('raw rows come back from Parquet as they went in', () => {
  test('any text, null beside empty, any integer and any decimal', { timeout: 60_000 }, async () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom('', 'NULL', ',', '"', '\n', '\r\n', ' x ', '\x1f', '\x1d', 'a\x1fb', '\u0000', '한글, "인용"'),
    )
    const cost = fc
      .tuple(fc.bigInt(-(10n ** 19n), 10n ** 19n), fc.nat(18))
      .map(([units, scale]) => normalised(decimal(`${units}e-${scale}`)))
    const rows = fc.array(
      fc.record({
        date: fc.nat(3).map((days) => addDays('2026-03-07' as Day, days)),
        id: text,
        'na"me\'s': fc.option(text),
        cost: fc.option(cost),
        clicks: fc.option(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String)),
        actions: fc.option(fc.json()),
      }),
      { maxLength: 30 },
    )
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom(1, 7, undefined), async (given, batchRows) => {
        const inOrder = given.toSorted((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
        expect(await roundTrip(given, batchRows)).toEqual(inOrder)
      }),
      { seed: 20260308, numRuns: process.env['MILLRACE_LONG'] ? 2000 : 60 },
    )
  })

  test('numbers keep their value and lose only their dress', async () => {
    const dressed = ['1.50', '007', '-0.0', '1E-7', '-2E-18', '12345678901234567890.123456', '33.333333333333336']
    const plain = [
      '1.5',
      '7',
      '0',
      '0.0000001',
      '-0.000000000000000002',
      '12345678901234567890.123456',
      '33.333333333333336',
    ]
    const back = await roundTrip(dressed.map((cost) => row({ cost })))
    expect(back.map((one) => one['cost'])).toEqual(plain)
  })

  test('the noise of a double beyond the 18th decimal is cut', async () => {
    const [back] = await roundTrip([row({ cost: '5.551115123125783e-17' })])
    expect(back?.['cost']).toBe('0.000000000000000055')
  })

  test('integers written as 12.0 are integers', async () => {
    const [back] = await roundTrip([row({ clicks: '12.0' })])
    expect(back?.['clicks']).toBe('12')
  })
})

describe('a value that does not fit its type is named', () => {
  test.for([
    { column: 'cost', value: '1,5', type: 'decimal' },
    { column: 'cost', value: '', type: 'decimal' },
    { column: 'cost', value: '123456789012345678901', type: 'decimal' },
    { column: 'clicks', value: '1.5', type: 'bigint' },
    { column: 'clicks', value: '9223372036854775808', type: 'bigint' },
    { column: 'date', value: '2026-02-30', type: 'day' },
    { column: 'date', value: null, type: 'day' },
  ])('$value in $column', async ({ column, value, type }) => {
    await expect(roundTrip([row({}), row({ [column]: value })])).rejects.toMatchObject({
      code: 'LAKE_VALUE_INVALID',
      facts: { column, value: value ?? '', type, row: 2 },
    })
  })
})

describe('files', () => {
  test('one zstd file a day, typed, decimals never double, nothing left of the spool', async () => {
    const folder = join(root, 'typed')
    const spool = await openSpool({ columns, dateColumn: 'date', folder })
    await spool.append([row({ date: '2026-03-09', cost: '1.25' }), row({ cost: '1.1234567' }), row({})])
    const files = await Array.fromAsync(spool.finish())
    expect(files.map(({ date, rows }) => ({ date, rows }))).toEqual([
      { date: '2026-03-08', rows: 2 },
      { date: '2026-03-09', rows: 1 },
    ])
    using duck = await duckConnection()
    const types = async (path: string) =>
      (await duck.runAndReadAll(`select column_type from (describe select * from ${quotedText(path)})`))
        .getRows()
        .flat()
    expect(await types(files[0]?.path ?? '')).toEqual([
      'DATE',
      'VARCHAR',
      'VARCHAR',
      'DECIMAL(38,18)',
      'BIGINT',
      'VARCHAR',
    ])
    expect(await types(files[1]?.path ?? '')).toEqual([
      'DATE',
      'VARCHAR',
      'VARCHAR',
      'DECIMAL(18,6)',
      'BIGINT',
      'VARCHAR',
    ])
    const codec = await duck.runAndReadAll(
      `select distinct compression from parquet_metadata(${quotedText(files[0]?.path ?? '')})`,
    )
    expect(codec.getRows()).toEqual([['ZSTD']])
    await spool[Symbol.asyncDispose]()
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('a day too long for memory goes to the disk in parts and comes out as one file, in its order and its widest types', async () => {
    await using spool = await openSpool({ columns, dateColumn: 'date', folder: join(root, 'long'), waitingBytesMax: 1 })
    const given = Array.from({ length: 12_000 }, (_, index) =>
      row({
        date: index % 3 === 0 ? '2026-03-09' : '2026-03-08',
        id: String(index),
        cost: index === 9_001 ? '0.0000000000000001' : '2.5',
        clicks: index === 5_000 ? null : '7',
      }),
    )
    for (let from = 0; from < given.length; from += 500) await spool.append(given.slice(from, from + 500))
    expect(spool.incomplete().toSorted()).toEqual(['actions', 'clicks', 'na"me\'s'])
    const files = await Array.fromAsync(spool.finish())
    expect(files.map(({ date, rows }) => ({ date, rows }))).toEqual([
      { date: '2026-03-08', rows: 8_000 },
      { date: '2026-03-09', rows: 4_000 },
    ])
    const back: RawRow[] = []
    for (const { path } of files) for await (const batch of readRawRows(path, columns)) back.push(...batch)
    expect(back).toEqual(
      given.toSorted((a, b) => ((a['date'] ?? '') < (b['date'] ?? '') ? -1 : a['date'] === b['date'] ? 0 : 1)),
    )
  })

  test('a file torn at any byte is refused, never read in part', async () => {
    await using spool = await openSpool({ columns, dateColumn: 'date', folder: join(root, 'torn') })
    await spool.append(Array.from({ length: 500 }, (_, index) => row({ id: String(index), cost: '1.5' })))
    const [file] = await Array.fromAsync(spool.finish())
    const bytes = await readFile(file?.path ?? '')
    const copy = join(root, 'torn', 'copy.parquet')
    for (const length of [0, 3, 12, bytes.length >> 1, bytes.length - 1]) {
      await writeFile(copy, bytes)
      await truncate(copy, length)
      await expect(Array.fromAsync(readRawRows(copy, columns))).rejects.toMatchObject({ code: 'LAKE_FILE_UNREADABLE' })
    }
  })

  test('a column that the file lacks reads as null, unless it is required', async () => {
    await using spool = await openSpool({ columns, dateColumn: 'date', folder: join(root, 'older') })
    await spool.append([row({})])
    const [file] = await Array.fromAsync(spool.finish())
    const added = { name: 'reach', type: 'bigint', required: false } as const
    const [batch] = await Array.fromAsync(readRawRows(file?.path ?? '', [...columns, added]))
    expect(batch?.[0]).toEqual(row({ reach: null }))
    const wanted = readRawRows(file?.path ?? '', [...columns, { ...added, required: true }])
    await expect(wanted.next()).rejects.toMatchObject({ code: 'LAKE_COLUMN_MISSING', facts: { column: 'reach' } })
  })

  test('a reader that leaves early leaves no query behind', async () => {
    await using spool = await openSpool({ columns, dateColumn: 'date', folder: join(root, 'early') })
    await spool.append(Array.from({ length: 100 }, (_, index) => row({ id: String(index) })))
    for await (const file of spool.finish()) {
      for await (const batch of readRawRows(file.path, columns, 10)) {
        expect(batch).toHaveLength(10)
        break
      }
    }
  })
})
