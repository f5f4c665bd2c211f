import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adapters } from '../src/adapters.ts'
import { loadAdapter } from '../src/config-check.ts'
import type { Connector } from '../src/connectors/connector.ts'
import { day, timeZone } from '../src/domain/day.ts'
import type { OpenConnection } from '../src/orchestrate/ports.ts'
import { runPipeline } from '../src/orchestrate/run.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import type { SandboxPlatform } from '../src/sandbox/shapes.ts'
import { sandboxPlatforms } from '../src/sandbox/shapes.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { clockOf, portsOver } from './job.ts'
import { publishedLines, truthLines } from './truth.ts'

/*
 * Every platform of the sandbox through the whole nightly job: what is published is what its fake says is true, to the micro, and
 * is again when a day is restated. The two of the demo have tests of their own; here they are beside the others.
 */
const nowMs = Date.parse('2026-09-06T12:00:00Z')
const range = { since: day('2026-09-03'), until: day('2026-09-04') }

let sandbox: Sandbox
let warehouse: Warehouse
let folder: string
let seed = 0

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 11, nowMs, world: { platforms: sandboxPlatforms } })
  warehouse = await openTestWarehouse()
  folder = await mkdtemp(join(tmpdir(), 'millrace-platforms-'))
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
  await sandbox.stop()
  await rm(folder, { recursive: true, force: true })
})

async function connectionTo(platform: SandboxPlatform): Promise<OpenConnection> {
  const adapter = await loadAdapter('connector', platform)
  const connector = (await adapter.open(adapter.options.parse(sandbox.connections[platform]))) as Connector
  return { name: platform, connector, accountIds: [] }
}

/** One run over all platforms; each has its own seed, because runs are named by chance. */
async function runAll() {
  const connections = await Promise.all(sandboxPlatforms.map(connectionTo))
  await using ports = await portsOver({ clock: clockOf(sandbox), connections, warehouse, folder, seed: (seed += 1) })
  const request = { range, kind: 'advance', zone: timeZone('Asia/Seoul') } as const
  return runPipeline(ports, request, () => undefined, new AbortController().signal)
}

async function linesOf(platform: SandboxPlatform) {
  const accounts = sandbox.accounts.filter((one) => one.platform === platform)
  const places = accounts.flatMap(({ accountId }) => [range.since, range.until].map((date) => ({ accountId, date })))
  const published = places.map(({ accountId, date }) =>
    publishedLines({ ports: { warehouse } }, platform, accountId, date).then((found) => found?.lines),
  )
  const truth = places.map(({ accountId, date }) =>
    truthLines(sandbox.truth(platform, accountId, date, sandbox.nowMs())),
  )
  return { published: await Promise.all(published), truth, rows: truth.flat().length }
}

describe('the nightly job over every platform', () => {
  test('there is a connector for each of the seven', () => {
    expect(sandboxPlatforms.length).toBe(7)
    expect(Object.keys(adapters.connector)).toEqual(expect.arrayContaining([...sandboxPlatforms]))
  })

  test('publishes what each of them says is true, and the restated truth when it reads again', async () => {
    for (const faults of [[], [{ kind: 'restated_day', day: range.since, factor: 1.5 }]] as const) {
      sandbox.scenario({ faults })
      expect(await runAll()).toMatchObject({ state: 'success', accounts: sandbox.accounts.length })
      for (const platform of sandboxPlatforms) {
        const { published, truth, rows } = await linesOf(platform)
        expect([platform, published]).toEqual([platform, truth])
        expect(rows).toBeGreaterThan(5)
      }
    }
  })
})
