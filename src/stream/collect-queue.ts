import { setTimeout as delay } from 'node:timers/promises'
import { MillraceError } from '../domain/errors.ts'
import type { EventLog } from './log.ts'

/** Events of one request for one partition: lines side by side, each with its line feed, and each line's campaign. */
export interface Part {
  readonly lines: Uint8Array
  readonly count: number
  /** Only for a log that keeps them. */
  readonly keys: readonly string[] | undefined
}

interface Group {
  readonly parts: Part[]
  count: number
  readonly done: PromiseWithResolvers<void>
}

/** A commit of so many requests is followed by a moment in which more are gathered: where few come, none waits. */
const busyParts = 4
const gatherMs = 4

/** Below what a segment may hold. */
const groupRecordsMax = 10_000

const newGroup = (): Group => {
  const done = Promise.withResolvers<void>()
  // Whoever waits hears of the failure; a group whose requests have all gone away must not end the process.
  done.promise.catch(() => undefined)
  return { parts: [], count: 0, done }
}

/** Groups of one partition, one on its way at a time: what comes meanwhile goes together with the next. */
class Lane {
  readonly #log: EventLog
  readonly #partition: number
  readonly #groups: Group[] = []
  #isRunning = false
  #isBusy = false

  constructor(log: EventLog, partition: number) {
    this.#log = log
    this.#partition = partition
  }

  add(part: Part): Promise<void> {
    let group = this.#groups.at(-1)
    if (!group || group.count + part.count > groupRecordsMax) this.#groups.push((group = newGroup()))
    group.parts.push(part)
    group.count += part.count
    if (!this.#isRunning) {
      this.#isRunning = true
      // What else arrived in this turn of the loop shares the commit.
      setImmediate(() => void this.#run())
    }
    return group.done.promise
  }

  async #run(): Promise<void> {
    for (let group = this.#groups.shift(); group; group = this.#groups.shift()) {
      this.#isBusy = group.parts.length >= busyParts
      const [only] = group.parts
      const lines = group.parts.length === 1 && only ? only.lines : Buffer.concat(group.parts.map((one) => one.lines))
      const keys = this.#log.keepsKeys ? group.parts.flatMap((one) => one.keys ?? []) : undefined
      await this.#log.append({ partition: this.#partition, count: group.count, lines, keys }).then(
        () => group?.done.resolve(),
        (error: unknown) => group?.done.reject(error),
      )
      // Many small commits cost the sender's answer more than this wait does.
      if (this.#isBusy) await delay(gatherMs)
    }
    this.#isRunning = false
  }
}

/**
 * What waits for the log: requests are gathered into one append a partition, and each is answered when its own events are durable.
 * Holds at most `bytesMax`; beyond it nothing is taken and the sender is told to come again.
 */
export class CommitQueue {
  readonly #log: EventLog
  readonly #bytesMax: number
  readonly #lanes = new Map<number, Lane>()
  #bytes = 0

  constructor(log: EventLog, bytesMax: number) {
    this.#log = log
    this.#bytesMax = bytesMax
  }

  /** Resolves when all parts are durable. Throws STREAM_QUEUE_FULL before anything is taken, and what the log throws. */
  async add(parts: ReadonlyMap<number, Part>): Promise<void> {
    let size = 0
    for (const { lines } of parts.values()) size += lines.length
    if (this.#bytes + size > this.#bytesMax)
      throw new MillraceError('STREAM_QUEUE_FULL', { bytesMax: this.#bytesMax }, { retryAfterMs: 1_000 })
    this.#bytes += size
    try {
      const waits: Promise<void>[] = []
      for (const [partition, part] of parts) waits.push(this.#lane(partition).add(part))
      await (waits.length === 1 ? waits[0] : Promise.all(waits))
    } finally {
      this.#bytes -= size
    }
  }

  #lane(partition: number): Lane {
    let lane = this.#lanes.get(partition)
    if (!lane) this.#lanes.set(partition, (lane = new Lane(this.#log, partition)))
    return lane
  }
}
