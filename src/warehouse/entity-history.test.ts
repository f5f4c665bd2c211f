import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { EntityObservation, EntityStatus } from '../domain/entity.ts'
import { decimal } from '../domain/decimal.ts'
import { account, dayOne, requestOf, row } from './contract-rows.ts'
import { observeEntities } from './entities.ts'
import { historyOf } from './entity-history.ts'
import { openTestWarehouse } from './fixture.ts'
import type { Warehouse } from './warehouse.ts'

let warehouse: Warehouse

beforeAll(async () => {
  warehouse = await openTestWarehouse()
})
afterAll(async () => {
  await warehouse[Symbol.asyncDispose]()
})
beforeEach(async () => {
  await warehouse.query(
    'truncate dim_entity, fact_ad_daily, fact_ad_daily_history, partition_state, partition_version, extract',
  )
})

const described = (
  name: string,
  status: EntityStatus = 'active',
  changes: Partial<EntityObservation> = {},
): EntityObservation => ({
  platform: account.platform,
  accountId: account.accountId,
  level: 'campaign',
  entityId: '1',
  parentId: null,
  name,
  status,
  statusRaw: status,
  dailyBudget: decimal('10'),
  objectiveRaw: 'SEARCH',
  ...changes,
})

const startMs = Date.UTC(2026, 4, 1)
const hourMs = 3_600_000
const observe = (hour: number, ...all: readonly EntityObservation[]) =>
  warehouse.transaction((session) => observeEntities(session, all, startMs + hour * hourMs))

/** The whole history as text; infinite ends as dots. */
async function history(): Promise<readonly string[]> {
  const rows = await warehouse.query<{ readonly line: string; readonly first_seen: Date; readonly last_seen: Date }>(
    `select concat_ws(' ', entity_id, name, status_canonical,
              coalesce((case when isfinite(valid_from) then extract(epoch from valid_from - $1) / 3600 end)::int::text, '…') || '–' ||
              coalesce((case when isfinite(valid_to) then extract(epoch from valid_to - $1) / 3600 end)::int::text, '…'),
              case when is_current then 'now' end) as line, first_seen, last_seen
     from dim_entity order by entity_id, valid_from`,
    [new Date(startMs)],
  )
  const hours = (at: Date) => (at.getTime() - startMs) / hourMs
  return rows.map((one) => `${one.line} seen ${hours(one.first_seen)}–${hours(one.last_seen)}`)
}

test('a look that arrives late takes its place in the history', async () => {
  await observe(0, described('봄'))
  await observe(10, described('봄'))
  await observe(20, described('여름'))
  await observe(5, described('겨울'))
  expect(await history()).toEqual([
    '1 봄 active …–5 seen 0–0',
    '1 겨울 active 5–10 seen 5–5',
    '1 봄 active 10–20 seen 10–10',
    '1 여름 active 20–… now seen 20–20',
  ])
  // Found before it was found first: the change is older than was known.
  await observe(15, described('여름'))
  expect((await history()).slice(2)).toEqual(['1 봄 active 10–15 seen 10–10', '1 여름 active 15–… now seen 15–20'])
})

describe('any order of looks makes the same history', () => {
  const look = fc.record({
    hour: fc.integer({ min: 0, max: 30 }),
    entities: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('1', '2'),
        name: fc.constantFrom('a', 'b'),
        status: fc.constantFrom<EntityStatus>('active', 'paused', 'removed'),
      }),
      { selector: (one) => one.id, minLength: 1, maxLength: 2 },
    ),
  })
  const looks = fc.uniqueArray(look, { selector: (one) => one.hour, minLength: 2, maxLength: 8 })

  test('in the database, with a fact’s stub before, between or after them', async () => {
    const property = fc.asyncProperty(looks, fc.nat(8), fc.infiniteStream(fc.nat()), async (all, stubAt, order) => {
      const told = async (sequence: typeof all, loadAt: number) => {
        await warehouse.query('truncate dim_entity, fact_ad_daily, partition_state, partition_version, extract')
        for (const [at, { hour, entities }] of sequence.entries()) {
          if (at === loadAt) await warehouse.load(requestOf(1, [row('1')]))
          await observe(hour, ...entities.map(({ id, name, status }) => described(name, status, { entityId: id })))
        }
        return (await history()).filter((line) => !line.includes('unknown'))
      }
      const inOrder = all.toSorted((a, b) => a.hour - b.hour)
      const shuffled = all
        .map((one) => ({ one, key: order.next().value }))
        .toSorted((a, b) => a.key - b.key)
        .map(({ one }) => one)
      expect(await told(shuffled, stubAt)).toEqual(await told(inOrder, 99))
    })
    await fc.assert(property, { seed: 324, numRuns: process.env['MILLRACE_LONG'] === '1' ? 500 : 15 })
  })

  test('in the plan, and every instant is in exactly one stretch', () => {
    const seen = fc.uniqueArray(
      fc.record({ at: fc.integer({ min: 0, max: 60 }), name: fc.constantFrom('a', 'b', 'c') }),
      { selector: (one) => one.at, minLength: 1 },
    )
    const property = fc.property(seen, (all) => {
      const made = (some: typeof all) =>
        historyOf(some.map(({ at, name }) => ({ observation: described(name), seenAtMs: [at] })))
      const stretches = made(all)
      expect(made(all.toReversed())).toEqual(stretches)
      expect([stretches[0]?.validFromMs, stretches.at(-1)?.validToMs]).toEqual([null, null])
      for (const [at, one] of stretches.slice(1).entries()) expect(stretches[at]?.validToMs).toBe(one.validFromMs)
      for (const { at, name } of all) {
        const found = stretches.filter((one) => at >= (one.validFromMs ?? -1) && at < (one.validToMs ?? 1_000))
        expect(found.map((one) => one.observation.name)).toEqual([name])
      }
    })
    fc.assert(property, { seed: 325, numRuns: 300 })
  })
})

describe('what platforms do to entities', () => {
  test('a deleted entity keeps its spend and its names', async () => {
    await warehouse.load(requestOf(1, [row('1')]))
    await observe(0, described('봄'))
    await observe(10, described('봄', 'removed'))
    const rows = await warehouse.query('select campaign_id, campaign_name, cost from daily_campaign_metrics')
    expect(rows).toEqual([{ campaign_id: '1', campaign_name: '봄', cost: '10.500000' }])
    expect((await history()).map((line) => line.split(' ')[2])).toEqual(['active', 'removed'])
  })

  test('an id that is given to something else has one history, and facts of each day bear that day’s name', async () => {
    await warehouse.load(requestOf(1, [row('1')]))
    await observe(-48, described('old', 'removed', { objectiveRaw: 'SEARCH' }))
    await observe(48, described('new', 'active', { objectiveRaw: 'VIDEO' }))
    const names = await warehouse.query('select date, campaign_name from daily_campaign_metrics')
    expect(names).toEqual([{ date: dayOne, campaign_name: 'old' }])
  })

  test('a look that was late by more looks than are kept changes nothing that is certain', () => {
    const many = Array.from({ length: 500 }, (_, at) => at)
    const [only, ...rest] = historyOf([{ observation: described('a'), seenAtMs: many }])
    expect(rest).toEqual([])
    expect([only?.seenAtMs.length, only?.seenAtMs[0], only?.seenAtMs.at(-1)]).toEqual([201, 0, 499])
  })
})
