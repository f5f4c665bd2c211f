import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom, systemClock } from '../domain/clock.ts'
import { adapter as folderLake } from '../lake/folder.ts'
import type { Lake } from '../lake/lake.ts'
import { eventRows } from '../lake/event-parquet.ts'
import { duckConnection } from '../lake/parquet.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { linesOf, moduleUrl, startChild } from './fixture.ts'
import { EventGenerator, seedProfile } from './generator.ts'
import { landAll, landLimits, landNext } from './land.ts'
import type { LandPorts } from './land.ts'
import { landedColumns } from './land-lines.ts'
import type { EventLog } from './log.ts'
import { adapter as postgresLog } from './postgres-log.ts'
import { simulate } from './simulate.ts'

const cycles = process.env['MILLRACE_LONG'] === undefined ? 2 : 40
const folder = mkdtempSync(join(tmpdir(), 'millrace-land-'))
let warehouse: Warehouse
let lake: Lake

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  lake = await folderLake.open({ root: join(folder, 'lake') })
})

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const openLog = (topic: string, partitions: number): Promise<EventLog> =>
  postgresLog.open(postgresLog.options.parse({ warehouse, topic, partitions }))

const portsOf = (log: EventLog): LandPorts => ({
  log,
  lake,
  warehouse,
  clock: systemClock,
  scratchDir: join(folder, 'scratch'),
})

/** What the listed files hold, by DuckDB. */
async function asked(topic: string, select: string): Promise<readonly (readonly unknown[])[]> {
  const files = await warehouse.query<{ key: string }>(
    'select key from lake_event_file where topic = $1 and replaced_at is null order by partition, first_offset',
    [topic],
  )
  const paths = await Promise.all(files.map(async ({ key }) => (await lake.open(key)).path))
  using duck = await duckConnection()
  const result = await duck.run(`select ${select} from (${eventRows(paths, landedColumns)})`)
  return result.getRows()
}

describe('landing', () => {
  test('keeps every record, in order, its numbers to the last digit; what is no event is kept whole beside its place', async () => {
    await using log = await openLog('exact', 1)
    const lines = [
      '{"event_type":"conversion","campaign_id":"c","timestamp":1767225600.5,"value":999999999.1234567890123456789,"currency":"EUR"}',
      ' {"_off":99,"_part":7,"event_type":"click","campaign_id":"광고","timestamp":1767225600000,"consent":{"gpc":true}}',
      'not json',
      '{"event_type":"click","campaign_id":"c","timestamp":"1767225600"}',
    ]
    await log.append({ partition: 0, ...linesOf(lines) })
    expect(await landAll(portsOf(log))).toMatchObject([{ partition: 0, rows: 4, first: 0, next: 4 }])
    expect(await asked('exact', '_part, _off, campaign_id, timestamp, value, consent, _raw')).toEqual([
      [0, 0n, 'c', '1767225600.5', '999999999.1234567890123456789', null, null],
      [0, 1n, '광고', '1767225600000', null, '{"gpc":true}', null],
      [0, 2n, null, null, null, null, Buffer.from('not json').toString('base64')],
      [0, 3n, null, null, null, null, Buffer.from(lines[3] ?? '').toString('base64')],
    ])
    expect(await landAll(portsOf(log))).toEqual([])
  })

  test('a writer whose lease went to another lists nothing', async () => {
    await using log = await openLog('duel', 1)
    await log.append({ partition: 0, ...linesOf(['{"event_type":"click","campaign_id":"c","timestamp":1767225600}']) })
    const ports = portsOf(log)
    const slow: LandPorts = {
      ...ports,
      lake: {
        ...lake,
        put: async (...put) => {
          const done = await lake.put(...put)
          await warehouse.query(`update land_cursor set lease_until = now() - interval '1 s' where topic = 'duel'`)
          expect(await landNext(ports, 0)).toMatchObject({ rows: 1 })
          return done
        },
      },
    }
    expect(await landNext(slow, 0)).toBeNull()
    expect(await asked('duel', 'count(*)')).toEqual([[1n]])
  })

  test(
    'kill -9 of writers and of compactions, again and again, leaves each record in the lake once',
    async () => {
      await using log = await openLog('killed-landing', 2)
      const stop = new AbortController()
      const generator = new EventGenerator(
        { ...seedProfile, flaws: { duplicates: 0.02, late: 0.02, bad: 0.02 } },
        seededRandom(6),
      )
      const sending = simulate({ log, generator, clock: systemClock, ratePerSecond: 3_000 }, stop.signal)
      const random = seededRandom(9)
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        const child = startChild(`
        const { attach } = await import(${moduleUrl('worker-thread.ts')})
        const { systemClock } = await import(${moduleUrl('../domain/clock.ts')})
        const { landAll } = await import(${moduleUrl('land.ts')})
        const { adapter } = await import(${moduleUrl('postgres-log.ts')})
        const { adapter: folderLake } = await import(${moduleUrl('../lake/folder.ts')})
        const { compact, listEventFiles, planCompaction } = await import(${moduleUrl('land-care.ts')})
        const warehouse = await attach(${JSON.stringify(warehouse.connection)})
        const log = await adapter.open(adapter.options.parse({ warehouse, topic: 'killed-landing', partitions: 2 }))
        const lake = await folderLake.open({ root: ${JSON.stringify(join(folder, 'lake'))} })
        const ports = { log, lake, warehouse, clock: systemClock, scratchDir: ${JSON.stringify(join(folder, 'scratch'))} }
        for (;;) {
          const files = await landAll(ports, { recordsMax: 500, bytesMax: 1e6, leaseMs: 200 })
          if (files.length > 0) console.log('landed')
          for (const run of planCompaction(await listEventFiles(warehouse, 'killed-landing'), { smallBytes: 1e9, mergedBytesMax: 1e9, filesMin: 2 }))
            await compact(ports, run)
        }`)
        await child.printed(1)
        await systemClock.sleep(random() * 300)
        await child.kill()
      }
      stop.abort()
      await sending
      await systemClock.sleep(300)
      await landAll(portsOf(log), { ...landLimits, leaseMs: 200 })
      expect(await asked('killed-landing', 'count(*), count(distinct (_part, _off)), count(_raw)')).toEqual([
        [BigInt(generator.sent), BigInt(generator.sent), BigInt(generator.bad)],
      ])
    },
    process.env['MILLRACE_LONG'] === undefined ? 300_000 : 1_800_000,
  )
})
