/** A leaky bucket of an ad account, as the Marketing API has one: it fills with calls and empties over an hour. */
interface Bucket {
  score: number
  atMs: number
}

const hourMs = 3_600_000

/** Usage of Meta's API on the sandbox's clock: what the usage headers tell and what throttles. */
export class MetaUsage {
  readonly #buckets = new Map<string, Bucket>()
  readonly perHour: number
  calls = 0

  /** `perHour`: the budget of one account; the full tier's 190,000 by default. */
  constructor(perHour: number) {
    this.perHour = perHour
  }

  #bucket(accountId: string, nowMs: number): Bucket {
    const bucket = this.#buckets.get(accountId) ?? { score: 0, atMs: nowMs }
    const leaked = (Math.max(0, nowMs - bucket.atMs) / hourMs) * this.perHour
    bucket.score = Math.max(0, bucket.score - leaked)
    bucket.atMs = nowMs
    this.#buckets.set(accountId, bucket)
    return bucket
  }

  /** Adds a call; false when the bucket is full and the call must be refused. */
  spend(accountId: string, nowMs: number): boolean {
    this.calls++
    const bucket = this.#bucket(accountId, nowMs)
    if (bucket.score + 1 > this.perHour) return false
    bucket.score++
    return true
  }

  percent(accountId: string, nowMs: number): number {
    return Math.floor((this.#bucket(accountId, nowMs).score / this.perHour) * 100)
  }

  /** The headers of an answer for one account. `regainSeconds` is there when throttled: one header tells it in minutes, another in seconds. */
  headers(accountId: string, nowMs: number, regainSeconds?: number): Readonly<Record<string, string>> {
    const percent = regainSeconds !== undefined ? 100 : this.percent(accountId, nowMs)
    const one = { call_count: percent, total_cputime: Math.floor(percent / 2), total_time: Math.floor(percent / 2) }
    const tier = { ads_api_access_tier: 'standard_access' }
    const insights = {
      type: 'ads_insights',
      ...one,
      estimated_time_to_regain_access: Math.ceil((regainSeconds ?? 0) / 60),
      ...tier,
    }
    const management = { type: 'ads_management', ...one, call_count: 1, estimated_time_to_regain_access: 0, ...tier }
    return {
      'x-app-usage': JSON.stringify(one),
      'x-business-use-case-usage': JSON.stringify({ [accountId]: [management, insights] }),
      'x-ad-account-usage': JSON.stringify({
        acc_id_util_pct: percent,
        reset_time_duration: regainSeconds ?? 0,
        ...tier,
      }),
      'x-fb-ads-insights-throttle': JSON.stringify({ app_id_util_pct: percent, acc_id_util_pct: percent, ...tier }),
    }
  }

  snapshot(nowMs: number): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#buckets.keys()].map((id) => [id, this.percent(id, nowMs)]))
  }
}
