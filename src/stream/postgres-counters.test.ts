import { afterAll, beforeAll, expect, test } from 'vitest'
import type { TimeZone } from '../domain/day.ts'
import { openTestWarehouse } from '../warehouse/fixture.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { countersContract, noDeltas, noTallies } from './counters.contract.ts'
import { moduleUrl } from './fixture.ts'
import { adapter } from './postgres-counters.ts'
import { SeriesRegistry } from './series.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})

afterAll(() => warehouse[Symbol.asyncDispose]())

const open = () => adapter.open({ warehouse })

countersContract('postgres', {
  open,
  resolve: (series) => new SeriesRegistry(warehouse, 'UTC' as TimeZone).resolve(series),
  childText: () => `
    const { attach } = await import(${moduleUrl('worker-thread.ts')})
    const { adapter } = await import(${moduleUrl('postgres-counters.ts')})
    const counters = await adapter.open({ warehouse: await attach(${JSON.stringify(warehouse.connection)}) })`,
  wipe: async (job) => {
    await warehouse.query('delete from stream_cursor where job_id = (select job_id from stream_job where job = $1)', [
      job,
    ])
  },
})

test('a dead letter is kept whole, once, and readers see the live job under its campaigns’ names', async () => {
  await using counters = await open()
  await counters.begin('letters', 'events', [0])
  const lease = await counters.acquire({ job: 'letters', topic: 'events', partition: 0, owner: 'me', leaseMs: 1000 })
  if (!lease) throw new Error('no lease')
  const raw = Uint8Array.of(0, 1, 254, 255, 34, 92, 44, 123)
  const reason = 'campaign_id: "\\", {null}\0'
  await counters.commit({
    lease,
    next: 5,
    watermarkMs: null,
    dedupeFloor: 0,
    leaseMs: 1000,
    series: [],
    deltas: noDeltas,
    conversions: [],
    deadLetters: [{ offset: 3, place: 1, reason, raw }],
    tallies: noTallies,
  })
  const rows = await warehouse.query(
    `select d.record_offset, d.place, d.reason, d.raw from dead_letter d join stream_job j on j.job_id = d.job_id where j.job = 'letters'`,
  )
  expect(rows).toEqual([
    { record_offset: '3', place: 1, reason: reason.replace('\0', '\uFFFD'), raw: Buffer.from(raw) },
  ])
})

test('a series has the zone of its account, of its campaign’s account, or the default, for ever', async () => {
  await warehouse.query(
    `insert into dim_account (platform, account_id, name, currency, timezone, first_seen, last_seen)
     values ('meta_ads', 'm1', 'M', 'USD', 'America/New_York', now(), now())`,
  )
  await warehouse.query(
    `insert into dim_entity (platform, account_id, level, entity_id, name, status_canonical, status_raw, objective_raw, attr_hash, first_seen, last_seen)
     values ('meta_ads', 'm1', 'campaign', 'known', 'K', 'active', '', '', '', now(), now())`,
  )
  const list = [
    { platform: 'meta_ads', accountId: 'm1', campaignId: 'x', currency: '' },
    { platform: '', accountId: '', campaignId: 'known', currency: '' },
    { platform: '', accountId: '', campaignId: 'unknown "{\\,', currency: '' },
  ]
  const registry = new SeriesRegistry(warehouse, 'Asia/Seoul' as TimeZone)
  const resolved = [...(await registry.resolve(list))]
  expect(resolved.map(({ zone }) => zone)).toEqual(['America/New_York', 'America/New_York', 'Asia/Seoul'])
  await warehouse.query(`update dim_account set timezone = 'Europe/Berlin' where account_id = 'm1'`)
  expect(await new SeriesRegistry(warehouse, 'UTC' as TimeZone).resolve(list)).toEqual(resolved)
  list.push({ platform: 'meta_ads', accountId: 'm1', campaignId: 'y', currency: '' })
  const grown = await registry.resolve(list)
  expect(grown.slice(0, 3)).toEqual(resolved)
  expect(grown[3]?.zone).toBe('Europe/Berlin')
})
