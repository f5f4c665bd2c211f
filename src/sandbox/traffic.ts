import { toUnits } from '../domain/decimal.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import { dayAt, dayEndMs, dayStartMs } from '../domain/day.ts'
import type { Currency } from '../domain/money.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber, dayText } from './day-number.ts'
import type { Changes } from './report.ts'
import { openReport, truthRows, unchanged } from './report.ts'
import type { SandboxPlatform } from './shapes.ts'
import type { World, WorldAccount } from './world.ts'

/** From a day on, as many events a second as are asked for, over all accounts: what the platforms report of those days is of the same size. */
export interface Busy {
  readonly since: Day
  readonly eventsPerSecond: number
}

/** What a campaign's day comes to. */
export interface CampaignTraffic {
  readonly campaignId: string
  readonly impressions: number
  readonly clicks: number
  readonly conversions: number
  /** Of all its conversions, in millionths of the currency. */
  readonly valueMicros: number
}

/** An account's civil day with what happens on it. */
export interface AccountTraffic {
  readonly platform: SandboxPlatform
  readonly accountId: string
  readonly currency: Currency
  readonly zone: TimeZone
  readonly day: Day
  readonly startMs: number
  readonly endMs: number
  readonly campaigns: readonly CampaignTraffic[]
}

/**
 * A day as its platform knows it half a day after its end: by then its impressions and clicks are whole, and of its conversions those
 * are in that come on the day itself. The rest comes over four weeks, dated by the click.
 */
const knownAfterMs = 12 * 3_600_000
const microDigits = 6
const secondsPerDay = 86_400

function dayTraffic(account: WorldAccount, changes: Changes, day: Day): AccountTraffic {
  const endMs = dayEndMs(day, account.zone)
  const rows = truthRows(openReport(account, endMs + knownAfterMs, changes), dayNumber(day))
  return {
    platform: account.platform,
    accountId: account.accountId,
    currency: account.currency,
    zone: account.zone,
    day,
    startMs: dayStartMs(day, account.zone),
    endMs,
    campaigns: rows.map((row) => ({
      campaignId: row.campaignId,
      impressions: Number(row.impressions),
      clicks: Number(row.clicks),
      conversions: Number(row.conversions),
      valueMicros: Number(toUnits(row.conversionValue, microDigits)),
    })),
  }
}

const eventsOf = ({ campaigns }: AccountTraffic): number =>
  campaigns.reduce((sum, one) => sum + one.impressions + one.clicks + one.conversions, 0)

/** Makes days from `since` on so busy that a whole day has `eventsPerSecond` on average, in the world's own proportions. */
export function busyChanges({ accounts }: Pick<World, 'accounts'>, { since, eventsPerSecond }: Busy): Changes {
  const first = dayNumber(since)
  const factors = new Map<DayNumber, number>()
  const factorOn = (day: DayNumber): number => {
    const known = factors.get(day)
    if (known !== undefined) return known
    const natural = accounts.reduce((sum, account) => sum + eventsOf(dayTraffic(account, unchanged, dayText(day))), 0)
    const factor = natural === 0 ? 1 : (eventsPerSecond * secondsPerDay) / natural
    factors.set(day, factor)
    return factor
  }
  return {
    any: true,
    factor: (_account, _campaign, day) => (day < first ? 1 : factorOn(day)),
  }
}

/** What happens on the day that runs in each account's zone at the instant. */
export function trafficAt(
  { accounts }: Pick<World, 'accounts'>,
  changes: Changes,
  nowMs: number,
): readonly AccountTraffic[] {
  return accounts.map((account) => dayTraffic(account, changes, dayAt(nowMs, account.zone)))
}
