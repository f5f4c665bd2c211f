import type { Redis } from 'ioredis'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import { width } from './cells.ts'
import type {
  Claim,
  Counters,
  CursorStatus,
  Flush,
  Lease,
  Metric,
  PartitionKey,
  ShownCost,
  Total,
  TotalsQuery,
} from './counters.ts'
import { defineCounters, metrics } from './counters.ts'
import type { Offset } from './log.ts'
import { costArgument, flushArguments, grainSpans, jobPrefix } from './redis-flush.ts'
import { RedisLink } from './redis-link.ts'

const cursorKey = ({ job, topic, partition }: PartitionKey): string => `${jobPrefix(job)}cursor:${topic}:${partition}`
const listKey = (job: string): string => `${jobPrefix(job)}cursors`
const seriesKey = (job: string): string => `${jobPrefix(job)}series`
const deadKey = (job: string): string => `${jobPrefix(job)}dead`
const scanPage = 1_000
/** Campaigns of one call: the server does nothing else while it runs. */
const costsPage = 500
const namedKeysMax = 48

const orNull = (text: string | undefined): number | null => (text === undefined || text === '' ? null : Number(text))

function statusOf(key: PartitionKey, held: Readonly<Record<string, string>>): CursorStatus {
  const whole = (name: string): number => Number(held[name] ?? 0)
  const owner = held['owner'] ?? ''
  return {
    ...key,
    next: whole('next'),
    epoch: whole('epoch'),
    watermarkMs: orNull(held['watermark']),
    dedupeFloor: whole('floor'),
    owner: owner === '' ? null : owner,
    leaseUntilMs: owner === '' ? null : orNull(held['lease_until']),
    committedMs: orNull(held['committed']),
    tallies: {
      records: whole('records'),
      duplicates: whole('duplicates'),
      invalid: whole('invalid'),
      lateDropped: whole('late_dropped'),
      skewed: whole('skewed'),
      uncounted: whole('uncounted'),
    },
  }
}

class RedisCounters implements Counters {
  readonly #link: RedisLink
  readonly #timelineMax: number

  constructor(link: RedisLink, timelineMax: number) {
    this.#link = link
    this.#timelineMax = timelineMax
  }

  get place(): string {
    return `counters in ${this.#link.place}`
  }

  async begin(job: string, topic: string, offsets: readonly Offset[]): Promise<void> {
    await this.#link.ask(async (redis) => {
      for (const [partition, at] of offsets.entries()) {
        const key = cursorKey({ job, topic, partition })
        // Floor and epoch first: the cursor is there from the moment `next` is.
        await redis.hsetnx(key, 'floor', at)
        await redis.hsetnx(key, 'epoch', 0)
        await redis.hsetnx(key, 'next', at)
        await redis.sadd(listKey(job), JSON.stringify([topic, partition]))
      }
    })
  }

  async acquire(claim: Claim): Promise<Lease | null> {
    const answer = await this.#link.call('acquire', [cursorKey(claim)], [claim.owner, claim.leaseMs])
    this.#check(answer, claim)
    if (!Array.isArray(answer)) return null
    const [next = '0', epoch = '0', watermark = '', floor = '0'] = answer as string[]
    const { job, topic, partition, owner } = claim
    const cursor = {
      next: Number(next),
      epoch: Number(epoch),
      watermarkMs: orNull(watermark),
      dedupeFloor: Number(floor),
    }
    return { job, topic, partition, owner, cursor }
  }

  async commit(flush: Flush): Promise<Lease | 'fenced'> {
    const { lease, next, watermarkMs, dedupeFloor } = flush
    const { job } = lease
    const keys = [cursorKey(lease), seriesKey(job), deadKey(job)]
    const args = flushArguments(flush, { job, timelineMax: this.#timelineMax })
    const answer = await this.#link.call('flush', keys, args)
    this.#check(answer, lease)
    if (answer === 'FENCED') return 'fenced'
    return { ...lease, cursor: { ...lease.cursor, next, watermarkMs, dedupeFloor } }
  }

  async release(lease: Lease): Promise<void> {
    await this.#link.call('release', [cursorKey(lease)], [lease.owner, lease.cursor.epoch])
  }

  async cursors(job: string): Promise<readonly CursorStatus[]> {
    return this.#link.ask(async (redis) => {
      const found: CursorStatus[] = []
      for (const member of await redis.smembers(listKey(job))) {
        const [topic, partition] = JSON.parse(member) as [string, number]
        const held = await redis.hgetall(cursorKey({ job, topic, partition }))
        if (held['next'] !== undefined) found.push(statusOf({ job, topic, partition }, held))
      }
      return found.sort((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition)
    })
  }

  async totals({ job, grain, since, until }: TotalsQuery): Promise<readonly Total[]> {
    return this.#link.ask(async (redis) => {
      const names = await redis.hgetall(seriesKey(job))
      const cells = new Map<string, bigint[]>()
      for await (const key of grainKeys(redis, { job, grain, since, until })) gather(await redis.hgetall(key), cells)
      const isAsked = (bucket: number): boolean =>
        bucket >= (since ?? Number.NEGATIVE_INFINITY) && bucket <= (until ?? Number.POSITIVE_INFINITY)
      return [...cells].map(([cell, values]) => totalOf(cell, values, names)).filter(({ bucket }) => isAsked(bucket))
    })
  }

  async showCosts(costs: readonly ShownCost[]): Promise<void> {
    for (let at = 0; at < costs.length; at += costsPage)
      await this.#link.call('cost', [], [costArgument(costs.slice(at, at + costsPage))])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close()
  }

  #check(answer: unknown, { job, topic, partition }: PartitionKey): void {
    const facts = { job, topic, partition, place: this.place }
    if (answer === 'MISSING') throw new MillraceError('STREAM_CURSOR_MISSING', facts)
    if (answer === 'TORN') throw new MillraceError('STREAM_COUNTERS_TORN', facts)
  }
}

/** Keys of a grain: by their names where the range is short, else by going through all there are. */
async function* grainKeys(redis: Redis, { job, grain, since, until }: TotalsQuery): AsyncGenerator<string> {
  const first = since === undefined ? undefined : Math.floor(since / grainSpans[grain])
  const last = until === undefined ? undefined : Math.floor(until / grainSpans[grain])
  if (first !== undefined && last !== undefined && last - first <= namedKeysMax) {
    for (let index = first; index <= last; index += 1) yield `${jobPrefix(job)}${grain}:${index}`
    return
  }
  const match = `${jobPrefix(job).replaceAll(/[\\*?[\]]/g, '\\$&')}${grain}:*`
  for await (const page of redis.scanStream({ match, count: scanPage }) as AsyncIterable<string[]>) yield* new Set(page)
}

/** Fields `bucket|series|metric`; the same key seen twice in a scan gives the same values. */
function gather(held: Readonly<Record<string, string>>, cells: Map<string, bigint[]>): void {
  for (const [field, value] of Object.entries(held)) {
    const [bucket = '', series = '', metric = ''] = field.split('|')
    const cell = `${bucket}|${series}`
    const values = cells.get(cell) ?? Array.from({ length: width }, () => 0n)
    values[Number(metric)] = BigInt(value)
    cells.set(cell, values)
  }
}

function totalOf(cell: string, values: readonly bigint[], names: Readonly<Record<string, string>>): Total {
  const [bucket = '0', series = ''] = cell.split('|')
  const [platform = '', accountId = '', campaignId = '', currency = ''] = JSON.parse(names[series] ?? '[]') as string[]
  const named = Object.fromEntries(metrics.map((metric, index) => [metric, values[index]])) as Record<Metric, bigint>
  return { platform, accountId, campaignId, currency, bucket: Number(bucket), values: named }
}

export const adapter = defineCounters({
  name: 'redis',
  summary: 'a Redis, 7.0 or newer: one function call a flush, under the seed’s names of keys',
  needs: [{ package: 'ioredis', version: '6.0.0' }],
  options: z.object({
    /** `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS. */
    url: z.string().regex(/^rediss?:\/\//),
    /** Keeps `campaign:<id>:impression_timeline` with so many minutes; 0: the hashes by the minute are enough. */
    impressionTimeline: z.coerce.number().int().min(0).max(100_000).default(0),
  }),
  async open({ url, impressionTimeline }) {
    const link = new RedisLink(url)
    try {
      await link.open()
    } catch (error) {
      await link.close()
      throw error
    }
    return new RedisCounters(link, impressionTimeline)
  },
})
