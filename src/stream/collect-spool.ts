import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { EventLog } from './log.ts'
import { readEvent } from './read-event.ts'
import type { Sendable } from './send.ts'
import { send } from './send.ts'

const currentName = 'open.ndjson'
const pageLines = 1_000

/**
 * Events that could not wait for the log: lines of a file that is durable before anybody is answered, sent when the log answers again. One that
 * was sent and could not be removed is sent once more, and found to be a copy by its id.
 */
export class Spool implements AsyncDisposable {
  readonly #dir: string
  readonly #bytesMax: number
  #file: FileHandle | undefined
  #bytes = 0
  #writing: Promise<void> = Promise.resolve()
  #waiting: string[] = []

  constructor(dir: string, bytesMax: number) {
    this.#dir = dir
    this.#bytesMax = bytesMax
    mkdirSync(dir, { recursive: true })
  }

  /** No more is taken: the disk is not for ever. */
  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax
  }

  /** Resolves when the line is on the disk; lines that come meanwhile share the next write. */
  add(line: string): Promise<void> {
    this.#waiting.push(`${line}\n`)
    this.#bytes += line.length + 1
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  /** Sends what is there; what cannot be sent stays. Returns how many were sent. */
  async drain(log: EventLog): Promise<number> {
    await this.#writing.catch(() => undefined)
    await this.#close()
    this.#bytes = 0
    const path = join(this.#dir, currentName)
    // A name of its own for what is sent now, so that new lines go elsewhere; numbers rise over restarts.
    if (existsSync(path)) renameSync(path, join(this.#dir, `${String(this.#next()).padStart(9, '0')}.ndjson`))
    let sent = 0
    for (const name of this.#closed()) sent += await this.#sendFile(log, join(this.#dir, name))
    return sent
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => undefined)
    await this.#close()
  }

  #closed(): readonly string[] {
    return readdirSync(this.#dir)
      .filter((name) => /^\d{9}\.ndjson$/.test(name))
      .sort()
  }

  #next(): number {
    return Number(this.#closed().at(-1)?.slice(0, 9) ?? 0) + 1
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return
    const text = this.#waiting.join('')
    this.#waiting = []
    this.#file ??= await open(join(this.#dir, currentName), 'a')
    await this.#file.write(text)
    await this.#file.datasync()
  }

  async #close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #sendFile(log: EventLog, path: string): Promise<number> {
    const partitions = await log.partitions()
    const events: Sendable[] = []
    // A line that a power cut tore is no event; nobody was answered for it.
    for (const line of (await readFile(path, 'utf8')).split('\n')) {
      const read = line === '' ? undefined : readEvent(Buffer.from(line))
      if (read && !('reason' in read)) events.push({ campaignId: read.series.campaignId, line })
    }
    for (let from = 0; from < events.length; from += pageLines)
      await send(log, partitions, events.slice(from, from + pageLines))
    rmSync(path)
    return events.length
  }
}
