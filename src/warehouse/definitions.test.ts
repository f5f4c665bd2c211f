import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ConversionDefinition } from '../domain/conversion-definition.ts'
import { definitionPresets } from '../domain/conversion-definition.ts'
import { day } from '../domain/day.ts'
import { normalised } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { RawRow } from '../domain/mapping.ts'
import { currency } from '../domain/money.ts'
import { metaMapping } from '../connectors/meta-ads-rows.ts'
import { withDefinition } from '../unify/definition.ts'
import { unifyRows } from '../unify/unify.ts'
import { account, extractOf, requestOf } from './contract-rows.ts'
import { definitionInForce, pendingRecounts, putDefinition, readDefinitions, recount } from './definitions.ts'
import { openTestWarehouse } from './fixture.ts'
import { readRestatements } from './restatements.ts'
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
    `truncate partition_state, fact_ad_daily, fact_conversion_daily, fact_ad_daily_history, partition_version, extract, conversion_definition, conversion_recount`,
  )
})

const atMs = 1_790_000_000_000
const scope = { platform: 'meta_ads', accountId: '' } as const
const meta = { ...account, platform: 'meta_ads', currency: currency('USD') } as const
const days = [day('2026-05-01'), day('2026-05-02')]
const types = ['omni_purchase', 'offsite_conversion.fb_pixel_purchase', 'purchase', 'lead', 'link_click']

type Listed = Readonly<Record<string, string>>

function rawRow(campaign: number, dayAt: number, actions: readonly Listed[], values: readonly Listed[]): RawRow {
  return {
    date_start: days[dayAt]!,
    campaign_id: String(campaign),
    account_currency: 'USD',
    impressions: '100',
    clicks: '5',
    inline_link_clicks: null,
    spend: '1.5',
    actions: actions.length > 0 ? JSON.stringify(actions) : null,
    action_values: values.length > 0 ? JSON.stringify(values) : null,
  }
}

let sequence = 0

/** Loads the rows as the pipeline does: mapped by the definition in force, unless another is given. */
async function load(
  rows: readonly RawRow[],
  by?: { readonly version: number; readonly definition: ConversionDefinition | null },
) {
  const forced = by ?? (await definitionInForce(warehouse, { ...scope, accountId: meta.accountId }))
  const metrics = unifyRows(rows, withDefinition(metaMapping, forced.definition), meta)
  sequence += 1
  const extract = { ...extractOf(sequence, days), platform: 'meta_ads' } as const
  const { version } = forced
  return warehouse.load(requestOf(sequence, metrics, { days, extract, account: meta, conversions: { version } }))
}

/** What readers see, as text. */
async function published(): Promise<readonly string[]> {
  const rows = await warehouse.query<{ readonly key: string; readonly conversions: Decimal; readonly value: Decimal }>(
    `select date || ' ' || entity_id as key, conversions, conversion_value as value from fact_ad_daily order by date, entity_id`,
  )
  return rows.map((one) => `${one.key} ${normalised(one.conversions)} ${normalised(one.value)}`)
}

function mapped(rows: readonly RawRow[], definition: ConversionDefinition): readonly string[] {
  return unifyRows(rows, withDefinition(metaMapping, definition), meta)
    .map((one) => `${one.date} ${one.entityId} ${one.conversions} ${one.conversionValue ?? ''}`)
    .sort()
}

async function recounted(): Promise<{ readonly facts: number; readonly changed: number }> {
  const done = { facts: 0, changed: 0 }
  await recount(warehouse, 'meta_ads', atMs, (one) => {
    done.facts += one.rows
    done.changed += one.changed
  })
  return done
}

const seedPurchase = definitionPresets.seed_purchase
const one = rawRow(
  1,
  0,
  [
    { action_type: 'omni_purchase', value: '10' },
    { action_type: 'purchase', value: '4' },
  ],
  [{ action_type: 'omni_purchase', value: '99.50' }],
)

test('a changed definition counts what is published anew from stored actions, and is no restatement', async () => {
  await load([one, rawRow(2, 0, [{ action_type: 'link_click', value: '7' }], [])])
  expect(await published()).toEqual(['2026-05-01 1 10 99.5', '2026-05-01 2 0 0'])
  expect(await putDefinition(warehouse, scope, seedPurchase, atMs)).toMatchObject({ version: 1 })
  expect(await pendingRecounts(warehouse, 'meta_ads')).toMatchObject([{ partitions: 2, rows: 2, withoutActions: 0 }])
  expect(await recounted()).toEqual({ facts: 2, changed: 1 })
  // The chapter: int(value) of the first action `purchase`, else 0; its purchases have no value here.
  expect(await published()).toEqual(['2026-05-01 1 4 0', '2026-05-01 2 0 0'])
  expect(await readRestatements(warehouse, { sinceMs: 0 })).toEqual([])
  const ledger = await warehouse.query(
    'select definition_version, changed, conversions_difference, value_difference from conversion_recount',
  )
  expect(ledger).toEqual([
    { definition_version: 1, changed: 1, conversions_difference: '-6.000000', value_difference: '-99.500000' },
  ])
  expect(await recounted()).toEqual({ facts: 0, changed: 0 })
})

test('the definition in force again makes no version, and an account’s own goes before its platform’s', async () => {
  await putDefinition(warehouse, scope, definitionPresets.purchase, atMs)
  expect(await readDefinitions(warehouse, 'meta_ads')).toEqual([])
  await putDefinition(warehouse, scope, definitionPresets.lead, atMs)
  await putDefinition(warehouse, { ...scope, accountId: '77' }, seedPurchase, atMs)
  const inForce = async (accountId: string) => (await definitionInForce(warehouse, { ...scope, accountId })).version
  expect([await inForce('77'), await inForce('78')]).toEqual([2, 1])
})

test('a load that was mapped by the definition before is counted anew, too', async () => {
  const before = await definitionInForce(warehouse, { ...scope, accountId: meta.accountId })
  await load([one])
  await putDefinition(warehouse, scope, seedPurchase, atMs)
  await recounted()
  // The same rows again, by a writer that had read the definition before it changed.
  await load([one], before)
  expect(await published()).toEqual(['2026-05-01 1 10 99.5'])
  expect(await recounted()).toMatchObject({ changed: 1 })
  expect(await published()).toEqual(['2026-05-01 1 4 0'])
})

test('actions that the platform tells no more are gone, with their fact or without it', async () => {
  await load([one, rawRow(2, 1, [{ action_type: 'purchase', value: '3' }], [])])
  await load([rawRow(1, 0, [{ action_type: 'purchase', value: '4', '1d_view': '1' }], [])])
  const stored = await warehouse.query(
    'select entity_id, action_key, attribution_window, conversions, value from fact_conversion_daily order by 3, 1',
  )
  expect(stored).toEqual([
    { entity_id: '1', action_key: 'purchase', attribution_window: '1d_view', conversions: '1.000000', value: null },
    { entity_id: '1', action_key: 'purchase', attribution_window: 'default', conversions: '4.000000', value: null },
  ])
})

test('days that were loaded before actions were kept are named and left alone', async () => {
  await load([one])
  await warehouse.query('update partition_state set actions_stored = false, definition_version = null')
  await warehouse.query('truncate fact_conversion_daily')
  await putDefinition(warehouse, scope, seedPurchase, atMs)
  expect(await pendingRecounts(warehouse, 'meta_ads')).toMatchObject([{ partitions: 0, withoutActions: 2 }])
  expect(await recounted()).toEqual({ facts: 0, changed: 0 })
  expect(await published()).toEqual(['2026-05-01 1 10 99.5'])
})

test('killed in the middle, a recount goes on where it stopped', async () => {
  await load([one, rawRow(2, 1, [{ action_type: 'purchase', value: '3' }], [])])
  await warehouse.query(`update partition_state set date = date + 40 where date = '2026-05-02'`)
  await putDefinition(warehouse, scope, definitionPresets.lead, atMs)
  let told = 0
  const dying = {
    query: warehouse.query.bind(warehouse),
    transaction: ((work) => {
      told += 1
      return told > 1 ? Promise.reject(new Error('killed')) : warehouse.transaction(work)
    }) as Warehouse['transaction'],
  }
  await expect(recount(dying, 'meta_ads', atMs, () => {})).rejects.toThrow('killed')
  // The month that was under way beside it is finished or not; what is pending is counted now.
  await recounted()
  expect(await pendingRecounts(warehouse, 'meta_ads')).toEqual([])
  expect((await published()).map((line) => line.split(' ')[2])).toEqual(['0', '0'])
})

describe('what the mapping makes of raw rows, a recount makes of stored actions', () => {
  const amount = fc.integer({ min: 0, max: 9_999 }).map((units) => String(units / 100))
  const listed = fc
    .uniqueArray(
      fc.record({
        type: fc.constantFrom(...types),
        value: amount,
        views: fc.option(amount),
        clicks: fc.option(amount),
      }),
      { selector: (action) => action.type, maxLength: 4 },
    )
    .map((actions) =>
      actions.map(({ type, value, views, clicks }): Listed => ({
        action_type: type,
        value,
        ...(views !== null && { '1d_view': views }),
        ...(clicks !== null && { '7d_click': clicks }),
      })),
    )
  const rows = fc
    .uniqueArray(fc.record({ campaign: fc.nat(5), at: fc.nat(1), actions: listed, values: listed }), {
      selector: ({ campaign, at }) => `${campaign} ${at}`,
      maxLength: 8,
    })
    .map((all) => all.map(({ campaign, at, actions, values }) => rawRow(campaign, at, actions, values)))
  const windows = fc.constantFrom(['default'], ['7d_click'], ['7d_click', '1d_view'])
  const definition = fc.oneof(
    fc.record({
      goal: fc.constant('any'),
      pick: fc.constant('first_of' as const),
      actionTypes: fc.shuffledSubarray(types, { minLength: 1 }),
      windows,
    }),
    fc.record({
      goal: fc.constant('any'),
      pick: fc.constant('sum' as const),
      actionTypes: fc.shuffledSubarray(['omni_purchase', 'lead', 'link_click'], { minLength: 1 }),
      windows,
    }),
  )

  test('for any rows, refreshed rows and sequence of definitions', async () => {
    const property = fc.asyncProperty(
      rows,
      rows,
      fc.array(definition, { minLength: 1, maxLength: 3 }),
      async (first, second, all) => {
        await warehouse.query(
          `truncate partition_state, fact_ad_daily, fact_conversion_daily, fact_ad_daily_history, partition_version, extract, conversion_definition`,
        )
        await load(first)
        for (const next of all) {
          await putDefinition(warehouse, scope, next, atMs)
          await recounted()
          expect(await published()).toEqual(mapped(first, next))
        }
        // A refresh after a recount compares with what the recount wrote.
        await load(second)
        expect(await published()).toEqual(mapped(second, all.at(-1)!))
      },
    )
    await fc.assert(property, { seed: 322, numRuns: process.env['MILLRACE_LONG'] === '1' ? 400 : 12 })
  })
})
