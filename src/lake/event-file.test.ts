import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { seededRandom } from '../domain/clock.ts'
import { EventFile } from './event-file.ts'
import type { EventColumn } from './event-parquet.ts'
import { mergeEventFiles } from './event-parquet.ts'
import { duckConnection } from './parquet.ts'
import { varint } from './column-pages.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-event-file-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const columns: readonly EventColumn[] = [
  { name: 'row', type: 'bigint' },
  { name: 'id', type: 'varchar' },
  { name: 'word', type: 'varchar' },
  { name: 'many', type: 'varchar' },
  { name: 'long', type: 'varchar' },
  { name: 'late', type: 'varchar' },
  { name: 'never', type: 'varchar' },
  { name: 'small', type: 'integer' },
  { name: 'large', type: 'bigint' },
]
/** More than one row group, and pages that are not full. */
const rows = 123_500
const words = ['', 'mobile', '광고', 'a word that is longer than what is copied byte by byte', 'x']
type Value = string | number | null

/** What a row holds: few different texts, many, ids, nothing for long, the largest numbers. */
function valuesOf(row: number, random: () => number): readonly Value[] {
  const some = random()
  return [
    row,
    some < 0.1 ? null : `id-${row}`,
    some > 0.9 ? null : (words[row % words.length] ?? null),
    `many-${(row * 7) % 5_000}`,
    row % 40_000 === 0 ? 'y'.repeat(1_200_000) : null,
    row > 60_000 ? `late-${row % 300}` : null,
    null,
    some < 0.5 ? null : row % 3,
    some < 0.3 ? Number.MAX_SAFE_INTEGER - row : row * 1_000_003,
  ]
}

async function written(path: string): Promise<readonly (readonly Value[])[]> {
  const file = await EventFile.open(path, columns)
  const random = seededRandom(5)
  const all = Array.from({ length: rows }, (_, row) => valuesOf(row, random))
  for (const values of all) {
    for (const [index, { name, type }] of columns.entries()) {
      const value = values[index]
      if (value == null) continue
      const bytes = Buffer.from(`..${value}..`)
      if (type === 'varchar')
        file.text(name).put(file.row, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 2, bytes.length - 2)
      else file.number(name).put(file.row, Number(value))
    }
    if (file.endRow()) await file.flush()
  }
  await file.close()
  return all
}

test('DuckDB reads what was written: every value, in order, in dictionaries and without, over pages and row groups', async () => {
  const path = join(folder, 'all.parquet')
  const all = await written(path)
  using duck = await duckConnection()
  const read = async (from: string) => (await duck.runAndReadAll(from)).getRows()
  const names = columns.map(({ name }) => `"${name}"`).filter((name) => name !== '"never"')
  const found = await read(`select ${names.join(', ')} from read_parquet('${path}')`)
  const plain = found.map((row) => row.map((value) => (typeof value === 'bigint' ? Number(value) : value)))
  const wanted = all.map((row) => row.filter((_, index) => index !== 6))
  // One comparison of everything, and a readable one of the first row that differs.
  const differs = plain.findIndex((row, index) => JSON.stringify(row) !== JSON.stringify(wanted[index]))
  expect([plain.length, differs, plain[differs]]).toEqual([rows, -1, wanted[differs]])
  const described = await read(`select name from parquet_schema('${path}')`)
  expect(described.flat()).not.toContain('never')
  // The bounds in the footer are what a filter leaves row groups out by.
  const [bounds] = await read(
    `select min(stats_min_value::bigint), max(stats_max_value::bigint), sum(stats_null_count), count(*)
     from parquet_metadata('${path}') where path_in_schema = 'row'`,
  )
  expect(bounds?.map(Number)).toEqual([0, rows - 1, 0, 2])
  const merged = join(folder, 'merged.parquet')
  expect(await mergeEventFiles(merged, [path], ['row'])).toBe(rows)
})

test('lengths of more than seven bits go on in the next byte', () => {
  expect([varint(0), varint(127), varint(300), varint(2 ** 40)]).toEqual([
    [0],
    [127],
    [0xac, 0x02],
    [0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
  ])
})
