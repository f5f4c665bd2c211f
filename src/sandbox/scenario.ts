import { seededRandom } from '../domain/clock.ts'
import type { Random } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { WorldCampaign } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayText } from './day-number.ts'
import { mixSeed } from './hash.ts'
import type { Changes } from './report.ts'
import { unchanged } from './report.ts'
import type { Family, Route } from './shapes.ts'
import { families, routes } from './shapes.ts'
import type { WorldAccount } from './world.ts'

/**
 * What can go wrong, by where it happens. `wire`: to the bytes of any answer. `refusal`: the platform's own error.
 * `job`: what becomes of a report that Meta is asked to work at. `data`: an answer that is well formed and untrue. `world`: the truth itself changes.
 */
export const faultKinds = {
  latency: 'wire',
  slow: 'wire',
  reset: 'wire',
  reset_mid_stream: 'wire',
  truncated_json: 'wire',
  html_502: 'wire',
  status_429: 'refusal',
  status_500: 'refusal',
  status_503: 'refusal',
  token_expired: 'refusal',
  token_revoked: 'refusal',
  account_suspended: 'refusal',
  permission_lost: 'refusal',
  version_sunset: 'refusal',
  too_much_data: 'refusal',
  job_stuck: 'job',
  job_failed: 'job',
  job_too_large: 'job',
  job_skipped: 'job',
  job_unseen: 'refusal',
  wrong_control_total: 'data',
  missing_rows: 'data',
  duplicate_page: 'data',
  empty_page: 'data',
  schema_drift_removed: 'data',
  schema_drift_type: 'data',
  schema_drift_added: 'data',
  restated_day: 'world',
  withdrawn_campaign: 'world',
} as const

export type FaultKind = keyof typeof faultKinds

/** One line of a scenario. Requests that match `route` and `account` are counted; the counters decide when it fires. */
export interface Fault {
  readonly kind: FaultKind
  /** A route, a platform's family (`google`, `meta`, …), or all when absent. */
  readonly route?: Route | Family
  readonly account?: string
  /** Fires on the n-th matching request only, counted from 1. */
  readonly nth?: number
  /** Fires on the n-th matching request and every later one. */
  readonly from?: number
  /** Fires on each matching request with this chance, drawn from the scenario's seed. */
  readonly probability?: number
  /** Fires this often at most. */
  readonly times?: number
  /** `latency`: wait before the answer. `slow`: wait before every piece of it. Real milliseconds; 200 and 20 when absent. */
  readonly delayMs?: number
  /** `status_429`: how long the platform asks to wait; when absent 1 at Google, 0 at Meta (whose header counts minutes). */
  readonly retryAfterSeconds?: number
  /** `schema_drift_*`: the field, as the platform's query names it. */
  readonly field?: string
  /** `schema_drift_type`: the JSON text that stands in the field's place; `{"value":"1"}` when absent. */
  readonly value?: string
  /** `schema_drift_removed`: `absent` leaves the field out of rows, `error` makes asking for it an error. `absent` when absent. */
  readonly mode?: 'absent' | 'error'
  /** `missing_rows`: how many rows of the answer are left out; 1 when absent. */
  readonly rows?: number
  /** `restated_day`, `withdrawn_campaign`: the days; all when absent. */
  readonly day?: string
  readonly campaignId?: string
  /** `restated_day`: by how much delivery is multiplied; 1.25 when absent. */
  readonly factor?: number
}

export interface Scenario {
  /** Seed of the faults with a probability; 1 when absent. */
  readonly seed?: number
  readonly faults: readonly Fault[]
}

interface Armed {
  readonly fault: Fault
  readonly random: Random
  seen: number
  fired: number
}

export type FiredFaults = ReadonlyMap<FaultKind, Fault>

function matches(fault: Fault, route: Route, account: string | undefined): boolean {
  if (fault.route !== undefined && fault.route !== route && fault.route !== route.split('.')[0]) return false
  return fault.account === undefined || fault.account === account
}

function isConditional(fault: Fault): boolean {
  return fault.nth !== undefined || fault.from !== undefined || fault.probability !== undefined
}

function fires(armed: Armed): boolean {
  const { fault } = armed
  armed.seen++
  // Drawn on every match, fired or not: otherwise `times` would shift the sequence and a replay would differ.
  const drawn = fault.probability === undefined || armed.random() < fault.probability
  if (fault.times !== undefined && armed.fired >= fault.times) return false
  if (fault.nth !== undefined && armed.seen !== fault.nth) return false
  if (fault.from !== undefined && armed.seen < fault.from) return false
  if (drawn) armed.fired++
  return drawn
}

/** The scenario in force: counts requests, decides what fires, and holds what it changed in the world. */
export class ScenarioBook {
  #armed: Armed[] = []
  #changes: Fault[] = []
  readonly #standing: Changes
  /** Rises whenever the truth may have changed: what was computed before is then void. */
  generation = 0

  /** `standing`: what is true of the world beside every scenario. */
  constructor(standing: Changes = unchanged) {
    this.#standing = standing
  }

  /** Replaces the scenario; an empty one heals everything. Throws SANDBOX_FAULT_UNKNOWN for a kind or route that there is not. */
  install({ seed = 1, faults }: Scenario): void {
    for (const { kind, route } of faults) {
      if (!Object.hasOwn(faultKinds, kind))
        throw new MillraceError('SANDBOX_FAULT_UNKNOWN', {
          what: kind,
          known: Object.keys(faultKinds).join(', '),
        })
      const known: readonly string[] = [...routes, ...families]
      if (route !== undefined && !known.includes(route))
        throw new MillraceError('SANDBOX_FAULT_UNKNOWN', { what: route, known: known.join(', ') })
    }
    const isStanding = (fault: Fault) => faultKinds[fault.kind] === 'world' && !isConditional(fault)
    this.#changes = faults.filter(isStanding)
    this.generation++
    this.#armed = faults
      .map((fault, index) => ({ fault, random: seededRandom(mixSeed(seed, index)), seen: 0, fired: 0 }))
      .filter(({ fault }) => !isStanding(fault))
  }

  /** Counts a request and returns what happens to it, first come first of a kind. World changes take hold at once. */
  hit(route: Route, account: string | undefined): FiredFaults {
    const fired = new Map<FaultKind, Fault>()
    for (const armed of this.#armed) {
      if (!matches(armed.fault, route, account) || !fires(armed)) continue
      const { fault } = armed
      if (faultKinds[fault.kind] === 'world') {
        this.#changes.push(fault)
        this.generation++
      } else if (!fired.has(fault.kind)) {
        fired.set(fault.kind, fault)
      }
    }
    return fired
  }

  /** Whether every request of the account meets this fault now: what listings show of it. Counts nothing. */
  stands(kind: FaultKind, account: string): boolean {
    return this.#armed.some(
      ({ fault }) =>
        fault.kind === kind && fault.account === account && !isConditional(fault) && fault.times === undefined,
    )
  }

  changes(): Changes {
    const list = this.#changes
    const own = (account: WorldAccount, campaign: WorldCampaign, day: DayNumber): number =>
      factorOf(list, account, campaign, dayText(day))
    const standing = this.#standing
    if (!standing.any) return { any: list.length > 0, factor: own }
    return { any: true, factor: (...of) => standing.factor(...of) * own(...of) }
  }
}

function factorOf(changes: readonly Fault[], account: WorldAccount, campaign: WorldCampaign, day: string): number {
  let factor = 1
  for (const change of changes) {
    if (change.account !== undefined && change.account !== account.accountId) continue
    if (change.day !== undefined && change.day !== day) continue
    if (change.campaignId !== undefined && change.campaignId !== campaign.campaignId) continue
    factor *= change.kind === 'withdrawn_campaign' ? 0 : (change.factor ?? 1.25)
  }
  return factor
}
