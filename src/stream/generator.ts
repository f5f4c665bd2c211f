import type { Random } from '../domain/clock.ts'

/** Shares of events, 0 to 1. */
export interface Flaws {
  /** Sent again, byte for byte, soon after the first time. */
  readonly duplicates: number
  /** Stamped up to three hours ago. */
  readonly late: number
  /** Not events at all. */
  readonly bad: number
}

export interface Profile {
  readonly campaigns: readonly string[]
  readonly platforms: readonly string[]
  /** Of impressions and clicks; the rest are conversions. */
  readonly impressions: number
  readonly clicks: number
  /** Conversion values in units, two decimals. */
  readonly valueMin: number
  readonly valueMax: number
  readonly flaws: Flaws
}

export const noFlaws: Flaws = { duplicates: 0, late: 0, bad: 0 }

/** The seed's mix: three campaigns, 80/15/5, prices of 1,000 to 50,000. */
export const seedProfile: Profile = {
  campaigns: ['camp_001', 'camp_002', 'camp_003'],
  platforms: ['google_ads'],
  impressions: 0.8,
  clicks: 0.15,
  valueMin: 1_000,
  valueMax: 50_000,
  flaws: noFlaws,
}

/** What really happened: each event once, whatever was sent. */
export interface Truth {
  impressions: number
  clicks: number
  conversions: number
  revenueMicros: bigint
}

export interface Generated {
  readonly campaignId: string
  readonly line: string
}

const devices = ['mobile', 'desktop', 'tablet'] as const
const geos = ['KR', 'US', 'JP'] as const
const badLines = [
  'not json',
  '{"event_type":"impression"',
  '{"event_type":"purchase","campaign_id":"camp_001","timestamp":1767225600}',
  '{"event_type":"click","campaign_id":"camp_001"}',
  '{"event_type":"conversion","campaign_id":"camp_001","timestamp":1767225600,"value":-5}',
  '[]',
] as const
const recentMax = 2_000
const lateMsMax = 3 * 3_600_000

/** Events by chance from a seed, with its own oracle: totals by campaign, counted when an event is made and never read back. */
export class EventGenerator {
  readonly #profile: Profile
  readonly #random: Random
  readonly #recent: Generated[] = []
  readonly truth = new Map<string, Truth>()
  sent = 0
  duplicates = 0
  bad = 0

  constructor(profile: Profile, random: Random) {
    this.#profile = profile
    this.#random = random
  }

  /** The next event to send, stamped now or, by chance, earlier. */
  next(nowMs: number): Generated {
    const { flaws } = this.#profile
    this.sent += 1
    const chance = this.#random()
    if (chance < flaws.bad) {
      this.bad += 1
      return { campaignId: this.#pick(this.#profile.campaigns), line: this.#pick(badLines) }
    }
    if (chance < flaws.bad + flaws.duplicates && this.#recent.length > 0) {
      this.duplicates += 1
      return this.#pick(this.#recent)
    }
    const lateMs = this.#random() < flaws.late ? Math.floor(this.#random() * lateMsMax) : 0
    const made = this.#make(nowMs - lateMs)
    if (this.#recent.length < recentMax) this.#recent.push(made)
    else this.#recent[this.sent % recentMax] = made
    return made
  }

  #make(timeMs: number): Generated {
    const { campaigns, platforms, impressions, clicks, valueMin, valueMax } = this.#profile
    const kind = this.#random()
    const type = kind < impressions ? 'impression' : kind < impressions + clicks ? 'click' : 'conversion'
    const campaignId = this.#pick(campaigns)
    const cents = Math.floor((valueMin + this.#random() * (valueMax - valueMin)) * 100)
    this.#count(campaignId, type, cents)
    const value =
      type === 'conversion' ? `,"value":${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}` : ''
    const line = `{"event_id":"${eventId(timeMs, this.sent, this.#random)}","event_type":"${type}","platform":"${this.#pick(platforms)}","campaign_id":"${campaignId}","user_id":"user_${1 + Math.floor(this.#random() * 10_000)}","timestamp":${timeMs},"device":"${this.#pick(devices)}","geo":"${this.#pick(geos)}"${value}}`
    return { campaignId, line }
  }

  #count(campaignId: string, type: 'impression' | 'click' | 'conversion', cents: number): void {
    const truth = this.truth.get(campaignId) ?? { impressions: 0, clicks: 0, conversions: 0, revenueMicros: 0n }
    truth[`${type}s`] += 1
    if (type === 'conversion') truth.revenueMicros += BigInt(cents) * 10_000n
    this.truth.set(campaignId, truth)
  }

  #pick<Item>(of: readonly Item[]): Item {
    return of[Math.floor(this.#random() * of.length)] as Item
  }
}

/** A UUID of version 7: its time, then chance and the number of the event. */
export function eventId(timeMs: number, number: number, random: Random): string {
  const time = timeMs.toString(16).padStart(12, '0')
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-8${hex(3)}-${hex(4)}${number.toString(16).padStart(8, '0')}`
}
