import { createHash } from 'node:crypto'
import type { Clock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'

/** Who may send events: what the sender shows, what signs its click redirects, and how much it may send. */
export interface KeySettings {
  readonly key: string
  readonly clickSecret?: string | undefined
  readonly ratePerSecond: number
}

/** A key of a sender, by the name that is kept beside its events. */
export interface Sender extends KeySettings {
  readonly name: string
  /** Takes so many events from its allowance. Throws STREAM_RATE_LIMITED with the wait. */
  spend(events: number): void
}

/** A token bucket that holds two seconds of the rate, so that a burst of one large batch passes. */
function bucketOf(name: string, ratePerSecond: number, clock: Clock): (events: number) => void {
  const most = Math.max(ratePerSecond * 2, 1)
  let left = most
  let atMs = clock.nowMs()
  return (events) => {
    const nowMs = clock.nowMs()
    left = Math.min(most, left + (Math.max(0, nowMs - atMs) / 1000) * ratePerSecond)
    atMs = nowMs
    // A batch larger than the bucket passes when the bucket is full: otherwise it could never be sent.
    if (left < Math.min(events, most)) {
      const retryAfterMs = Math.ceil(((Math.min(events, most) - left) / ratePerSecond) * 1000)
      throw new MillraceError('STREAM_RATE_LIMITED', { name, ratePerSecond }, { retryAfterMs })
    }
    left -= events
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('base64')

/** Names the key that the project made for a sender, while it is in force; undefined: it is none. */
export type FindKey = (key: string) => Promise<string | undefined>

/** A key that was made by `keys create` has no rate of its own. */
const ratePerSecondUsual = 10_000
/** A key that was revoked is let through no longer than this. */
const foundMs = 30_000
const foundMax = 10_000

interface Found {
  readonly sender: Sender | undefined
  readonly untilMs: number
}

/** Senders by their key. Keys are looked up by their hash, so that how long it takes says nothing about them. */
export class Senders {
  readonly #byDigest = new Map<string, Sender>()
  readonly #byName = new Map<string, Sender>()
  /** Keys of the configuration that were shown: as many as there are keys. */
  readonly #seen = new Map<string, Sender>()
  readonly #found = new Map<string, Found>()
  readonly #clock: Clock
  readonly #findKey: FindKey | undefined

  constructor(keys: Readonly<Record<string, KeySettings>>, clock: Clock, findKey?: FindKey) {
    this.#clock = clock
    this.#findKey = findKey
    for (const [name, settings] of Object.entries(keys)) {
      const sender = { ...settings, name, spend: bucketOf(name, settings.ratePerSecond, clock) }
      this.#byDigest.set(digest(settings.key), sender)
      this.#byName.set(name, sender)
    }
  }

  /** Throws STREAM_KEY_REFUSED. */
  ofKey(key: string | undefined): Sender {
    const sender = key === undefined ? undefined : this.#configured(key)
    if (!sender) throw new MillraceError('STREAM_KEY_REFUSED', {})
    return sender
  }

  /** A key of the configuration; undefined for any other. */
  known(key: string): Sender | undefined {
    return this.#configured(key)
  }

  /** A key of the configuration, or one that the project made. Throws STREAM_KEY_REFUSED. */
  async find(key: string | undefined): Promise<Sender> {
    const known = key === undefined ? undefined : this.#configured(key)
    const sender = known ?? (key?.startsWith('mr_') ? await this.#made(key) : undefined)
    if (!sender) throw new MillraceError('STREAM_KEY_REFUSED', {})
    return sender
  }

  /** A key that was right before is found by the engine's own seeded hash, and compared only where that is equal. */
  #configured(key: string): Sender | undefined {
    const known = this.#seen.get(key) ?? this.#byDigest.get(digest(key))
    if (known) this.#seen.set(key, known)
    return known
  }

  /** Looked up once in a while, also when it is none: nobody makes the database work by guessing. */
  async #made(key: string): Promise<Sender | undefined> {
    const nowMs = this.#clock.nowMs()
    const known = this.#found.get(digest(key))
    if (known && known.untilMs > nowMs) return known.sender
    const name = await this.#findKey?.(key)
    if (this.#found.size >= foundMax) this.#found.clear()
    const sender = name === undefined ? undefined : (this.#byName.get(name) ?? this.#senderOf(name, key))
    this.#found.set(digest(key), { sender, untilMs: nowMs + foundMs })
    return sender
  }

  #senderOf(name: string, key: string): Sender {
    const spend = bucketOf(name, ratePerSecondUsual, this.#clock)
    const sender = { key, name, ratePerSecond: ratePerSecondUsual, spend }
    this.#byName.set(name, sender)
    return sender
  }

  ofName(name: string): Sender | undefined {
    return this.#byName.get(name)
  }
}

/** The user of a Basic authorization, as Segment's libraries send their key. */
export function basicUser(authorization: string | undefined): string | undefined {
  const [, coded] = /^Basic ([A-Za-z0-9+/=]{1,600})$/i.exec(authorization ?? '') ?? []
  return coded === undefined ? undefined : Buffer.from(coded, 'base64').toString('utf8').split(':')[0]
}
