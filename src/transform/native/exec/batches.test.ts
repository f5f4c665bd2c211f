import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { batchId, batchLabel, batchesOf, resultsContent } from './batches.ts'
import type { BatchWindow } from './batches.ts'

interface Case {
  readonly window: Omit<BatchWindow, 'startMs' | 'endMs'> & {
    readonly startMs: number | null
    readonly endMs: number | null
  }
  readonly count: number
  readonly first: readonly [number, number]
  readonly last: readonly [number, number]
  readonly ids: readonly [string, string]
  readonly label: string
}

/** Written by dbt-core's own builder of batches: scripts/golden/dbt-batches.py. */
const cases = JSON.parse(readFileSync(new URL('../golden/batches.json', import.meta.url), 'utf8')) as readonly Case[]

test('batches are those of dbt-core for 200 windows of every size', () => {
  expect(cases).toHaveLength(200)
  for (const { window, ...expected } of cases) {
    const given = { ...window, startMs: window.startMs ?? undefined, endMs: window.endMs ?? undefined }
    const batches = batchesOf(given)
    const [first, last] = [batches[0]!, batches.at(-1)!]
    const found = {
      count: batches.length,
      first: [first.startMs, first.endMs],
      last: [last.startMs, last.endMs],
      ids: [batchId(first, window.size), batchId(last, window.size)],
      label: batchLabel(last, window.size),
    }
    expect({ window, ...found }).toEqual({ window, ...expected })
  }
})

test('each batch begins where the one before it ends', () => {
  for (const { window } of cases) {
    const batches = batchesOf({ ...window, startMs: window.startMs ?? undefined, endMs: window.endMs ?? undefined })
    expect(batches.slice(1).map(({ startMs }) => startMs)).toEqual(batches.slice(0, -1).map(({ endMs }) => endMs))
  }
})

test('a year below 100 is that year', () => {
  const beginMs = Date.parse('0001-01-01T00:00:00Z')
  const window = {
    size: 'year',
    beginMs,
    lookback: 1,
    isIncremental: false,
    startMs: undefined,
    endMs: undefined,
  } as const
  const batches = batchesOf({ ...window, nowMs: Date.parse('0003-06-01T00:00:00Z') })
  expect(batches.map((batch) => batchLabel(batch, 'year'))).toEqual(['0001', '0002', '0003'])
  expect(resultsContent({ successful: batches.slice(0, 1), failed: [] })).toEqual({
    successful: [['0001-01-01T00:00:00+00:00', '0002-01-01T00:00:00+00:00']],
    failed: [],
  })
})
