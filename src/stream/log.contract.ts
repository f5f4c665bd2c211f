import { describe, expect, test } from 'vitest'
import { linesOf, startChild } from './fixture.ts'
import type { EventLog, LogBatch, Offset } from './log.ts'

/** How a contract opens a log: the same topic for the same place, a fresh one for a place not seen before. */
export interface LogSetUp {
  readonly open: (place: string, partitions: number) => Promise<EventLog>
  /** Text of a module's statements that define `log`, for a child process that opens the same topic. */
  readonly childText: (place: string, partitions: number) => string
  /** Whether offsets have no gaps. */
  readonly isDense: boolean
  /** Whether `trim` has to have removed what it may, at once; otherwise only that nothing else is lost. */
  readonly trimsAtOnce: boolean
  readonly unavailable?: string | undefined
}

interface Entry {
  readonly offset: Offset
  readonly text: string
}

const decoder = new TextDecoder()

/** The records of batches one by one. */
function recordsOf(batches: readonly LogBatch[]): readonly Entry[] {
  return batches.flatMap(({ bytes, starts, ends, offsets, firstOffset, count }) => {
    const texts = ends
      ? [...ends].map((end, index) => decoder.decode(bytes.subarray(starts?.[index] ?? ends[index - 1] ?? 0, end)))
      : decoder.decode(bytes).split('\n').slice(0, -1)
    expect(texts).toHaveLength(count)
    return texts.map((text, index) => ({ offset: offsets ? (offsets[index] as number) : firstOffset + index, text }))
  })
}

/** Everything from an offset to the end of the log. */
async function readAll(
  log: EventLog,
  partition: number,
  from: Offset,
  bytesMax = 1_000_000,
): Promise<readonly Entry[]> {
  const found: Entry[] = []
  for (let at = from; ;) {
    const batches = await log.read(partition, at, { bytesMax, waitMs: 0 })
    if (batches.length === 0) return found
    found.push(...recordsOf(batches))
    at = batches.at(-1)?.nextOffset ?? at
  }
}

const texts = (entries: readonly Entry[]): readonly string[] => entries.map(({ text }) => text)
const many = (name: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `{"n":"${name}-${index}"}`)

/** Every adapter of the event log keeps these promises. */
export function logContract(name: string, setUp: LogSetUp): void {
  let places = 0
  const nextPlace = (): string => `${name}-${process.pid}-${(places += 1)}`
  const promise = (what: string, keep: (log: EventLog, place: string) => Promise<void>, partitions = 2) =>
    test(`${what} (${name})`, async ({ skip }) => {
      skip(setUp.unavailable !== undefined, setUp.unavailable)
      expect.hasAssertions()
      const place = nextPlace()
      await using log = await setUp.open(place, partitions)
      await keep(log, place)
    })

  describe(`log contract: ${name}`, () => {
    promise('an empty log has nothing to read and says where it begins', async (log) => {
      expect(await log.partitions()).toBe(2)
      const { first, next } = await log.bounds(0)
      expect(first).toBe(next)
      expect(await log.read(0, next, { bytesMax: 1000, waitMs: 0 })).toEqual([])
    })

    promise('what was appended is read in order, byte for byte, in its own partition', async (log) => {
      const lines = ['{"a":1}', '{"한글":"✓"}', 'not json at all', '{}', ...many('x', 3000)]
      const first = await log.append({ partition: 1, ...linesOf(lines.slice(0, 4)) })
      await log.append({ partition: 1, ...linesOf(lines.slice(4)) })
      const entries = await readAll(log, 1, first)
      expect(texts(entries)).toEqual(lines)
      expect(await readAll(log, 0, (await log.bounds(0)).first)).toEqual([])
      const offsets = entries.map(({ offset }) => offset)
      expect(offsets.every((offset, index) => index === 0 || offset > (offsets[index - 1] ?? 0))).toBe(true)
      if (setUp.isDense) expect(offsets.at(-1)).toBe(first + lines.length - 1)
    })

    promise('a read from any offset begins exactly there, with the same append times', async (log) => {
      const first = await log.append({ partition: 0, ...linesOf(many('a', 50)) })
      await log.append({ partition: 0, ...linesOf(many('b', 50)) })
      const whole = await readAll(log, 0, first)
      for (const at of [0, 1, 49, 50, 51, 99]) {
        const from = whole[at]?.offset ?? 0
        expect(await readAll(log, 0, from)).toEqual(whole.slice(at))
      }
      const times = async (from: Offset) =>
        (await log.read(0, from, { bytesMax: 1_000_000, waitMs: 0 })).map(({ appendMs }) => appendMs)
      expect((await times(whole[10]?.offset ?? 0))[0]).toBe((await times(first))[0])
    })

    promise('a small limit of bytes still gives one batch at a time until the end', async (log) => {
      const first = await log.append({ partition: 0, ...linesOf(many('a', 20)) })
      for (let more = 0; more < 5; more += 1) await log.append({ partition: 0, ...linesOf(many(`m${more}`, 20)) })
      const entries = await readAll(log, 0, first, 1)
      expect(entries).toHaveLength(120)
    })

    promise('an append larger than any segment is whole', async (log) => {
      const lines = many('big', 25_000)
      const first = await log.append({ partition: 0, ...linesOf(lines) })
      expect(texts(await readAll(log, 0, first))).toEqual(lines)
    })

    promise('a reader at the end wakes when something is appended, and when it has waited long enough', async (log) => {
      const { next } = await log.bounds(0)
      const startedMs = performance.now()
      expect(await log.read(0, next, { bytesMax: 1000, waitMs: 60 })).toEqual([])
      expect(performance.now() - startedMs).toBeGreaterThanOrEqual(50)
      const waiting = log.read(0, next, { bytesMax: 1_000_000, waitMs: 10_000 })
      await log.append({ partition: 0, ...linesOf(['{"late":1}']) })
      expect(texts(recordsOf(await waiting))).toEqual(['{"late":1}'])
      expect(performance.now() - startedMs).toBeLessThan(5_000)
    })

    promise('an offset outside the log is an error and never another place', async (log) => {
      await log.append({ partition: 0, ...linesOf(many('a', 5)) })
      const { next } = await log.bounds(0)
      await expect(log.read(0, next + 10, { bytesMax: 1000, waitMs: 0 })).rejects.toMatchObject({
        code: 'STREAM_OFFSET_OUT_OF_RANGE',
      })
      await expect(log.read(7, 0, { bytesMax: 1000, waitMs: 0 })).rejects.toMatchObject({
        code: 'STREAM_PARTITION_UNKNOWN',
      })
    })

    promise('many writers at once lose nothing, and a reader beside them misses nothing', async (log, place) => {
      const writers = await Promise.all([1, 2, 3, 4].map(() => setUp.open(place, 2)))
      const { first } = await log.bounds(0)
      let isDone = false
      const seen: string[] = []
      const reading = (async () => {
        for (let at = first; ;) {
          const wasDone = isDone
          const batches = await log.read(0, at, { bytesMax: 20_000, waitMs: 20 })
          seen.push(...texts(recordsOf(batches)))
          at = batches.at(-1)?.nextOffset ?? at
          if (batches.length === 0 && wasDone) return
        }
      })()
      const write = async (writer: EventLog, which: number): Promise<void> => {
        for (let round = 0; round < 40; round += 1)
          await writer.append({ partition: 0, ...linesOf(many(`${which}-${round}`, 5)) })
      }
      await Promise.all(writers.map(write))
      isDone = true
      await reading
      expect(seen).toHaveLength(800)
      expect(new Set(seen).size).toBe(800)
      for (const which of [0, 1, 2, 3]) {
        const own = seen.filter((line) => line.startsWith(`{"n":"${which}-`))
        expect(own).toEqual([...Array(40).keys()].flatMap((round) => many(`${which}-${round}`, 5)))
      }
      await Promise.all(writers.map((writer) => writer[Symbol.asyncDispose]()))
    })

    promise('what was trimmed is out of range, what was not is all there', async (log) => {
      const first = await log.append({ partition: 0, ...linesOf(many('a', 10)) })
      const middle = await log.append({ partition: 0, ...linesOf(many('b', 10)) })
      await log.trim(0, middle, Number.MAX_SAFE_INTEGER)
      expect(texts(await readAll(log, 0, middle))).toEqual(many('b', 10))
      const { next } = await log.bounds(0)
      await log.trim(0, next, Number.MAX_SAFE_INTEGER)
      await log.trim(1, 0, Number.MAX_SAFE_INTEGER)
      const after = await log.append({ partition: 0, ...linesOf(['{"c":1}']) })
      expect(after).toBeGreaterThanOrEqual(next)
      expect(texts(await readAll(log, 0, after))).toEqual(['{"c":1}'])
      if (!setUp.trimsAtOnce) return
      await expect(log.read(0, first, { bytesMax: 1000, waitMs: 0 })).rejects.toMatchObject({
        code: 'STREAM_OFFSET_OUT_OF_RANGE',
      })
    })

    test(`a writer killed in the middle leaves whole appends, and all that it was told are there (${name})`, async ({
      skip,
    }) => {
      skip(setUp.unavailable !== undefined, setUp.unavailable)
      const cycles = process.env['MILLRACE_LONG'] ? 25 : 3
      const place = nextPlace()
      await using log = await setUp.open(place, 1)
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        const { next } = await log.bounds(0)
        const child = startChild(`${setUp.childText(place, 1)}
          for (let n = 0; ; n += 1) {
            const lines = Array.from({ length: 30 }, (_, i) => JSON.stringify({ n, i }) + '\\n').join('')
            await log.append({ partition: 0, count: 30, lines: new TextEncoder().encode(lines) })
            console.log(n)
          }`)
        await child.printed(5 + ((cycle * 7) % 20))
        await child.kill()
        const told = child.lines.length
        const left = texts(await readAll(log, 0, next))
        expect(left.length % 30).toBe(0)
        expect(left.length / 30).toBeGreaterThanOrEqual(told)
        expect(left).toEqual(left.map((_, at) => JSON.stringify({ n: Math.floor(at / 30), i: at % 30 })))
      }
    })
  })
}
