import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Day } from '../domain/day.ts'
import { decimal, normalised, sumDecimals } from '../domain/decimal.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { EntityObservation } from '../domain/entity.ts'
import type { DailyMetric } from '../domain/metric.ts'
import { account, crashRows, dayOne, dayTwo, extractOf, passAll, refuse, requestOf, row } from './contract-rows.ts'
import { observeAccount, observeEntities } from './entities.ts'
import { markFailed, readStatus } from './partition-state.ts'
import type { Audit, PartitionReport, Warehouse } from './warehouse.ts'

/** What a suite needs of an adapter: warehouses of their own on one server, and a way to hurt that server. */
export interface WarehouseUnderTest {
  /** A warehouse on a fresh database without any table. */
  fresh(): Promise<Warehouse>
  /** One with every migration, copied from one that was migrated once: what a test costs is not the migrations again. */
  migrated(): Promise<Warehouse>
  /** kill -9 of the server; it is started again by whoever is meant to: the adapter itself, or `restart`. */
  kill(warehouse: Warehouse): Promise<void>
  restart(): Promise<void>
}

const long = process.env['MILLRACE_LONG'] === '1'

const outcomes = (reports: readonly PartitionReport[]) => reports.map((one) => one.outcome)

async function facts(warehouse: Warehouse): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return warehouse.query(
    `select date, entity_id, currency, cost, impressions, clicks, link_clicks, video_views, conversions, conversion_value
     from fact_ad_daily order by date, entity_id`,
  )
}

const writersSum = `select coalesce(sum(cost), 0) as cost, count(*)::int as rows, count(distinct extract_id)::int as extracts from fact_ad_daily`

interface Totals {
  readonly rows: number
  readonly cost: string
  readonly [column: string]: unknown
}

/** What every warehouse promises, whoever runs the server. */
export function warehouseContract(
  name: string,
  target: { readonly open: () => Promise<WarehouseUnderTest & AsyncDisposable>; readonly skip?: string | undefined },
): void {
  describe.skipIf(target.skip !== undefined)(
    `warehouse ${name}${target.skip ? ` (skipped: ${target.skip})` : ''}`,
    () => {
      let under: WarehouseUnderTest & AsyncDisposable
      beforeAll(async () => {
        under = await target.open()
      }, 120_000)
      afterAll(async () => {
        await under[Symbol.asyncDispose]()
      }, 60_000)

      const migrated = (): Promise<Warehouse> => under.migrated()

      describe('migrations', () => {
        test('are applied once, whoever asks again', async () => {
          await using warehouse = await under.fresh()
          const first = await warehouse.migrate()
          expect(first[0]).toBe('0001_facts.sql')
          expect(await warehouse.migrate()).toEqual([])
        })

        test('of five starters at once are applied by one', async () => {
          await using warehouse = await under.fresh()
          const applied = await Promise.all(Array.from({ length: 5 }, () => warehouse.migrate()))
          const names = applied.flat()
          expect(names.length).toBe(new Set(names).size)
          expect(names.length).toBeGreaterThanOrEqual(3)
        })

        test('refuse to go on when an applied one was changed, or is unknown', async () => {
          await using warehouse = await migrated()
          await warehouse.query(`update migration set checksum = 'other' where name = '0001_facts.sql'`)
          await expect(warehouse.migrate()).rejects.toMatchObject({ code: 'WAREHOUSE_MIGRATION_CHANGED' })
          await warehouse.query(`update migration set name = '0000_future.sql' where name = '0001_facts.sql'`)
          await expect(warehouse.migrate()).rejects.toMatchObject({ code: 'WAREHOUSE_MIGRATION_UNKNOWN' })
        })

        test('that meet a stranger’s table leave the schema as it was', async () => {
          await using warehouse = await under.fresh()
          await warehouse.query('create schema millrace')
          await warehouse.query('create table dim_account (mine integer)')
          await expect(warehouse.migrate()).rejects.toMatchObject({ code: 'WAREHOUSE_MIGRATION_FAILED' })
          const tables = await warehouse.query(
            `select tablename from pg_tables where schemaname = 'millrace' order by 1`,
          )
          expect(tables.map((one) => one['tablename'])).toEqual(['dim_account'])
        })
      })

      describe('a load', () => {
        test('publishes what was staged, to the last digit, and twice is once', async () => {
          await using warehouse = await migrated()
          const rows = [
            row('9007199254740993', dayOne, {
              cost: decimal('99999999999999.999999'),
              impressions: decimal('9007199254740993'),
            }),
            row('캠페인\t\\탭', dayTwo, { cost: decimal('-0.000001'), conversions: decimal('0.333333') }),
            row('3', dayOne, { videoViews: decimal('12.0'), linkClicks: null, conversionValue: null }),
          ]
          const days = [dayTwo, dayOne]
          const first = await warehouse.load(requestOf(1, rows, { days }))
          expect(first.map((one) => [one.date, one.outcome, one.rows, one.inserted])).toEqual([
            [dayOne, 'published', 2, 2],
            [dayTwo, 'published', 1, 1],
          ])
          const before = await warehouse.query('select ctid, xmin, entity_id from fact_ad_daily order by entity_id')
          expect(outcomes(await warehouse.load(requestOf(1, rows, { days })))).toEqual(['unchanged', 'unchanged'])
          expect(outcomes(await warehouse.load(requestOf(2, rows.toReversed(), { days })))).toEqual([
            'unchanged',
            'unchanged',
          ])
          // Not even a new version of a row was written.
          expect(await warehouse.query('select ctid, xmin, entity_id from fact_ad_daily order by entity_id')).toEqual(
            before,
          )
          expect(await facts(warehouse)).toMatchObject([
            { date: dayOne, entity_id: '3', link_clicks: null, video_views: '12', conversion_value: null },
            {
              date: dayOne,
              entity_id: '9007199254740993',
              cost: '99999999999999.999999',
              impressions: '9007199254740993',
            },
            { date: dayTwo, entity_id: '캠페인\t\\탭', cost: '-0.000001', conversions: '0.333333' },
          ])
        })

        test('of ready-made lines is the load of the same rows', async () => {
          await using warehouse = await migrated()
          const rows = [row('1'), row('2', dayOne, { cost: decimal('-0.5') }), row('3', dayTwo)]
          const days = [dayOne, dayTwo]
          const line = (one: DailyMetric) =>
            `${one.date}\t${one.entityId}\tKRW\t${one.cost}00\t100\t7\t6\t\\N\t1.25\t3\t\\N\n`
          async function* lines() {
            yield { lines: new TextEncoder().encode(rows.slice(0, 1).map(line).join('')) }
            yield rows.slice(1, 2)
            yield { lines: new TextEncoder().encode(rows.slice(2).map(line).join('')) }
            await Promise.resolve()
          }
          const reports = await warehouse.load(requestOf(1, [], { days, rows: lines() }))
          expect(reports.map((one) => [one.date, one.rows])).toEqual([
            [dayOne, 2],
            [dayTwo, 1],
          ])
          const published = await facts(warehouse)
          const again = await warehouse.load(requestOf(2, rows, { days }))
          expect(outcomes(again)).toEqual(['unchanged', 'unchanged'])
          expect(await facts(warehouse)).toEqual(published)
        })

        test('writes what changed, deletes what was withdrawn, and the ledger has both', async () => {
          await using warehouse = await migrated()
          await warehouse.load(requestOf(1, [row('1'), row('2'), row('3')]))
          const [report] = await warehouse.load(
            requestOf(2, [row('1'), row('2', dayOne, { cost: decimal('11') }), row('4')]),
          )
          expect(report).toMatchObject({ outcome: 'published', rows: 3, inserted: 1, updated: 1, deleted: 1 })
          const ledger = await warehouse.query(
            'select action, entity_id, old_cost, new_cost, old_clicks, new_clicks, extract_id from fact_ad_daily_history order by entity_id',
          )
          const { extractId } = extractOf(2)
          expect(ledger).toEqual([
            {
              action: 'update',
              entity_id: '2',
              old_cost: '10.500000',
              new_cost: '11.000000',
              old_clicks: '7',
              new_clicks: '7',
              extract_id: extractId,
            },
            {
              action: 'delete',
              entity_id: '3',
              old_cost: '10.500000',
              new_cost: null,
              old_clicks: '7',
              new_clicks: null,
              extract_id: extractId,
            },
            {
              action: 'insert',
              entity_id: '4',
              old_cost: null,
              new_cost: '10.500000',
              old_clicks: null,
              new_clicks: '7',
              extract_id: extractId,
            },
          ])
          // A row says which extract gave it its present numbers; the untouched one is still the first one's.
          const owners = await warehouse.query('select entity_id, extract_id from fact_ad_daily order by entity_id')
          expect(owners.map((one) => one['extract_id'])).toEqual([extractOf(1).extractId, extractId, extractId])
        })

        test('for repair reads what is published, and undoes what another program did to it', async () => {
          await using warehouse = await migrated()
          const rows = [row('1'), row('2')]
          await warehouse.load(requestOf(1, rows))
          await warehouse.query(`update fact_ad_daily set cost = 0 where entity_id = '2'`)
          const repair = { ...extractOf(2), kind: 'repair' } as const
          expect(await warehouse.load(requestOf(2, rows, { extract: repair }))).toMatchObject([
            { outcome: 'published', updated: 1 },
          ])
          expect((await facts(warehouse)).map((one) => one['cost'])).toEqual(['10.500000', '10.500000'])
          await warehouse.query(`delete from fact_ad_daily where entity_id = '2'`)
          const again = warehouse.load(requestOf(3, rows, { extract: { ...extractOf(3), kind: 'repair' } }))
          await expect(again).rejects.toMatchObject({ code: 'WAREHOUSE_PARTITION_INEXACT' })
        })

        test('of an empty day publishes no rows, and withdraws all of a published one', async () => {
          await using warehouse = await migrated()
          expect(await warehouse.load(requestOf(1, []))).toMatchObject([{ outcome: 'published', rows: 0 }])
          await warehouse.load(requestOf(2, [row('1')]))
          expect(await warehouse.load(requestOf(3, []))).toMatchObject([{ outcome: 'published', rows: 0, deleted: 1 }])
          expect(await facts(warehouse)).toEqual([])
        })

        test('refused by its audit keeps the last good rows and says so', async () => {
          await using warehouse = await migrated()
          await warehouse.load(requestOf(1, [row('1')]))
          const days = [dayOne, dayTwo]
          const rows = [row('1', dayOne, { cost: decimal('-5') }), row('1', dayTwo)]
          const reports = await warehouse.load(requestOf(2, rows, { days, audit: refuse(dayOne, dayTwo) }))
          expect(reports).toMatchObject([
            { outcome: 'refused', rows: 1, refusedBy: ['ads.nonneg'] },
            { outcome: 'refused', rows: 0, refusedBy: ['ads.nonneg'] },
          ])
          expect(await facts(warehouse)).toMatchObject([{ date: dayOne, cost: '10.500000' }])
          const status = await readStatus(warehouse, { since: dayOne, until: dayTwo })
          expect(status).toMatchObject([
            {
              date: dayOne,
              state: 'stale',
              rows: 1,
              extractId: extractOf(1).extractId,
              problemCodes: ['ads.nonneg'],
              refusedExtractId: extractOf(2).extractId,
            },
            {
              date: dayTwo,
              state: 'failed',
              rows: 0,
              extractId: null,
              problemCodes: ['ads.nonneg'],
              publishedAt: null,
            },
          ])
          // The next good load heals both.
          expect(outcomes(await warehouse.load(requestOf(3, [row('1'), row('1', dayTwo)], { days })))).toEqual([
            'unchanged',
            'published',
          ])
          expect((await readStatus(warehouse, { since: dayOne, until: dayTwo })).map((one) => one.state)).toEqual([
            'published',
            'published',
          ])
        })

        test('publishes the days that passed beside the one that was refused', async () => {
          await using warehouse = await migrated()
          const days = [dayOne, dayTwo]
          const reports = await warehouse.load(
            requestOf(1, [row('1'), row('1', dayTwo)], { days, audit: refuse(dayOne) }),
          )
          expect(outcomes(reports)).toEqual(['refused', 'published'])
          expect((await facts(warehouse)).map((one) => one['date'])).toEqual([dayTwo])
        })

        test('without a verdict for a day is refused for that day', async () => {
          await using warehouse = await migrated()
          const reports = await warehouse.load(requestOf(1, [row('1')], { audit: () => Promise.resolve([]) }))
          expect(outcomes(reports)).toEqual(['refused'])
        })

        test('of an older extract than the published one changes nothing', async () => {
          await using warehouse = await migrated()
          await warehouse.load(requestOf(5, [row('1')]))
          const reports = await warehouse.load(requestOf(4, [row('1', dayOne, { cost: decimal('1') }), row('2')]))
          expect(reports).toMatchObject([{ outcome: 'superseded', rows: 1 }])
          expect(await facts(warehouse)).toMatchObject([{ entity_id: '1', cost: '10.500000' }])
          expect(await readStatus(warehouse, { since: dayOne, until: dayOne })).toMatchObject([
            { state: 'published', extractId: extractOf(5).extractId },
          ])
        })

        test('with rows of a day that nobody asked for publishes nothing', async () => {
          await using warehouse = await migrated()
          await expect(warehouse.load(requestOf(1, [row('1'), row('1', dayTwo)]))).rejects.toMatchObject({
            code: 'WAREHOUSE_ROW_OUTSIDE',
          })
          expect(await facts(warehouse)).toEqual([])
        })

        test('with one entity twice publishes nothing, whatever the audit says', async () => {
          await using warehouse = await migrated()
          await expect(warehouse.load(requestOf(1, [row('1'), row('1')]))).rejects.toMatchObject({
            code: 'WAREHOUSE_PARTITION_INEXACT',
          })
          await warehouse.load(requestOf(2, [row('1')]))
          await expect(warehouse.load(requestOf(3, [row('1'), row('1')]))).rejects.toMatchObject({
            code: 'WAREHOUSE_PARTITION_INEXACT',
          })
          const doubled = [row('1', dayOne, { cost: decimal('1') }), row('1', dayOne, { cost: decimal('2') })]
          await expect(warehouse.load(requestOf(4, doubled))).rejects.toMatchObject({
            code: 'WAREHOUSE_PARTITION_INEXACT',
          })
          expect(await facts(warehouse)).toMatchObject([{ cost: '10.500000' }])
        })

        test('whose source breaks in the middle leaves nothing, and the connection works on', async () => {
          await using warehouse = await migrated()
          const broken = (async function* () {
            yield [row('1')]
            await Promise.resolve()
            throw new TypeError('the lake went away')
          })()
          await expect(warehouse.load(requestOf(1, [], { rows: broken }))).rejects.toThrow('the lake went away')
          expect(await facts(warehouse)).toEqual([])
          expect(outcomes(await warehouse.load(requestOf(2, [row('1')])))).toEqual(['published'])
        })

        test('whose audit throws leaves nothing', async () => {
          await using warehouse = await migrated()
          const audit: Audit = () => Promise.reject(new TypeError('no verdict'))
          await expect(warehouse.load(requestOf(1, [row('1')], { audit }))).rejects.toThrow('no verdict')
          expect(await warehouse.query('select count(*)::int as n from partition_state')).toEqual([{ n: 0 }])
        })

        test('hands its audit the staged rows, under the columns of the facts', async () => {
          await using warehouse = await migrated()
          const audit: Audit = async (session, stage) => {
            const [sums] = await session.query(
              `select count(*)::int as rows, sum(cost) as cost, min(entity_id) as first, min(date) as date, min(currency) as currency, sum(clicks) as clicks from ${stage.table}`,
            )
            expect(sums).toEqual({
              rows: 2,
              cost: '21.000000',
              first: '1',
              date: dayOne,
              currency: 'KRW',
              clicks: '14',
            })
            return passAll(session, stage)
          }
          await warehouse.load(requestOf(1, [row('1'), row('2')], { audit }))
        })

        test('keeps the extract with its request ids, totals and raw keys', async () => {
          await using warehouse = await migrated()
          await warehouse.load(requestOf(1, [row('1')]))
          const { extractId, rawKeys } = extractOf(1)
          expect(
            await warehouse.query('select extract_id, request_ids, control_totals, raw_keys from extract'),
          ).toEqual([
            { extract_id: extractId, request_ids: ['r1', 'r2'], control_totals: { cost: '1.5' }, raw_keys: rawKeys },
          ])
        })
      })

      describe('daily_campaign_metrics', () => {
        const observed = (name: string, changes: Partial<EntityObservation> = {}): EntityObservation => ({
          platform: account.platform,
          accountId: account.accountId,
          level: 'campaign',
          entityId: '1',
          parentId: null,
          name,
          status: 'active',
          statusRaw: 'ENABLED',
          dailyBudget: decimal('10'),
          objectiveRaw: 'SEARCH',
          ...changes,
        })

        test('never drops a fact that nobody described, and has null where there is nothing to divide by', async () => {
          await using warehouse = await migrated()
          await warehouse.load(requestOf(1, [row('1', dayOne, { clicks: decimal('0'), conversions: decimal('0') })]))
          expect(
            await warehouse.query(
              'select campaign_id, campaign_name, campaign_status, ctr, cpc, cvr, cpa, account_name, completeness from daily_campaign_metrics',
            ),
          ).toEqual([
            {
              campaign_id: '1',
              campaign_name: '1',
              campaign_status: 'unknown',
              ctr: '0.00000000000000000000',
              cpc: null,
              cvr: null,
              cpa: null,
              account_name: account.name,
              completeness: 'settling',
            },
          ])
          expect(await warehouse.query('select entity_id, is_stub, is_current from dim_entity')).toEqual([
            { entity_id: '1', is_stub: true, is_current: true },
          ])
        })

        test('shows the name that the campaign bore at the end of the day in the account’s zone', async () => {
          await using warehouse = await migrated()
          const days = [dayOne, dayTwo]
          await warehouse.load(requestOf(1, [row('1'), row('1', dayTwo)], { days }))
          await warehouse.transaction((session) => observeEntities(session, [observed('봄')], Date.UTC(2026, 3, 1)))
          // 15:30 UTC on the first of May is half past midnight on the second in Seoul.
          await warehouse.transaction((session) =>
            observeEntities(session, [observed('여름')], Date.UTC(2026, 4, 1, 15, 30)),
          )
          const names = () => warehouse.query('select date, campaign_name from daily_campaign_metrics order by date')
          expect(await names()).toEqual([
            { date: dayOne, campaign_name: '봄' },
            { date: dayTwo, campaign_name: '여름' },
          ])
          // Looking again and an entity that is not listed change nothing; an older look takes its place.
          await warehouse.transaction((session) => observeEntities(session, [observed('여름')], Date.UTC(2026, 4, 9)))
          await warehouse.transaction((session) => observeEntities(session, [observed('겨울')], Date.UTC(2026, 4, 5)))
          await warehouse.transaction((session) => observeEntities(session, [], Date.UTC(2026, 4, 10)))
          expect(await names()).toEqual([
            { date: dayOne, campaign_name: '봄' },
            { date: dayTwo, campaign_name: '여름' },
          ])
          const versions = await warehouse.query('select name, is_current, is_stub from dim_entity order by valid_from')
          expect(versions).toEqual([
            { name: '봄', is_current: false, is_stub: false },
            { name: '여름', is_current: false, is_stub: false },
            { name: '겨울', is_current: false, is_stub: false },
            { name: '여름', is_current: true, is_stub: false },
          ])
        })

        test('follows an account that was renamed, and keeps its history', async () => {
          await using warehouse = await migrated()
          await warehouse.load(requestOf(1, [row('1')]))
          await warehouse.transaction((session) =>
            observeAccount(session, { ...account, name: 'Acme 2' }, Date.UTC(2026, 6, 1)),
          )
          await warehouse.transaction((session) =>
            observeAccount(session, { ...account, name: 'Acme 2' }, Date.UTC(2026, 6, 1)),
          )
          expect(await warehouse.query('select account_name from daily_campaign_metrics')).toEqual([
            { account_name: 'Acme 2' },
          ])
          expect(await warehouse.query('select count(*)::int as n from dim_account')).toEqual([{ n: 2 }])
        })
      })

      test('a load that could not begin marks its partitions: stale where published, failed where not', async () => {
        await using warehouse = await migrated()
        await warehouse.load(requestOf(1, [row('1')]))
        const { platform, accountId } = account
        const keys = [dayOne, dayTwo].map(
          (date) => ({ platform, accountId, level: 'campaign', breakdownKey: '', date }) as const,
        )
        const failure = { code: 'CONNECTORS_ACCOUNT_UNAVAILABLE', message: 'suspended', atMs: Date.UTC(2026, 5, 1) }
        await warehouse.transaction((session) => markFailed(session, keys, failure))
        await warehouse.transaction((session) => markFailed(session, keys, failure))
        expect(await readStatus(warehouse, { since: dayOne, until: dayTwo })).toMatchObject([
          { date: dayOne, state: 'stale', rows: 1, problemCodes: [failure.code], problemMessage: 'suspended' },
          { date: dayTwo, state: 'failed', rows: 0, problemCodes: [failure.code] },
        ])
        expect(outcomes(await warehouse.load(requestOf(2, [row('1')])))).toEqual(['unchanged'])
        expect((await readStatus(warehouse, { since: dayOne, until: dayOne }))[0]?.state).toBe('published')
      })

      test('any sequence of loads ends as its last good one, and the ledger adds up to every number', async () => {
        await using warehouse = await migrated()
        const cell = fc.record({
          // Few values, so that most loads change little: one metric at a time, to and from null.
          entity: fc.integer({ min: 1, max: 3 }),
          date: fc.constantFrom(dayOne, dayTwo),
          micros: fc.constantFrom(0n, 0n, 0n, -1n, 2n),
          clicks: fc.constantFrom(0, 0, 0, 1),
          value: fc.constantFrom(null, 0, 1),
          views: fc.constantFrom(null, 0),
        })
        const load = fc.record({
          cells: fc.uniqueArray(cell, { selector: (one) => `${one.entity} ${one.date}`, maxLength: 6 }),
          refused: fc.subarray([dayOne, dayTwo]),
          age: fc.nat({ max: 3 }),
        })
        let sequence = 10
        await fc.assert(
          fc.asyncProperty(fc.array(load, { minLength: 2, maxLength: 6 }), async (loads) => {
            await warehouse.query(
              'truncate fact_ad_daily, fact_ad_daily_history, partition_state, partition_version, extract, dim_entity',
            )
            const model = new Map<Day, { at: number; rows: DailyMetric[]; first: DailyMetric[] }>()
            for (const { cells, refused, age } of loads) {
              sequence += 1
              const rows = cells.map((one) =>
                row(String(one.entity), one.date, {
                  cost: normalised(`${one.micros < 0n ? '-' : ''}0.00000${one.micros < 0n ? -one.micros : one.micros}`),
                  clicks: decimal(String(one.clicks)),
                  conversionValue: one.value === null ? null : decimal(String(one.value)),
                  videoViews: one.views === null ? null : decimal(String(one.views)),
                }),
              )
              const at = sequence - age * 2
              const days = [dayOne, dayTwo]
              const extract = { ...extractOf(sequence, days), requestedAtMs: 1_780_000_000_000 + at * 1_000 }
              await warehouse.load(requestOf(sequence, rows, { days, extract, audit: refuse(...refused) }))
              for (const date of days) {
                const known = model.get(date)
                if (refused.includes(date) || (known && known.at > at)) continue
                const own = rows.filter((one) => one.date === date)
                model.set(date, { at, rows: own, first: known?.first ?? own })
              }
            }
            const expected = [...model.values()].flatMap((one) => one.rows)
            expect(
              await warehouse.query(
                'select date, entity_id, cost, clicks, conversion_value, video_views from fact_ad_daily order by date, entity_id',
              ),
            ).toEqual(
              expected
                .map((one) => ({
                  date: one.date,
                  entity_id: one.entityId,
                  cost: fixed(one.cost),
                  clicks: one.clicks,
                  conversion_value: one.conversionValue && fixed(one.conversionValue),
                  video_views: one.videoViews,
                }))
                .sort((a, b) => (a.date + a.entity_id < b.date + b.entity_id ? -1 : 1)),
            )
            const [ledger] = await warehouse.query<{ cost: string; clicks: string }>(
              `select coalesce(sum(coalesce(new_cost, 0) - coalesce(old_cost, 0)), 0) as cost,
                    coalesce(sum(coalesce(new_clicks, 0) - coalesce(old_clicks, 0)), 0)::text as clicks from fact_ad_daily_history`,
            )
            const first = [...model.values()].flatMap((one) => one.first)
            const total = (rows: readonly DailyMetric[], metric: 'cost' | 'clicks') =>
              sumDecimals(rows.map((one) => one[metric]))
            for (const metric of ['cost', 'clicks'] as const) {
              expect(normalised(sumDecimals([total(first, metric), decimal(ledger?.[metric] ?? '0')]))).toBe(
                total(expected, metric),
              )
            }
          }),
          { numRuns: long ? 500 : 40, seed: 20_260_501 },
        )
      }, 300_000)

      test('three writers of one partition are never wrong, and a reader never sees half', async () => {
        await using warehouse = await migrated()
        const rounds = long ? 100 : 20
        const stop = new AbortController()
        const seen: Totals[] = []
        const reader = (async () => {
          while (!stop.signal.aborted) seen.push(...(await warehouse.query<Totals>(writersSum)))
        })()
        // A writer that fails must not leave the reader running into the next test.
        onTestFinished(() => stop.abort())
        for (let round = 0; round < rounds; round += 1) {
          // Each writer has its own number of rows and its own price, so that a mixture of two has a sum of neither.
          const writer = (index: number) => {
            const cost = decimal(String(1_000 + index))
            const rows = Array.from({ length: 20 + index }, (_, at) => row(String(at + 1 + index), dayOne, { cost }))
            const extract = { ...extractOf(round * 3 + index), requestedAtMs: 1_790_000_000_000 + round }
            return warehouse.load(requestOf(1, rows, { extract }))
          }
          await Promise.all([writer(0), writer(1), writer(2)])
          seen.push(...(await warehouse.query<Totals>(writersSum)))
        }
        stop.abort()
        await reader
        const whole = new Set(['0 0', ...[0, 1, 2].map((index) => `${20 + index} ${(20 + index) * (1_000 + index)}`)])
        const found = new Set(seen.map((one) => `${one.rows} ${normalised(one.cost)}`))
        expect([...found].filter((one) => !whole.has(one))).toEqual([])
        expect(found.size).toBeGreaterThan(1)
      }, 300_000)

      test('two loads of the same days in opposite order do not wait for each other for ever', async () => {
        await using warehouse = await migrated()
        const rows = [row('1'), row('1', dayTwo)]
        for (let round = 0; round < 5; round += 1) {
          const reports = await Promise.all([
            warehouse.load(requestOf(round + 1, rows, { days: [dayOne, dayTwo] })),
            warehouse.load(requestOf(round + 1, rows, { days: [dayTwo, dayOne] })),
          ])
          expect(reports.flat()).toHaveLength(4)
        }
      })

      test('a loader killed before any statement or in the commit leaves the old version or the new one, and the next load finishes it', async () => {
        for (const seed of long ? [1, 2, 3] : [1]) {
          await using warehouse = await migrated()
          await warehouse.load(requestOf(0, crashRows(seed, 0)))
          let published = 0
          const kinds = new Set<string>()
          for (let step = 1; ; step += 1) {
            const { status, output } = await runCrash(warehouse, { step, seed, version: step })
            kinds.add(`${status} ${output}`)
            await settle(warehouse)
            // Behind the sending of `commit` either version may be there, but a whole one; before it only the old one.
            const allowed = output === 'commit' ? [published, step] : [output === 'done' ? step : published]
            const [found] = await warehouse.query<{ cost: string }>(writersSum)
            expect(allowed.map((version) => expectedSum(crashRows(seed, version)).cost)).toContain(found?.cost)
            await warehouse.load(requestOf(step, crashRows(seed, step)))
            published = step
            expect(await warehouse.query(writersSum)).toMatchObject([expectedSum(crashRows(seed, step))])
            if (output === 'done') break
          }
          expect(published).toBeGreaterThan(10)
          expect([...kinds].sort()).toEqual(['0 done', 'SIGKILL ', 'SIGKILL commit'])
        }
      }, 600_000)

      test('a server killed during loads loses nothing that was promised, and the next call works', async () => {
        await using warehouse = await migrated()
        for (const round of long ? [1, 2, 3, 4, 5, 6] : [1, 2]) {
          const last = { promised: 0, ended: false, killed: false }
          const writer = (async () => {
            for (let version = 1; !last.killed; version += 1) {
              await warehouse.load(requestOf(round * 1_000 + version, crashRows(round, version)))
              last.promised = version
            }
          })()
          const ended = writer.catch((error: unknown) => {
            last.ended = true
            return error
          })
          while (last.promised < 2 && !last.ended) await new Promise((resolve) => setTimeout(resolve, 2))
          await under.kill(warehouse)
          last.killed = true
          // Between two loads nobody notices: the next one finds the server that was started anew.
          const error = await ended
          expect([undefined, true]).toContain(isMillraceError(error) ? error.retryable : error)
          await under.restart()
          const [found] = await warehouse.query<{ cost: string; rows: number }>(writersSum)
          const allowed = [last.promised, last.promised + 1].map(
            (version) => expectedSum(crashRows(round, version)).cost,
          )
          expect(allowed).toContain(found?.cost)
          await warehouse.load(requestOf(round * 1_000 + 900, crashRows(round, 900)))
          expect(await warehouse.query(writersSum)).toMatchObject([expectedSum(crashRows(round, 900))])
        }
      }, 300_000)

      test('a wish that Postgres refuses has its state and words, and the session is usable after', async () => {
        await using warehouse = await migrated()
        await expect(warehouse.query('select nothing from nowhere')).rejects.toMatchObject({
          code: 'WAREHOUSE_QUERY_FAILED',
          facts: { sqlstate: '42P01' },
        })
        const failing = warehouse.transaction(async (session) => {
          await session.query(`insert into dim_account (platform, account_id, name, currency, timezone, first_seen, last_seen)
          values ('meta_ads', '1', 'x', 'EUR', 'Europe/Berlin', now(), now())`)
          await session.query('select 1 / 0')
        })
        await expect(failing).rejects.toMatchObject({ code: 'WAREHOUSE_QUERY_FAILED' })
        expect(await warehouse.query('select 1 as one from dim_account')).toEqual([])
      })

      test('numbers, days and instants come as the port says', async () => {
        await using warehouse = await migrated()
        const [found] = await warehouse.query(
          `select 9007199254740993::bigint as big, 0.10::numeric as exact, date '2026-03-29' as day, array[date '2026-03-29'] as days,
                array[0.10::numeric] as numbers, timestamptz '2026-01-01 00:00:00Z' as instant, $1::bigint as echo`,
          [9007199254740993n],
        )
        expect(found).toEqual({
          big: '9007199254740993',
          exact: '0.10',
          day: '2026-03-29',
          days: ['2026-03-29'],
          numbers: ['0.10'],
          instant: new Date(Date.UTC(2026, 0, 1)),
          echo: '9007199254740993',
        })
      })
    },
  )
}

const fixed = (value: string) => {
  const [whole = '0', fraction = ''] = value.split('.')
  return `${whole}.${fraction.padEnd(6, '0')}`
}

function expectedSum(rows: readonly DailyMetric[]): { cost: string; rows: number } {
  return { cost: fixed(sumDecimals(rows.map((one) => one.cost))), rows: rows.length }
}

const crashProgram = fileURLToPath(new URL('./crash-program.ts', import.meta.url))

/** A load in a process of its own that is killed before its `step`-th statement, or behind its commit; it prints how far it came. */
async function runCrash(
  warehouse: Warehouse,
  what: object,
): Promise<{ status: number | string | null; output: string }> {
  const child = spawn(process.execPath, [crashProgram, JSON.stringify({ ...what, connection: warehouse.connection })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  return { status: signal ?? code, output }
}

/** Waits until the killed program's session has ended: Postgres notices when it next reads from it. */
async function settle(warehouse: Warehouse): Promise<void> {
  for (;;) {
    const [row] = await warehouse.query<{ open: number }>(
      `select count(*)::int as open from pg_stat_activity where datname = current_database() and application_name = 'millrace' and xact_start is not null and pid <> pg_backend_pid()`,
    )
    if (row?.open === 0) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
