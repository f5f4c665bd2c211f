import { describe, expect, test } from 'vitest'
import { compareManifests, compareMaps, compareResults } from './dbt-compare.ts'

const node = { config: { enabled: true, tags: ['b', 'a'] }, compiled_code: 'select 1\nfrom x', alias: 'n' }
const manifest = (changes: object) => ({ nodes: { 'model.p.n': { ...node, ...changes } }, sources: {} })

describe('what differs', () => {
  test('in compiled SQL, by its first line', () => {
    expect(compareManifests(manifest({}), manifest({ compiled_code: 'select 1\nfrom y\nwhere z' }))).toEqual([
      { kind: 'compiled', id: 'model.p.n', native: 'line 2: from x', dbtCore: 'line 2: from y' },
    ])
  })

  test('in the manifest, by key; the order of keys and repeated tags are the same', () => {
    expect(compareManifests(manifest({}), manifest({ config: { tags: ['a', 'b', 'b'], enabled: true } }))).toEqual([])
    expect(compareManifests(manifest({}), manifest({ alias: 'm' }))).toEqual([
      { kind: 'manifest', id: 'model.p.n', native: 'alias = "n"', dbtCore: 'alias = "m"' },
    ])
    expect(compareManifests(manifest({}), { nodes: {}, sources: {} })).toEqual([
      { kind: 'manifest', id: 'model.p.n', native: 'there', dbtCore: 'absent' },
    ])
  })

  test('in statuses and failures', () => {
    const one = { uniqueId: 't', status: 'fail', failures: 2 }
    expect(compareResults([one], [{ ...one, failures: 3 }])).toEqual([
      { kind: 'status', id: 't', native: 'fail (2)', dbtCore: 'fail (3)' },
    ])
    expect(compareMaps('relation', new Map([['a', 'r: x']]), new Map())).toEqual([
      { kind: 'relation', id: 'a', native: 'r: x', dbtCore: 'absent' },
    ])
  })
})
