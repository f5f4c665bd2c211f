import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { width } from './cells.ts'
import type { ConversionRow, Counters, Flush, Grain, GrainDeltas, Lease, Metric, Tallies, Total } from './counters.ts'
import { grains, metrics } from './counters.ts'
import { startChild } from './fixture.ts'
import type { ResolvedSeries, Series } from './series.ts'

/** How a contract opens counters: the same store for the same place, an empty one for a place not seen before. */
export interface CountersSetUp {
  readonly open: (place: string) => Promise<Counters>
  /** Numbers and zones of series, as the runtime would get them. */
  readonly resolve: (series: readonly Series[]) => Promise<readonly ResolvedSeries[]>
  /** Text of a module's statements that define `counters`, for a child process that opens the same place. */
  readonly childText: (place: string) => string
  /** Empties the store behind its back. */
  readonly wipe: (place: string) => Promise<void>
  readonly unavailable?: string | undefined
}

export const noTallies: Tallies = {
  records: 0,
  duplicates: 0,
  invalid: 0,
  lateDropped: 0,
  skewed: 0,
  uncounted: 0,
}

/** Entries of one grain; metrics that are not named are 0. */
export function entries(
  rows: readonly (readonly [series: number, bucket: number, Partial<Record<Metric, number>>])[],
): GrainDeltas {
  const values = new Float64Array(rows.length * width)
  for (const [row, [, , amounts]] of rows.entries())
    for (const [metric, name] of metrics.entries()) values[row * width + metric] = amounts[name] ?? 0
  return {
    series: Int32Array.from(rows, ([series]) => series),
    bucket: Int32Array.from(rows, ([, bucket]) => bucket),
    values,
  }
}

export const noDeltas: Flush['deltas'] = { minute: entries([]), hour: entries([]), day: entries([]) }

/** 2026-01-01T00:00:00Z in the units of each grain. */
export const start: Readonly<Record<Grain, number>> = { minute: 29_453_760, hour: 490_896, day: 20_454 }

/** The same amounts in the first bucket of every grain. */
const everywhere = (series: number, amounts: Partial<Record<Metric, number>>): Flush['deltas'] => ({
  minute: entries([[series, start.minute, amounts]]),
  hour: entries([[series, start.hour, amounts]]),
  day: entries([[series, start.day, amounts]]),
})

export const conversion = (id: string, revenueMicros: number, more: Partial<ConversionRow> = {}): ConversionRow => ({
  id,
  series: 0,
  minute: start.minute,
  hour: start.hour,
  day: start.day,
  utcDay: start.day,
  age: 0,
  revenueMicros,
  costMicros: 0,
  ivt: false,
  ...more,
})

export const idOf = (n: number): string => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`

const campaign = (campaignId: string): Series => ({
  platform: 'google_ads',
  accountId: '1',
  campaignId,
  currency: 'KRW',
})

/** Values of a campaign's only bucket; empty when it has none. */
function valuesOf(totals: readonly Total[], campaignId = 'a'): Partial<Record<Metric, number>> {
  const own = totals.filter((one) => one.campaignId === campaignId)
  expect(own.length).toBeLessThanOrEqual(1)
  const kept = Object.entries(own[0]?.values ?? {}).filter(([, value]) => value !== 0n)
  return Object.fromEntries(kept.map(([metric, value]) => [metric, Number(value)]))
}

/** Every adapter of the counters keeps these promises. */
export function countersContract(name: string, setUp: CountersSetUp): void {
  let places = 0
  const nextPlace = (): string => `${name}-${process.pid}-${(places += 1)}`

  interface Stage {
    readonly counters: Counters
    readonly place: string
    readonly acquire: (owner: string, partition?: number, leaseMs?: number) => Promise<Lease | null>
    readonly flush: (lease: Lease, next: number, parts?: Partial<Flush>) => Promise<Lease | 'fenced'>
  }

  const promise = (what: string, keep: (stage: Stage) => Promise<void>) =>
    test(`${what} (${name})`, async ({ skip }) => {
      skip(setUp.unavailable !== undefined, setUp.unavailable)
      expect.hasAssertions()
      const place = nextPlace()
      await using counters = await setUp.open(place)
      await counters.begin(place, 'events', [0, 0, 100])
      const series = await setUp.resolve([campaign('a'), campaign('b')])
      await keep({
        counters,
        place,
        acquire: (owner, partition = 0, leaseMs = 60_000) =>
          counters.acquire({ job: place, topic: 'events', partition, owner, leaseMs }),
        flush: (lease, next, parts = {}) =>
          counters.commit({
            lease,
            next,
            watermarkMs: next * 1000,
            dedupeFloor: 0,
            leaseMs: 60_000,
            series,
            deltas: noDeltas,
            conversions: [],
            deadLetters: [],
            tallies: noTallies,
            ...parts,
          }),
      })
    })
  const own = (lease: Lease | 'fenced' | null): Lease => {
    expect(lease).toMatchObject({ topic: 'events' })
    return lease as Lease
  }

  describe(`counters contract: ${name}`, () => {
    promise('cursors begin where they are told to, once', async ({ counters, place, acquire, flush }) => {
      const lease = own(await acquire('one', 2))
      expect(lease.cursor).toMatchObject({ next: 100, watermarkMs: null, dedupeFloor: 100 })
      await flush(lease, 150)
      await counters.begin(place, 'events', [0, 0, 100])
      expect((await counters.cursors(place)).map(({ next }) => next)).toEqual([0, 0, 150])
    })

    promise(
      'a partition has one owner until it is given back or its lease has passed',
      async ({ counters, acquire }) => {
        const lease = own(await acquire('one'))
        expect(await acquire('two')).toBeNull()
        expect(own(await acquire('one')).cursor.epoch).toBe(lease.cursor.epoch)
        await counters.release(lease)
        const second = own(await acquire('two', 0, 50))
        expect(second.cursor.epoch).toBeGreaterThan(lease.cursor.epoch)
        await delay(80)
        const third = own(await acquire('three'))
        expect(third.cursor.epoch).toBeGreaterThan(second.cursor.epoch)
        await counters.release(second)
        expect(await acquire('four')).toBeNull()
      },
    )

    promise(
      'a flush moves the cursor and adds its deltas, all of it at once',
      async ({ counters, place, acquire, flush }) => {
        const lease = own(await acquire('one'))
        const tallies = { records: 10, duplicates: 2, invalid: 1, lateDropped: 1, skewed: 1, uncounted: 1 }
        const amounts = { impressions: 5, clicks: 1, cost_micros: 1_500_000, ivt_clicks: 1 }
        const moved = own(
          await flush(lease, 10, {
            deltas: everywhere(0, amounts),
            conversions: [conversion(idOf(1), 12_345_678, { costMicros: 7 })],
            deadLetters: [{ offset: 3, place: 0, reason: 'not_json "\\', raw: Uint8Array.of(0, 255, 34, 92) }],
            tallies,
            watermarkMs: 777,
            dedupeFloor: 4,
          }),
        )
        expect(moved.cursor).toMatchObject({ next: 10, watermarkMs: 777, dedupeFloor: 4 })
        expect((await counters.cursors(place))[0]).toMatchObject({
          next: 10,
          watermarkMs: 777,
          dedupeFloor: 4,
          tallies,
        })
        for (const grain of grains) {
          const totals = await counters.totals({ job: place, grain })
          expect(totals.map(({ bucket }) => bucket)).toEqual([start[grain]])
          expect(valuesOf(totals)).toEqual({
            ...amounts,
            conversions: 1,
            revenue_micros: 12_345_678,
            cost_micros: 1_500_007,
          })
        }
        own(await flush(moved, 20, { deltas: everywhere(0, amounts), tallies }))
        expect(valuesOf(await counters.totals({ job: place, grain: 'minute' }))).toMatchObject({
          impressions: 10,
          clicks: 2,
        })
        expect((await counters.cursors(place))[0]?.tallies).toMatchObject({ records: 20, duplicates: 4 })
      },
    )

    promise('the same flush a second time is fenced and adds nothing', async ({ counters, place, acquire, flush }) => {
      const lease = own(await acquire('one'))
      const parts = { deltas: everywhere(0, { impressions: 5 }), conversions: [conversion(idOf(2), 1)] }
      own(await flush(lease, 10, parts))
      expect(await flush(lease, 10, parts)).toBe('fenced')
      expect(valuesOf(await counters.totals({ job: place, grain: 'day' }))).toEqual({
        impressions: 5,
        conversions: 1,
        revenue_micros: 1,
      })
    })

    promise('whoever lost the partition can commit nothing more', async ({ counters, place, acquire, flush }) => {
      const zombie = own(await acquire('one', 0, 30))
      await delay(60)
      const owner = own(await acquire('two'))
      expect(await flush(zombie, 10, { deltas: everywhere(0, { impressions: 99 }) })).toBe('fenced')
      own(await flush(owner, 10, { deltas: everywhere(0, { impressions: 1 }) }))
      expect(valuesOf(await counters.totals({ job: place, grain: 'hour' }))).toEqual({ impressions: 1 })
    })

    promise('of many racing commits of one range exactly one counts', async ({ counters, place, acquire, flush }) => {
      let lease = own(await acquire('one'))
      for (let round = 1; round <= 10; round += 1) {
        const outcomes = await Promise.all(
          [1, 2, 3, 4].map(() => flush(lease, round, { deltas: everywhere(0, { clicks: 1 }) })),
        )
        const won = outcomes.filter((one) => one !== 'fenced')
        expect(won).toHaveLength(1)
        lease = own(won[0] ?? null)
      }
      expect(valuesOf(await counters.totals({ job: place, grain: 'minute' }))).toEqual({ clicks: 10 })
    })

    promise(
      'a conversion counts once, whichever partition and flush it comes with',
      async ({ counters, place, acquire, flush }) => {
        const [first, second] = [own(await acquire('one', 0)), own(await acquire('one', 1))]
        const twice = [
          conversion(idOf(3), 10),
          conversion(idOf(3), 10),
          conversion(idOf(4), 5, { series: 1, ivt: true }),
        ]
        own(await flush(first, 10, { conversions: twice }))
        own(await flush(second, 10, { conversions: [conversion(idOf(3), 10), conversion(idOf(5), 1)] }))
        const totals = await counters.totals({ job: place, grain: 'day' })
        expect(valuesOf(totals)).toEqual({ conversions: 2, revenue_micros: 11 })
        expect(valuesOf(totals, 'b')).toEqual({ conversions: 1, revenue_micros: 5, ivt_conversions: 1 })
      },
    )

    promise(
      'late conversions count only in the grains that still keep their bucket',
      async ({ counters, place, acquire, flush }) => {
        const lease = own(await acquire('one'))
        own(
          await flush(lease, 10, {
            conversions: [conversion(idOf(6), 1, { age: 1 }), conversion(idOf(7), 1, { age: 2 })],
          }),
        )
        const counted = async (grain: Grain) => valuesOf(await counters.totals({ job: place, grain })).conversions ?? 0
        expect([await counted('minute'), await counted('hour'), await counted('day')]).toEqual([0, 1, 2])
      },
    )

    promise('partitions add to one campaign without losing each other', async ({ counters, place, acquire, flush }) => {
      const leases = [own(await acquire('one', 0)), own(await acquire('one', 1)), own(await acquire('one', 2))]
      const work = async (begin: Lease): Promise<void> => {
        let lease = begin
        for (let round = 1; round <= 8; round += 1)
          lease = own(await flush(lease, begin.cursor.next + round, { deltas: everywhere(0, { impressions: 1 }) }))
      }
      await Promise.all(leases.map(work))
      expect(valuesOf(await counters.totals({ job: place, grain: 'minute' }))).toEqual({ impressions: 24 })
    })

    promise('a job counts apart from another', async ({ counters, place, acquire, flush }) => {
      own(await flush(own(await acquire('one')), 10, { deltas: everywhere(0, { clicks: 1 }) }))
      await counters.begin(`${place}-shadow`, 'events', [0])
      expect(await counters.totals({ job: `${place}-shadow`, grain: 'minute' })).toEqual([])
      expect((await counters.cursors(`${place}-shadow`))[0]?.next).toBe(0)
    })

    promise('buckets can be asked for by range', async ({ counters, place, acquire, flush }) => {
      const minute = entries([0, 1, 2].map((n) => [0, start.minute + n, { clicks: n + 1 }]))
      own(await flush(own(await acquire('one')), 10, { deltas: { ...noDeltas, minute } }))
      const query = { job: place, grain: 'minute', since: start.minute + 1, until: start.minute + 1 } as const
      expect(valuesOf(await counters.totals(query))).toEqual({ clicks: 2 })
    })

    promise('a store that was emptied is an error and not a fresh start', async ({ place, acquire, flush }) => {
      const lease = own(await acquire('one'))
      await setUp.wipe(place)
      await expect(acquire('one')).rejects.toMatchObject({ code: 'STREAM_CURSOR_MISSING' })
      await expect(flush(lease, 10)).rejects.toMatchObject({ code: 'STREAM_CURSOR_MISSING' })
    })

    test(`a committer killed at any moment leaves counters and cursor in step (${name})`, async ({ skip }) => {
      skip(setUp.unavailable !== undefined, setUp.unavailable)
      const cycles = process.env['MILLRACE_LONG'] ? 50 : 4
      const place = nextPlace()
      await using counters = await setUp.open(place)
      await counters.begin(place, 'events', [0])
      const series = await setUp.resolve([campaign('a')])
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        const child = startChild(committer(setUp.childText(place), place, cycle, series))
        await child.printed(3 + ((cycle * 5) % 9))
        await child.kill()
        const next = (await counters.cursors(place))[0]?.next ?? 0
        expect(next).toBeGreaterThan(0)
        const counted = valuesOf(await counters.totals({ job: place, grain: 'day' }))
        expect(counted).toEqual({ impressions: next, conversions: next / 10, revenue_micros: (next / 10) * 7 })
      }
    })
  })
}

/** A process that commits ranges of ten, each with ten impressions and one conversion, as fast as it can. */
function committer(open: string, place: string, cycle: number, series: readonly ResolvedSeries[]): string {
  const delta = (grain: Grain): string =>
    `{ series: Int32Array.of(0), bucket: Int32Array.of(${start[grain]}), values: Float64Array.of(10,${'0,'.repeat(width - 1)}) }`
  return `${open}
    const key = { job: ${JSON.stringify(place)}, topic: 'events', partition: 0, owner: 'cycle ${cycle}', leaseMs: 30_000 }
    // The one before was killed while it held the lease.
    for (const status of await counters.cursors(key.job)) if (status.owner) await counters.release({ ...status, owner: status.owner, cursor: status })
    let lease = await counters.acquire(key)
    for (;;) {
      const next = lease.cursor.next + 10
      const id = '00000000-0000-4000-9000-' + next.toString(16).padStart(12, '0')
      const conversion = { id, series: 0, minute: ${start.minute}, hour: ${start.hour}, day: ${start.day}, utcDay: ${start.day}, age: 0, revenueMicros: 7, costMicros: 0, ivt: false }
      lease = await counters.commit({ lease, next, watermarkMs: null, dedupeFloor: 0, leaseMs: 30_000, series: ${JSON.stringify(series)},
        deltas: { minute: ${delta('minute')}, hour: ${delta('hour')}, day: ${delta('day')} }, conversions: [conversion], deadLetters: [], tallies: ${JSON.stringify(noTallies)} })
      console.log(next)
    }`
}
