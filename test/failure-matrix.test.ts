import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

test('every row of the failure matrix names a test, and there is such a test', () => {
  const guide = readFileSync(join(root, 'docs/guide/stream.md'), 'utf8')
  const rows = [...guide.matchAll(/^\| (\d+) \| .* \| `([^`]+)`: (.+) \|$/gm)]
  expect([...new Set(rows.map(([, row]) => Number(row)))]).toEqual(Array.from({ length: 22 }, (_, row) => row + 1))
  const missing = rows.filter(([, , file = '', name = '']) => !readFileSync(join(root, file), 'utf8').includes(name))
  expect(missing.map(([line]) => line)).toEqual([])
})
