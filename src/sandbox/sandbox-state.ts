import type { Clock } from '../domain/clock.ts'
import type { Credentials } from './credentials.ts'
import type { GoogleGrants } from './google-grants.ts'
import type { MetaJobs } from './meta-jobs.ts'
import type { MetaTokens } from './meta-tokens.ts'
import type { MetaUsage } from './meta-usage.ts'
import type { OperationQuota } from './google-quota.ts'
import type { FiredFaults, ScenarioBook } from './scenario.ts'
import type { Route } from './shapes.ts'
import type { AccessTokens } from './tokens.ts'
import type { World } from './world.ts'

/** The sandbox's own time: it runs with the machine's clock, shifted, or stands at one instant. */
export interface VirtualClock {
  nowMs(): number
  /** Whether it stands at an instant instead of running: no pause that a platform asks for ever passes then. */
  stands(): boolean
  /** From now on the clock stands at this instant. */
  set(instantMs: number): void
}

export function virtualClock(clock: Pick<Clock, 'nowMs'>, nowMs: number | undefined): VirtualClock {
  let standsAtMs = nowMs
  return {
    nowMs: () => standsAtMs ?? clock.nowMs(),
    stands: () => standsAtMs !== undefined,
    set(instantMs) {
      standsAtMs = instantMs
    },
  }
}

/** Everything that the platforms share, and what Google and Meta remember. */
export interface SandboxState {
  readonly seed: number
  readonly world: World
  readonly clock: VirtualClock
  readonly credentials: Credentials
  readonly tokens: AccessTokens
  readonly grants: GoogleGrants
  readonly metaTokens: MetaTokens
  readonly operations: OperationQuota
  readonly usage: MetaUsage
  readonly scenario: ScenarioBook
  readonly origin: () => string
  readonly developerToken: 'ignored' | 'rejected'
  /** Meta's summaries of the calls in progress: every page carries the sums over all of them. */
  readonly summaries: Map<string, string>
  /** Rows × fields of one page above which Meta says "reduce the amount of data". */
  readonly metaCellsMax: number
  /** Reports that Meta was asked to work at. */
  readonly jobs: MetaJobs
  /** Rows × fields of a whole report above which it fails for its size. */
  readonly metaJobCellsMax: number
}

/** One request on its way: what it is for and what happens to it. */
export interface Call {
  readonly route: Route
  readonly account: string | undefined
  readonly version: string
  readonly requestId: string
  readonly fired: FiredFaults
}
