import { GoogleRefusal } from './google-error.ts'

const dayMs = 86_400_000

/** Counts operations of the Google Cloud project in windows of a day: one query is one, however many pages it has. */
export class OperationQuota {
  readonly perDay: number
  #windowStartMs = Number.NEGATIVE_INFINITY
  used = 0

  constructor(perDay: number) {
    this.perDay = perDay
  }

  /** Throws the platform's 429 with the delay until the window ends. */
  spend(nowMs: number): void {
    if (nowMs >= this.#windowStartMs + dayMs || nowMs < this.#windowStartMs) {
      this.#windowStartMs = nowMs
      this.used = 0
    }
    if (this.used >= this.perDay) throw quotaRefusal(Math.ceil((this.#windowStartMs + dayMs - nowMs) / 1000))
    this.used++
  }
}

export function quotaRefusal(retrySeconds: number): GoogleRefusal {
  const message = `Too many requests. Retry in ${retrySeconds} seconds.`
  return new GoogleRefusal(429, 'quotaError', 'RESOURCE_EXHAUSTED', message, {
    rateScope: 'DEVELOPER',
    rateName: 'Number of operations for basic access',
    retrySeconds,
  })
}
