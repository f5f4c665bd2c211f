/** Time as the program sees it. Injected everywhere, so that a test, a demo or a replay can stand still. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  nowMs(): number
  /** Resolves after `durationMs`, or rejects with the signal's reason when it aborts first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
}

function sleepFor(durationMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, durationMs)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** The machine's own clock: the only place of the program that reads it. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: sleepFor,
}

/** A clock that stands at one instant and whose sleeps pass at once but move it on; for demos and tests. */
export function standingClock(startMs: number): Clock {
  let atMs = startMs
  return {
    nowMs: () => atMs,
    async sleep(durationMs, signal) {
      signal?.throwIfAborted()
      atMs += durationMs
      await Promise.resolve()
    },
  }
}

/** A clock that reads a fixed offset from another: the demo's as-of day, while its waits remain real. */
export function offsetClock(clock: Clock, offsetMs: number): Clock {
  return { nowMs: () => clock.nowMs() + offsetMs, sleep: (durationMs, signal) => clock.sleep(durationMs, signal) }
}

/** The instant as ISO 8601 text in UTC, for logs and tables. */
export function isoInstant(instantMs: number): string {
  return new Date(instantMs).toISOString()
}

/** A source of chance in [0, 1). Injected, so that jitter and ids can be replayed from a seed. */
export type Random = () => number

export const systemRandom: Random = () => Math.random()

/** Mulberry32: a small seeded generator; the same seed gives the same sequence on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
