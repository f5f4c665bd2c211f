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

/** Senders by their key. Keys are looked up by their hash, so that how long it takes says nothing about them. */
export class Senders {
  readonly #byDigest = new Map<string, Sender>()
  readonly #byName = new Map<string, Sender>()
  /** Keys that were shown and are right: as many as there are keys. */
  readonly #seen = new Map<string, Sender>()

  constructor(keys: Readonly<Record<string, KeySettings>>, clock: Clock) {
    for (const [name, settings] of Object.entries(keys)) {
      const sender = { ...settings, name, spend: bucketOf(name, settings.ratePerSecond, clock) }
      this.#byDigest.set(digest(settings.key), sender)
      this.#byName.set(name, sender)
    }
  }

  /** Throws STREAM_KEY_REFUSED. */
  ofKey(key: string | undefined): Sender {
    // A key that was right before is found by the engine's own seeded hash, and compared only where that is equal.
    const known = key === undefined ? undefined : this.#seen.get(key)
    if (known) return known
    const sender = key === undefined ? undefined : this.#byDigest.get(digest(key))
    if (!sender || key === undefined) throw new MillraceError('STREAM_KEY_REFUSED', {})
    this.#seen.set(key, sender)
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
