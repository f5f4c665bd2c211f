import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { addDays } from '../domain/day.ts'
import type { Day } from '../domain/day.ts'
import { decimal, fromUnits, normalised, sumDecimals, toUnits } from '../domain/decimal.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { MetricSource, RawMapping, RawRow } from '../domain/mapping.ts'
import type { DailyMetric } from '../domain/metric.ts'
import { currency } from '../domain/money.ts'
import { adapter } from '../lake/folder.ts'
import type { Lake } from '../lake/lake.ts'
import { landSpool, rawKeysOf } from '../lake/manifest.ts'
import { openSpool } from '../lake/spool.ts'
import { aggregateFiner } from './aggregate.ts'
import { lineFields, readForLoad } from './lines.ts'
import { columnsRead, readExtract } from './remap.ts'
import { reader } from './source.ts'
import { unifyRows } from './unify.ts'

const won = { currency: currency('KRW') }
const parameters = { seed: 20260104, numRuns: process.env['MILLRACE_LONG'] ? 20_000 : 400 }
const root = await mkdtemp(join(tmpdir(), 'unify '))
afterAll(() => rm(root, { recursive: true, force: true }))

const column = (name: string, absent: 'zero' | 'null' = 'zero'): MetricSource => ({
  from: 'column',
  column: name,
  absent,
})

const google: RawMapping = {
  grain: 'exact',
  version: 1,
  columns: [
    { name: 'date', type: 'day', required: true },
    { name: 'id', type: 'text', required: true },
    { name: 'name', type: 'text', required: false },
    { name: 'currency', type: 'text', required: true },
    { name: 'cost_micros', type: 'bigint', required: true },
    { name: 'impressions', type: 'bigint', required: true },
    { name: 'clicks', type: 'bigint', required: true },
    { name: 'conversions', type: 'decimal', required: false },
    { name: 'value', type: 'decimal', required: false },
  ],
  date: 'date',
  entityId: 'id',
  currency: 'currency',
  cost: { from: 'micros', column: 'cost_micros', absent: 'zero' },
  impressions: column('impressions'),
  clicks: column('clicks'),
  linkClicks: column('clicks'),
  videoViews: { from: 'none' },
  conversions: column('conversions'),
  conversionValue: column('value', 'null'),
}

const types = ['omni_purchase', 'offsite_conversion.fb_pixel_purchase', 'purchase']
const meta: RawMapping = {
  ...google,
  columns: [...google.columns, { name: 'actions', type: 'json', required: false }],
  currency: null,
  conversions: { from: 'firstAction', column: 'actions', actionTypes: types, absent: 'zero' },
  conversionValue: { from: 'firstAction', column: 'actions', actionTypes: types, absent: 'null' },
}

const micros = fc.bigInt(-(10n ** 17n), 10n ** 17n)
const rawRow = fc
  .record({
    id: fc.constantFrom('1', '2', '23846765228240398'),
    days: fc.nat(3),
    cost: micros,
    impressions: fc.nat(),
    clicks: fc.nat(),
    conversions: fc.option(fc.nat({ max: 10 ** 9 }), { freq: 3 }),
    value: fc.option(micros, { freq: 3 }),
  })
  .map((one): RawRow => ({
    date: addDays('2026-03-07' as Day, one.days),
    id: one.id,
    name: 'n',
    currency: 'KRW',
    cost_micros: String(one.cost),
    impressions: String(one.impressions),
    clicks: String(one.clicks),
    conversions: one.conversions === null ? null : decimal(`${one.conversions}e-6`),
    value: one.value === null ? null : fromUnits(one.value, 6),
  }))

function row(given: RawRow): RawRow {
  return {
    date: '2026-03-08',
    id: '1',
    name: null,
    currency: 'KRW',
    cost_micros: '0',
    impressions: '0',
    clicks: '0',
    ...given,
  }
}

function one(given: RawRow, mapping: RawMapping = google): DailyMetric | undefined {
  return unifyRows([row(given)], mapping, won)[0]
}

const byText = (metrics: readonly DailyMetric[]) => metrics.map((metric) => JSON.stringify(metric)).sort()

describe('unify', () => {
  test('each row becomes one metric, whatever stands before or after it', () => {
    fc.assert(
      fc.property(fc.array(rawRow), fc.nat(), (rows, cut) => {
        const whole = unifyRows(rows, google, won)
        const at = rows.length === 0 ? 0 : cut % rows.length
        expect([...unifyRows(rows.slice(0, at), google, won), ...unifyRows(rows.slice(at), google, won)]).toEqual(whole)
        expect(unifyRows(rows.toReversed(), google, won).toReversed()).toEqual(whole)
      }),
      parameters,
    )
  })

  test('cost is exact to the micro', () => {
    fc.assert(
      fc.property(fc.array(rawRow), (rows) => {
        const sum = sumDecimals(unifyRows(rows, google, won).map((metric) => metric.cost))
        expect(toUnits(sum, 6)).toBe(rows.reduce((total, { cost_micros: text }) => total + BigInt(text ?? 0), 0n))
      }),
      parameters,
    )
  })

  test('nothing is divided: no clicks, no impressions and a credit are numbers like others', () => {
    expect(one({ cost_micros: '-1500000', conversions: '0.333333' })).toEqual({
      entityId: '1',
      date: '2026-03-08',
      currency: 'KRW',
      cost: '-1.5',
      impressions: '0',
      clicks: '0',
      linkClicks: '0',
      videoViews: null,
      conversions: '0.333333',
      conversionValue: null,
    })
  })

  test('what is absent is zero or null as the mapping says', () => {
    expect(one({ conversions: null, value: null })).toMatchObject({ conversions: '0', conversionValue: null })
    expect(one({}, { ...google, linkClicks: column('none', 'null'), conversions: { from: 'none' } })).toMatchObject({
      linkClicks: null,
      conversions: '0',
    })
  })

  test('an unknown number is not guessed', () => {
    const strict = { ...google, clicks: column('clicks', 'null') }
    expect(() => one({ clicks: null }, strict)).toThrow(
      expect.objectContaining({
        code: 'UNIFY_VALUE_MISSING',
        facts: { column: 'clicks', entityId: '1', date: '2026-03-08' },
      }),
    )
    expect(() => one({ id: null })).toThrow(expect.objectContaining({ code: 'UNIFY_VALUE_MISSING' }))
    expect(() => one({ currency: null })).toThrow(expect.objectContaining({ code: 'UNIFY_VALUE_MISSING' }))
  })

  test('the currency is the row’s own; an account’s only where rows carry none', () => {
    expect(one({ currency: 'USD' })?.currency).toBe('USD')
    expect(one({ currency: 'USD' }, meta)?.currency).toBe('KRW')
  })

  test.for([
    ['cost_micros', '1,5', google],
    ['clicks', '', google],
    ['date', '2026-02-30', google],
    ['actions', '{"action_type":"purchase"}', meta],
    ['actions', '[{"action_type":"purchase","value":"x"}]', meta],
    ['actions', '["purchase"', meta],
  ] as const)('%s with %j is refused by name', ([name, value, mapping]) => {
    const facts = expect.objectContaining({ column: name }) as object
    expect(() => one({ [name]: value }, mapping)).toThrow(
      expect.objectContaining({ code: 'UNIFY_VALUE_INVALID', facts }),
    )
  })
})

describe('columns that are summed', () => {
  const source = { from: 'sum', columns: ['website', 'leads'], absent: 'null' } as const
  const cases: readonly (readonly [row: Readonly<Record<string, string | null>>, sum: string | null])[] = [
    [{ website: '3', leads: '4' }, '7'],
    [{ website: '0.1', leads: '0.2' }, '0.3'],
    [{ website: '3', leads: null }, '3'],
    [{ leads: '4' }, '4'],
    [{ website: null, leads: null }, null],
  ]

  test.for(cases)('%o is %s', ([row, sum]) => {
    expect(reader(source)(row)).toBe(sum)
  })

  test('one that is no number is named', () => {
    expect(() => reader(source)({ website: '3', leads: 'many' })).toThrow('leads: many')
  })
})

describe('conversions of Meta', () => {
  const action = (type: string, value: unknown) => ({ action_type: type, value, '7d_click': '9' })
  const conversions = (...actions: object[]) => one({ actions: JSON.stringify(actions) }, meta)?.conversions

  test('are the first listed action that is present, never a sum of overlapping families', () => {
    expect(conversions(action('purchase', '3'), action('omni_purchase', '5'))).toBe('5')
    expect(conversions(action('purchase', '3'), action('link_click', '50'))).toBe('3')
    expect(conversions(action('purchase', '3'), action('purchase', '4'))).toBe('3')
    expect(conversions(action('link_click', '50'))).toBe('0')
    expect(conversions(action('onsite_web_purchase', '50'))).toBe('0')
    expect(one({ actions: null }, meta)).toMatchObject({ conversions: '0', conversionValue: null })
  })

  test('keep the digits that were written, also of a JSON number', () => {
    expect(one({ actions: '[{"action_type":"purchase","value":12345678901234567890.10}]' }, meta)?.conversions).toBe(
      '12345678901234567890.1',
    )
  })
})

describe('rows finer than entity and day', () => {
  test('sum to the same facts in any order, exactly', () => {
    fc.assert(
      fc.property(fc.array(rawRow, { maxLength: 40 }), fc.infiniteStream(fc.nat()), (rows, random) => {
        const metrics = unifyRows(rows, google, won)
        const shuffled = metrics
          .map((metric) => ({ metric, at: random.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ metric }) => metric)
        expect(byText(aggregateFiner(shuffled))).toEqual(byText(aggregateFiner(metrics)))
        const sum = (of: readonly DailyMetric[]) => sumDecimals(of.map(({ cost }) => cost))
        expect(sum(aggregateFiner(metrics))).toBe(sum(metrics))
        const keys = new Set(metrics.map(({ entityId, date }) => `${entityId}|${date}`))
        expect(aggregateFiner(metrics)).toHaveLength(keys.size)
      }),
      parameters,
    )
  })

  test('a metric is null only where no row has it', () => {
    const [sum] = aggregateFiner(
      unifyRows([row({ value: null }), row({ value: '1.5' }), row({ value: null })], google, won),
    )
    expect(sum?.conversionValue).toBe('1.5')
    expect(sum?.videoViews).toBeNull()
  })

  test('two currencies are never summed', () => {
    expect(aggregateFiner(unifyRows([row({ currency: 'USD' }), row({ currency: 'KRW' })], google, won))).toHaveLength(2)
  })
})

describe('facts mapped again from the lake', () => {
  test('are those that the rows gave before they went in', async () => {
    await using lake = await adapter.open({ root: join(root, 'lake') })
    let extracts = 0
    await fc.assert(
      fc.asyncProperty(fc.array(rawRow, { maxLength: 40 }), fc.constantFrom('exact', 'finer'), async (rows, grain) => {
        extracts += 1
        const mapping: RawMapping = { ...google, grain }
        const extractId = `00000000-0000-7000-8000-${String(extracts).padStart(12, '0')}`
        await using spool = await openSpool({
          columns: google.columns,
          dateColumn: 'date',
          folder: join(root, extractId),
        })
        await spool.append(rows)
        const files = await landSpool(lake, spool, { platform: 'google_ads', accountId: '1', extractId })
        const back = (await Array.fromAsync(readExtract(lake, { rawKeys: rawKeysOf(files) }, mapping, won))).flat()
        const direct = unifyRows(rows, mapping, won)
        expect(byText(back)).toEqual(byText(grain === 'finer' ? aggregateFiner(direct) : direct))
      }),
      { ...parameters, numRuns: 40 },
    )
  })

  /** What a load is handed, whichever way it came. */
  const loaded = async (lake: Lake, rawKeys: Readonly<Record<string, string>>, mapping: RawMapping) => {
    const metrics: DailyMetric[] = []
    let lines = 0
    for await (const batch of readForLoad(lake, { rawKeys }, mapping, won)) {
      if (!('lines' in batch)) {
        metrics.push(...batch)
        continue
      }
      const text = Buffer.from(batch.lines).toString('utf8')
      expect(text.endsWith('\n')).toBe(true)
      metrics.push(...text.trimEnd().split('\n').map(metricOfLine))
      lines += 1
    }
    return { metrics, lines }
  }

  const metricOfLine = (line: string): DailyMetric => {
    const number = (text: string | undefined) => (text === '\\N' ? null : normalised(text ?? '?')) as Decimal
    const [date, entityId, money, ...rest] = line.split('\t')
    const [cost, impressions, clicks, linkClicks, videoViews, conversions, conversionValue] = rest.map(number)
    expect(rest).toHaveLength(8)
    expect(rest[7]).toBe('\\N')
    const numbers = { cost, impressions, clicks, linkClicks, videoViews, conversions, conversionValue }
    return { entityId, date, currency: money, ...numbers } as DailyMetric
  }

  const odd = fc.constantFrom<RawRow>(
    {},
    { id: 'a\tb\n' },
    { id: '캠페인' },
    { currency: 'USD' },
    { conversions: '0.000000000000000123' },
    { value: '123456789012345678.5' },
    { cost_micros: '-9223372036854775808' },
    { impressions: null, clicks: null, cost_micros: null },
  )

  test('a load is handed the same facts as lines, and the long way where anything is odd', async () => {
    await using lake = await adapter.open({ root: join(root, 'lines') })
    let extracts = 0
    let inLines = 0
    const rowsOf = (change: fc.Arbitrary<RawRow>) =>
      fc.array(fc.tuple(rawRow, change, fc.nat(19)), { minLength: 1, maxLength: 25 })
    const lots = fc.oneof(rowsOf(fc.constant({})), rowsOf(odd))
    await fc.assert(
      fc.asyncProperty(lots, fc.constantFrom('zero', 'null'), async (drawn, absent) => {
        extracts += 1
        const mapping: RawMapping = { ...google, conversions: column('conversions', absent) }
        const rows = drawn.map(([one, change, days]): RawRow => ({
          ...one,
          conversions: one['conversions'] ?? '1.5',
          ...change,
          date: addDays('2026-03-07' as Day, days),
        }))
        const extractId = `00000000-0000-7000-8000-${String(extracts).padStart(12, '0')}`
        const folder = join(root, 'lines-spool', extractId)
        await using spool = await openSpool({ columns: google.columns, dateColumn: 'date', folder })
        await spool.append(rows)
        const files = await landSpool(lake, spool, { platform: 'google_ads', accountId: '1', extractId })
        const { metrics, lines } = await loaded(lake, rawKeysOf(files), mapping)
        inLines += lines
        expect(byText(metrics)).toEqual(byText(unifyRows(rows, mapping, won)))
      }),
      { ...parameters, numRuns: 30 },
    )
    // Neither way alone: a lot without anything odd must not go the long way.
    expect(inLines).toBeGreaterThan(10)
    expect(inLines).toBeLessThan(extracts * 2)
  })

  test('a fact without one of its numbers is refused in both ways', async () => {
    await using lake = await adapter.open({ root: join(root, 'missing') })
    const mapping: RawMapping = { ...google, conversions: column('conversions', 'null') }
    const folder = join(root, 'missing-spool')
    await using spool = await openSpool({ columns: google.columns, dateColumn: 'date', folder })
    await spool.append([row({ conversions: null })])
    const extractId = '00000000-0000-7000-8000-000000000001'
    const files = await landSpool(lake, spool, { platform: 'google_ads', accountId: '1', extractId })
    await expect(loaded(lake, rawKeysOf(files), mapping)).rejects.toMatchObject({ code: 'UNIFY_VALUE_MISSING' })
  })

  test('lists of actions, sums and finer rows have no lines', () => {
    expect(lineFields(google, won)).toHaveLength(11)
    expect(lineFields(meta, won)).toBeNull()
    expect(lineFields({ ...google, grain: 'finer' }, won)).toBeNull()
    expect(lineFields({ ...google, clicks: column('conversions') }, won)).toBeNull()
    const sum: MetricSource = { from: 'sum', columns: ['conversions', 'value'], absent: 'zero' }
    expect(lineFields({ ...google, conversions: sum }, won)).toBeNull()
  })

  test('read only the columns that they are made of', () => {
    expect(columnsRead(google).map(({ name }) => name)).not.toContain('name')
    expect(columnsRead(meta).map(({ name }) => name)).toContain('actions')
    expect(columnsRead(meta).map(({ name }) => name)).not.toContain('currency')
  })
})

test('a decimal of the platform keeps its value through unify', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const text = decimal(String(number))
      const metric = one({ conversions: text }) as { conversions: Decimal }
      const scale = 400
      expect(toUnits(metric.conversions, scale)).toBe(toUnits(text, scale))
    }),
    parameters,
  )
})
