import { describe, expect, test } from 'vitest'
import type { RawColumn } from '../domain/mapping.ts'
import { compareColumns, countColumns, noDrift, readsAs } from './drift.ts'

const contract: readonly RawColumn[] = [
  { name: 'date', type: 'day', required: true },
  { name: 'campaign_id', type: 'text', required: true },
  { name: 'cost_micros', type: 'bigint', required: true },
  { name: 'conversions', type: 'decimal', required: false },
  { name: 'actions', type: 'json', required: false },
]

const good = {
  date: '2026-11-20',
  campaign_id: '9007199254740993',
  cost_micros: '1',
  conversions: '-2E-18',
  actions: '[]',
}

function drifted(rows: readonly Readonly<Record<string, string | null>>[]) {
  const counter = countColumns(contract)
  for (const row of rows) counter.add(row)
  return compareColumns(contract, counter.seen())
}

describe('what came, against the contract', () => {
  test('the contract itself is no drift, whatever optional columns are missing', () => {
    expect(drifted([good])).toEqual(noDrift)
    expect(
      drifted([
        { ...good, conversions: null },
        { date: good.date, campaign_id: 'a', cost_micros: '0' },
      ]),
    ).toEqual(noDrift)
  })

  test('a required column that no row has, or that one row lacks, is removed', () => {
    const { cost_micros: _, ...without } = good
    expect(drifted([without]).removed).toEqual(['cost_micros'])
    expect(drifted([good, { ...good, cost_micros: null }]).removed).toEqual(['cost_micros'])
  })

  test('a value of another type is named with how many there are and one of them', () => {
    expect(drifted([good, { ...good, cost_micros: '1.5' }, { ...good, cost_micros: '1,500' }]).mistyped).toEqual([
      { name: 'cost_micros', type: 'bigint', rows: 2, example: '1.5' },
    ])
  })

  test('a new column is added, also when it is always null', () => {
    expect(
      drifted([
        { ...good, video_quartile: '3' },
        { ...good, label: null },
      ]).added,
    ).toEqual(['video_quartile', 'label'])
  })

  test('a renamed column is one removed and one added', () => {
    const { campaign_id: id, ...rest } = good
    expect(drifted([{ ...rest, campaignId: id }])).toEqual({
      removed: ['campaign_id'],
      mistyped: [],
      added: ['campaignId'],
    })
  })

  test('without rows nothing can be said', () => expect(drifted([])).toEqual(noDrift))

  test('a key of the language itself is a column like any other', () => {
    const row = Object.fromEntries([...Object.entries(good), ['constructor', 'x'], ['__proto__', 'y']])
    expect(drifted([row]).added).toEqual(['constructor', '__proto__'])
  })
})

test.each([
  ['day', '2026-11-20', true],
  ['day', '20.11.2026', false],
  ['bigint', '-9007199254740993', true],
  ['bigint', '1.0', false],
  ['decimal', '-2E-18', true],
  ['decimal', '1,5', false],
  ['decimal', 'NaN', false],
  ['json', '[{"a":1}]', true],
  ['json', '[', false],
  ['text', '', true],
] as const)('%s reads %j: %s', (type, text, reads) => expect(readsAs(type, text)).toBe(reads))
