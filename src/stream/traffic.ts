import type { Random } from '../domain/clock.ts'
import type { TimeZone } from '../domain/day.ts'
import type { Generated, Truth } from './generator.ts'
import { eventId } from './generator.ts'

/** A campaign's whole day. */
interface CampaignDay {
  readonly campaignId: string
  readonly impressions: number
  readonly clicks: number
  readonly conversions: number
  readonly valueMicros: number
}

/** An account's day and what happens on it, evenly from its start to its end. */
export interface AccountDay {
  readonly platform: string
  readonly accountId: string
  readonly currency: string
  readonly zone: TimeZone
  readonly startMs: number
  readonly endMs: number
  readonly campaigns: readonly CampaignDay[]
}

type Kind = 'impression' | 'click' | 'conversion'

const kinds = ['impression', 'click', 'conversion'] as const satisfies readonly Kind[]
const devices = ['mobile', 'desktop', 'tablet'] as const
const geoOf: Readonly<Record<string, string>> = {
  'Asia/Seoul': 'KR',
  'Asia/Tokyo': 'JP',
  'America/Los_Angeles': 'US',
  'Europe/Berlin': 'DE',
}
const usersMax = 10_000
/** No account's day is longer: DST ends in all of them at most an hour later. */
const dayMsMax = 25 * 3_600_000

interface Timed extends Generated {
  readonly atMs: number
}

/**
 * Events of a world that says how much happens on each account's day: so many of each kind are sent between two instants that a day
 * sent whole comes to exactly its own numbers, in whatever steps. Has its own oracle, like the generator.
 */
export class Traffic {
  readonly #daysAt: (atMs: number) => readonly AccountDay[]
  readonly #random: Random
  #days: readonly AccountDay[] = []
  #made = 0
  readonly truth = new Map<string, Truth>()
  sent = 0

  /** `daysAt`: each account's day that runs at the instant. */
  constructor(daysAt: (atMs: number) => readonly AccountDay[], random: Random) {
    this.#daysAt = daysAt
    this.#random = random
  }

  /** What happens from one instant until before another, in the order of time. Ask for one stretch after the other: each is sent once. */
  between(fromMs: number, untilMs: number): readonly Generated[] {
    const due: Timed[] = []
    for (let atMs = fromMs; atMs < untilMs;) {
      const days = this.#runningAt(atMs)
      const stepMs = Math.min(untilMs, atMs + dayMsMax, ...days.map(({ endMs }) => endMs))
      for (const day of days) this.#add(due, day, atMs, stepMs)
      atMs = stepMs
    }
    this.sent += due.length
    return due.toSorted((a, b) => a.atMs - b.atMs)
  }

  #runningAt(atMs: number): readonly AccountDay[] {
    const isRunning = ({ startMs, endMs }: AccountDay): boolean => startMs <= atMs && atMs < endMs
    if (this.#days.length === 0 || !this.#days.every(isRunning)) this.#days = this.#daysAt(atMs)
    return this.#days
  }

  #add(to: Timed[], day: AccountDay, fromMs: number, untilMs: number): void {
    const length = day.endMs - day.startMs
    const [from, until] = [(fromMs - day.startMs) / length, (untilMs - day.startMs) / length]
    for (const campaign of day.campaigns)
      for (const kind of kinds) {
        const whole = campaign[`${kind}s`]
        // Rounded sums differ by whole events: whatever the steps, together they are the day's own number.
        const count = Math.round(whole * until) - Math.round(whole * from)
        for (let n = 0; n < count; n += 1) {
          const atMs = Math.floor(fromMs + this.#random() * (untilMs - fromMs))
          to.push(this.#event(day, campaign, kind, atMs))
        }
      }
  }

  #event(day: AccountDay, campaign: CampaignDay, kind: Kind, atMs: number): Timed {
    const { campaignId } = campaign
    const micros = kind === 'conversion' ? valueOf(campaign) : 0
    this.#made += 1
    this.#count(campaignId, kind, micros)
    const device = devices[Math.floor(this.#random() * devices.length)] as string
    const user = 1 + Math.floor(this.#random() * usersMax)
    const value = kind === 'conversion' ? `,"value":"${unitsOf(micros)}"` : ''
    const line = `{"event_id":"${eventId(atMs, this.#made, this.#random)}","event_type":"${kind}","platform":"${day.platform}","account_id":"${day.accountId}","campaign_id":"${campaignId}","user_id":"user_${user}","timestamp":${atMs},"device":"${device}","geo":"${geoOf[day.zone] ?? 'KR'}","currency":"${day.currency}"${value}}`
    return { campaignId, line, atMs }
  }

  #count(campaignId: string, kind: Kind, micros: number): void {
    const truth = this.truth.get(campaignId) ?? { impressions: 0, clicks: 0, conversions: 0, revenueMicros: 0n }
    truth[`${kind}s`] += 1
    truth.revenueMicros += BigInt(micros)
    this.truth.set(campaignId, truth)
  }
}

const centMicros = 10_000

/** Of one conversion, in whole hundredths: every one is worth the day's average. */
function valueOf({ valueMicros, conversions }: CampaignDay): number {
  return conversions > 0 ? Math.round(valueMicros / conversions / centMicros) * centMicros : 0
}

/** Millionths as a decimal text. */
function unitsOf(micros: number): string {
  const text = String(micros).padStart(7, '0')
  return `${text.slice(0, -6)}.${text.slice(-6)}`
}
