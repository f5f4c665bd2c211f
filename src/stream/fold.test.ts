import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TimeZone } from '../domain/day.ts'
import { width } from './cells.ts'
import type { Grain } from './counters.ts'
import { grains, metrics } from './counters.ts'
import type { DedupeOptions } from './dedupe.ts'
import type { Folded } from './fold.ts'
import { PartitionFold } from './fold.ts'
import type { LogBatch } from './log.ts'
import type { Recounted } from './recount.ts'
import { recount, recountKey } from './recount.ts'
import { rollUp } from './roll-up.ts'
import type { ResolvedSeries, Series } from './series.ts'

const runs = process.env['MILLRACE_LONG'] ? 5_000 : 150
const dedupe: DedupeOptions = { windowMs: 600_000, windowEvents: 25 }
// The night in which New York's clocks go forward, so that days of 23 hours and of two zones are met.
const startMs = Date.UTC(2026, 2, 8, 3)
const zoneOf = (series: Series): TimeZone =>
  ({ c0: 'America/New_York', c1: 'Asia/Kolkata', c2: 'Asia/Seoul' })[series.campaignId] as TimeZone

const encoder = new TextEncoder()

function batchOf(lines: readonly string[], firstOffset: number, appendMs: number, framed: boolean): LogBatch {
  const texts = lines.map((line) => (framed ? line : `${line}\n`))
  const bytes = encoder.encode(texts.join(''))
  let end = 0
  const ends = texts.map((text) => (end += encoder.encode(text).length))
  return {
    firstOffset,
    nextOffset: firstOffset + lines.length,
    count: lines.length,
    appendMs,
    bytes,
    ends: framed ? Int32Array.from(ends) : null,
    offsets: null,
  }
}

const hourMs = 3_600_000
const id = fc.nat(60).map((n) => `019b76da-a800-7000-8000-${n.toString(16).padStart(12, '0')}`)

/** When it happened, from the moment its batch was appended: mostly just now, sometimes long ago, sometimes in the future. */
const shiftMs = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -120_000, max: 1_000 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(-47 * hourMs, -49 * hourMs, -36 * 24 * hourMs, -399 * 24 * hourMs, -401 * 24 * hourMs),
  },
  { weight: 1, arbitrary: fc.constantFrom(14 * 60_000, 16 * 60_000, 30 * 24 * hourMs) },
)

const event = fc.record({
  event_id: fc.option(id, { nil: undefined, freq: 8 }),
  event_type: fc.constantFrom('impression', 'impression', 'click', 'conversion', 'conversion', 'viewable'),
  campaign_id: fc.constantFrom('c0', 'c1', 'c2'),
  platform: fc.constantFrom('google_ads', 'facebook_ads', 'meta_ads'),
  shiftMs,
  value: fc.option(
    fc.integer({ min: 0, max: 9_999_999 }).map((n) => n / 100),
    { nil: undefined },
  ),
  cost_micros: fc.option(fc.nat(5_000_000), { nil: undefined }),
  ivt: fc.option(fc.constantFrom('none', 'givt', 'sivt'), { nil: undefined }),
  currency: fc.option(fc.constantFrom('USD', 'KRW'), { nil: undefined }),
  isReceived: fc.boolean(),
})

const line = fc.oneof(
  { weight: 20, arbitrary: event },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'not json',
      '',
      '{"event_type":"click"}',
      '{"event_type":"click","campaign_id":"c0","timestamp":1}',
    ),
  },
)

const log = fc
  .array(
    fc.record({
      lines: fc.array(line, { minLength: 1, maxLength: 12 }),
      gapMs: fc.constantFrom(0, 1_000, 60_000, 400_000, 700_000),
      framed: fc.boolean(),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((parts) => {
    let offset = 0
    let appendMs = startMs
    return parts.map(({ lines, gapMs, framed }) => {
      appendMs += gapMs
      const texts = lines.map((one) => {
        if (typeof one === 'string') return one
        const { shiftMs, isReceived, ...rest } = one
        return JSON.stringify({
          ...rest,
          timestamp: appendMs + shiftMs,
          ...(isReceived ? { received_at: appendMs } : {}),
        })
      })
      const batch = batchOf(texts, offset, appendMs, framed)
      offset += lines.length
      return batch
    })
  })

/** How a consumer goes about it: how many batches to each flush, and which flushes are lost to a crash. */
const consumer = fc.array(fc.record({ batches: fc.integer({ min: 1, max: 4 }), isLost: fc.boolean() }), {
  minLength: 60,
  maxLength: 60,
})

/** A store that keeps its word: additive, conversions once. */
class Store {
  readonly sums: Record<string, Record<string, bigint>> = {}
  readonly #conversions = new Set<string>()

  add(key: string, metric: string, amount: number): void {
    if (amount === 0) return
    const sum = (this.sums[key] ??= {})
    sum[metric] = (sum[metric] ?? 0n) + BigInt(amount)
  }

  apply(folded: Folded): void {
    const series = folded.series.map((one): ResolvedSeries => ({ ...one, seriesId: 0, zone: zoneOf(one) }))
    const flush = rollUp(folded, series)
    for (const grain of grains) {
      const { series: numbers, bucket, values } = flush.deltas[grain]
      for (const [entry, number] of numbers.entries())
        for (const [metric, name] of metrics.entries())
          this.add(
            recountKey(grain, bucket[entry] ?? 0, series[number] as Series),
            name,
            values[entry * width + metric] ?? 0,
          )
    }
    for (const one of flush.conversions) {
      if (this.#conversions.has(`${one.id} ${one.utcDay}`)) continue
      this.#conversions.add(`${one.id} ${one.utcDay}`)
      const kept: readonly Grain[] = grains.slice(one.age)
      for (const grain of kept) {
        const key = recountKey(grain, one[grain], series[one.series] as Series)
        this.add(key, 'conversions', 1)
        this.add(key, 'revenue_micros', one.revenueMicros)
        this.add(key, 'cost_micros', one.costMicros)
        this.add(key, 'ivt_conversions', one.ivt ? 1 : 0)
      }
    }
  }
}

function consume(batches: readonly LogBatch[], steps: readonly { batches: number; isLost: boolean }[]): Recounted {
  const store = new Store()
  let cursor = { next: 0, watermarkMs: null as number | null, dedupeFloor: 0 }
  const start = (): PartitionFold => {
    const fold = new PartitionFold({ topic: 't', partition: 0, ...cursor, dedupe })
    for (const batch of batches)
      if (batch.firstOffset >= cursor.dedupeFloor && batch.nextOffset <= cursor.next) fold.refill(batch)
    return fold
  }
  let fold = start()
  for (const step of [...steps, { batches: 1_000, isLost: false }]) {
    for (const batch of batches.filter(({ firstOffset }) => firstOffset >= fold.next).slice(0, step.batches))
      fold.take(batch)
    if (step.isLost) {
      fold = start()
      continue
    }
    const folded = fold.seal()
    store.apply(folded)
    cursor = folded
  }
  return store.sums
}

describe('the fold', () => {
  test('comes to what a plain recount of the log comes to, in whatever pieces and after whatever crashes', () => {
    let duplicates = 0
    fc.assert(
      fc.property(log, consumer, (batches, steps) => {
        const expected = recount(batches, dedupe, zoneOf)
        expect(consume(batches, steps)).toEqual(expected)
        const fold = new PartitionFold({ topic: 't', partition: 0, next: 0, watermarkMs: null, dedupe })
        for (const batch of batches) fold.take(batch)
        duplicates += fold.tallies.duplicates
      }),
      { seed: 5, numRuns: runs },
    )
    expect(duplicates).toBeGreaterThan(runs)
  })

  test('a batch of more events than a pass holds is counted whole', () => {
    const lines = Array.from(
      { length: 5_000 },
      (_, n) => `{"event_type":"click","event_id":"e${n % 4_999}","campaign_id":"c${n % 7}","timestamp":${startMs}}`,
    )
    for (const framed of [true, false]) {
      const fold = new PartitionFold({
        topic: 't',
        partition: 0,
        next: 0,
        watermarkMs: null,
        dedupe: { windowMs: 1e9, windowEvents: 1e9 },
      })
      fold.take(batchOf(lines, 0, startMs, framed))
      const { values, count } = fold.seal().cells
      const clicks = Array.from({ length: count }, (_, cell) => values[cell * width + 1] ?? 0)
      expect(clicks.reduce((sum, one) => sum + one, 0)).toBe(4_999)
    }
  })

  test('dead letters say where they lay and why, also inside an enveloped record', () => {
    const fold = new PartitionFold({ topic: 't', partition: 0, next: 7, watermarkMs: null, dedupe })
    fold.take({ ...batchOf(['{}', 'x', 'y'], 7, startMs, true), nextOffset: 9, offsets: Float64Array.of(7, 8, 8) })
    expect(fold.seal().deadLetters.map(({ offset, place, reason }) => [offset, place, reason.split(':')[0]])).toEqual([
      [7, 0, 'event_type'],
      [8, 0, 'not_json'],
      [8, 1, 'not_json'],
    ])
  })

  test('the watermark follows the newest event, never ahead of the log and never back', () => {
    const fold = new PartitionFold({ topic: 't', partition: 0, next: 0, watermarkMs: null, dedupe })
    const take = (timeMs: number, appendMs: number) => {
      fold.take(batchOf([`{"event_type":"click","campaign_id":"c","timestamp":${timeMs}}`], fold.next, appendMs, false))
      return (fold.seal().watermarkMs ?? 0) - startMs
    }
    const late = -600_000
    expect(take(startMs, startMs)).toBe(late)
    expect(take(startMs + 500_000, startMs + 1_000)).toBe(late + 1_000)
    expect(take(startMs - 5_000_000, startMs + 2_000)).toBe(late + 1_000)
  })

  test('a conversion without an id is itself by its place, and with a strange id by the id', () => {
    const fold = new PartitionFold({ topic: 't', partition: 0, next: 0, watermarkMs: null, dedupe })
    const conversion = (more: string) => `{"event_type":"conversion","campaign_id":"c","timestamp":${startMs}${more}}`
    const lines = [
      conversion(''),
      conversion(''),
      conversion(',"event_id":"order-1"'),
      conversion(',"source":"shop","event_id":"order-1"'),
    ]
    fold.take(batchOf(lines, 0, startMs, false))
    const ids = fold.seal().conversions.map((one) => one.id)
    expect(new Set(ids).size).toBe(4)
    for (const one of ids) expect(one).toMatch(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
    const again = new PartitionFold({ topic: 't', partition: 0, next: 0, watermarkMs: null, dedupe })
    again.take(batchOf(lines, 0, startMs, true))
    expect(again.seal().conversions.map((one) => one.id)).toEqual(ids)
  })
})
