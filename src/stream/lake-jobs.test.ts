import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../domain/clock.ts'
import type { TimeZone } from '../domain/day.ts'
import { adapter as folderLake } from '../lake/folder.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { linesOf, moduleUrl, startChild } from './fixture.ts'
import { careOnce } from './lake-jobs.ts'
import { adapter as postgresCounters } from './postgres-counters.ts'
import { adapter as postgresLog } from './postgres-log.ts'
import { landAll } from './land.ts'
import { fillFromLake } from './replay.ts'
import { SeriesRegistry } from './series.ts'

const zone = 'Asia/Seoul' as TimeZone
const dayMs = 86_400_000
const folder = mkdtempSync(join(tmpdir(), 'millrace-lake-jobs-'))
let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

test('the log lets go of old days, and of nothing that is not counted or has not landed', async () => {
  await using log = await postgresLog.open(postgresLog.options.parse({ warehouse, topic: 'kept', partitions: 1 }))
  await using lake = await folderLake.open({ root: join(folder, 'lake') })
  await using counters = await postgresCounters.open({ warehouse })
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + 10 * dayMs }
  const registry = new SeriesRegistry(warehouse, zone)
  const ports = { log, lake, warehouse, counters, registry, clock, scratchDir: join(folder, 'scratch') }
  const first = async () => (await log.bounds(0)).first
  const line = `{"event_type":"click","campaign_id":"c","timestamp":${systemClock.nowMs()}}`
  await log.append({ partition: 0, ...linesOf([line, line, line]) })
  await careOnce({ ports, zone, keepMs: 7 * dayMs })
  expect(await first()).toBe(0)
  await counters.begin('live', 'kept', [0])
  await landAll(ports)
  await careOnce({ ports, zone, keepMs: 7 * dayMs })
  expect(await first()).toBe(0)
  for await (const _ of fillFromLake(ports, 'live'));
  // Ids of the last day are still wanted to find copies by.
  await warehouse.query('update stream_cursor set dedupe_floor = next')
  await careOnce({ ports, zone, keepMs: 30 * dayMs })
  expect(await first()).toBe(0)
  await careOnce({ ports, zone })
  expect(await first()).toBe(0)
  await careOnce({ ports, zone, keepMs: 7 * dayMs })
  expect(await log.bounds(0)).toMatchObject({ first: 3, next: 3 })
  // Counted, but somebody who landed it has died: what is not in the lake stays in the log.
  await log.append({ partition: 0, ...linesOf([line, line]) })
  await warehouse.query(`update land_cursor set lease_until = now() + interval '1 hour'`)
  await warehouse.query('update stream_cursor set next = 5, dedupe_floor = 5')
  await careOnce({ ports, zone, keepMs: 7 * dayMs })
  expect(await log.bounds(0)).toMatchObject({ first: 3, next: 5 })
})

test('kill -9 after the manifest is committed and before the log is trimmed: the next round trims, and nothing lands twice', async () => {
  // Another day than the first test's: days are let go of whole, whoever's records lie in them.
  const tomorrow = { ...systemClock, nowMs: () => systemClock.nowMs() + dayMs }
  const options = { warehouse, topic: 'untrimmed', partitions: 1, clock: tomorrow }
  await using log = await postgresLog.open(postgresLog.options.parse(options))
  await using lake = await folderLake.open({ root: join(folder, 'untrimmed') })
  await using counters = await postgresCounters.open({ warehouse })
  const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + 10 * dayMs }
  const registry = new SeriesRegistry(warehouse, zone)
  const ports = { log, lake, warehouse, counters, registry, clock, scratchDir: join(folder, 'scratch') }
  const line = `{"event_type":"click","campaign_id":"c","timestamp":${systemClock.nowMs()}}`
  await log.append({ partition: 0, ...linesOf([line, line]) })
  await counters.begin('live', 'untrimmed', [0])
  await warehouse.query(`update stream_cursor set next = 2, dedupe_floor = 2 where topic = 'untrimmed'`)
  const child = startChild(`
    const { attach } = await import(${moduleUrl('worker-thread.ts')})
    const { systemClock } = await import(${moduleUrl('../domain/clock.ts')})
    const { landAll } = await import(${moduleUrl('land.ts')})
    const { careOnce } = await import(${moduleUrl('lake-jobs.ts')})
    const { SeriesRegistry } = await import(${moduleUrl('series.ts')})
    const { adapter } = await import(${moduleUrl('postgres-log.ts')})
    const { adapter: postgresCounters } = await import(${moduleUrl('postgres-counters.ts')})
    const { adapter: folderLake } = await import(${moduleUrl('../lake/folder.ts')})
    const warehouse = await attach(${JSON.stringify(warehouse.connection)})
    const log = await adapter.open(adapter.options.parse({ warehouse, topic: 'untrimmed', partitions: 1 }))
    log.trim = () => new Promise(() => console.log('trims'))
    const lake = await folderLake.open({ root: ${JSON.stringify(join(folder, 'untrimmed'))} })
    const counters = await postgresCounters.open({ warehouse })
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + 10 * ${dayMs} }
    const ports = { log, lake, warehouse, counters, registry: new SeriesRegistry(warehouse, 'Asia/Seoul'), clock,
      scratchDir: ${JSON.stringify(join(folder, 'scratch'))} }
    await landAll(ports)
    await careOnce({ ports, zone: 'Asia/Seoul', keepMs: ${7 * dayMs} })`)
  await child.printed(1)
  expect(child.lines).toEqual(['trims'])
  await child.kill()
  expect(await log.bounds(0)).toMatchObject({ first: 0, next: 2 })
  expect(await landAll(ports)).toEqual([])
  await careOnce({ ports, zone, keepMs: 7 * dayMs })
  expect(await log.bounds(0)).toMatchObject({ first: 2, next: 2 })
  const landed = 'select first_offset::int as first, next_offset::int as next from lake_event_file where topic = $1'
  expect(await warehouse.query(landed, ['untrimmed'])).toEqual([{ first: 0, next: 2 }])
})
