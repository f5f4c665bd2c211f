import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { compareManifests, compareMaps, compareResults } from './dbt-compare.ts'
import { adapter as dbtCore, defaultDbtFolder } from './dbt-core.ts'
import { diffRunners } from './dbt-diff.ts'
import { installedVersion, pinnedDbt } from './dbt-install.ts'
import { adapter as native } from './native.ts'
import { openBench } from './bench.fixture.ts'
import type { Bench } from './bench.fixture.ts'
import type { Runner, RunnerRequest } from './runner.ts'

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

const folder = defaultDbtFolder(process.env)
const absent = installedVersion(folder) !== pinnedDbt.core
const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes('dbt')

describe('both runners on one database', { timeout: 300_000 }, () => {
  let bench: Bench
  beforeAll(async () => {
    if (!absent || required) bench = await openBench()
  }, 300_000)
  afterAll(async () => {
    await bench?.[Symbol.asyncDispose]()
  })

  /** The bench fills in the surroundings of a request; here they are wanted without a run. */
  async function request(): Promise<RunnerRequest> {
    let seen: RunnerRequest | undefined
    const spy: Runner = {
      ...(await native.open({})),
      invoke: async (given) => {
        seen = given
        return Promise.resolve({ exitCode: 0, nodes: [], manifestPath: null, runResultsPath: null })
      },
    }
    await bench.invoke(spy, { schema: 'diffed' })
    return seen!
  }

  test('make the same of the default project, and what one does otherwise is found', async ({ skip }) => {
    if (!required) skip(absent, 'dbt-core is not installed: scripts/services.sh install dbt')
    const runners = { native: await native.open({}), dbtCore: await dbtCore.open({ folder, install: false }) }
    const options = { request: await request(), ignoredColumns: ['processed_at'], onEvent: () => undefined }
    const same = await diffRunners({ ...options, ...runners })
    expect(same.differences).toEqual([])
    expect(same.relations).toBeGreaterThanOrEqual(3)
    const other: Runner = {
      ...runners.native,
      invoke: async (given, onEvent) =>
        runners.native.invoke({ ...given, vars: { start_date: '2026-01-02' } }, onEvent),
    }
    const replayed: Runner = { ...other, invoke: async (given, onEvent) => runners.native.invoke(given, onEvent) }
    const { differences } = await diffRunners({ ...options, native: other, dbtCore: replayed })
    expect(new Set(differences.map(({ kind }) => kind))).toEqual(new Set(['compiled', 'rows']))
  })
})
