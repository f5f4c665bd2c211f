import type { Clock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'

const windowMs = 60_000
/** Failures a minute: of one name from one address, of one address, of one name from everywhere. */
const failuresMax = { pair: 5, address: 20, name: 50 } as const

/** Counts failed sign-ins of the last minute. In memory: the one server of a project sees all of them. */
export class Attempts {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #failures = new Map<string, number[]>()

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  /** Throws ACCESS_SIGN_IN_LIMITED, before any password is looked at. */
  check(name: string, address: string): void {
    const nowMs = this.#clock.nowMs()
    for (const [key, max] of keysOf(name, address)) {
      const recent = (this.#failures.get(key) ?? []).filter((atMs) => atMs > nowMs - windowMs)
      if (recent.length < max) continue
      const retryAfterMs = (recent.at(-max) ?? nowMs) + windowMs - nowMs
      throw new MillraceError('ACCESS_SIGN_IN_LIMITED', { perMinuteMax: max }, { retryAfterMs })
    }
  }

  failed(name: string, address: string): void {
    const nowMs = this.#clock.nowMs()
    for (const [key, times] of this.#failures) if ((times.at(-1) ?? 0) <= nowMs - windowMs) this.#failures.delete(key)
    for (const [key] of keysOf(name, address)) {
      const recent = (this.#failures.get(key) ?? []).filter((atMs) => atMs > nowMs - windowMs)
      this.#failures.set(key, [...recent, nowMs])
    }
  }
}

function keysOf(name: string, address: string): readonly (readonly [key: string, max: number])[] {
  return [
    [JSON.stringify(['pair', name, address]), failuresMax.pair],
    [JSON.stringify(['address', address]), failuresMax.address],
    [JSON.stringify(['name', name]), failuresMax.name],
  ]
}
