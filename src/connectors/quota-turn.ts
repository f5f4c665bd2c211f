import { MillraceError } from '../domain/errors.ts'
import type { PlatformQuota, QuotaHolder, UsageSample } from '../domain/platform-quota.ts'
import type { Platform } from '../domain/platform.ts'
import type { ConnectorContext } from './connector.ts'

export interface QuotaPolicy {
  /** The longest that one wait for a platform's quota may be; a longer one is the orchestrator's to sit out. */
  readonly quotaWaitMsMax: number
  /** Whose budgets the calls count against, as a fingerprint; without it nothing is shared with others. */
  readonly credential?: string | undefined
}

interface Asking {
  readonly platform: Platform
  readonly account: string | null
  readonly policy: QuotaPolicy
}

interface Known {
  readonly quota: PlatformQuota
  readonly holder: QuotaHolder
}

function knownOf({ platform, account, policy }: Asking, { quota }: ConnectorContext): Known | undefined {
  if (!quota || policy.credential === undefined) return undefined
  return { quota, holder: { platform, credential: policy.credential, account: account ?? '' } }
}

/**
 * Waits until the call may be made: at once while budgets are nearly unused, spread where they are not, and after the platform's pause,
 * whichever process was told of it. Throws CONNECTORS_QUOTA, without a call, where that is longer than the connection waits.
 */
export async function awaitTurn(asking: Asking, context: ConnectorContext): Promise<void> {
  const known = knownOf(asking, context)
  if (!known) return
  const nowMs = context.clock.nowMs()
  const atMs = await known.quota.turn(known.holder, nowMs)
  const waitMs = atMs - nowMs
  if (waitMs <= 0) return
  const { platform, account, policy } = asking
  const waitSeconds = Math.ceil(waitMs / 1000)
  if (waitMs > policy.quotaWaitMsMax) {
    const detail = 'a call before this one was told so, maybe one of another process'
    throw new MillraceError(
      'CONNECTORS_QUOTA',
      { platform, account, detail, waitSeconds, isTold: true },
      { retryAfterMs: waitMs },
    )
  }
  context.log({ level: 'debug', message: `${platform} is asked in ${waitSeconds} s: little of its budget is left` })
  await context.clock.sleep(waitMs, context.signal)
}

/** Keeps what an answer says of budgets; those called `app…` are the credential's as a whole, the others the account's. */
export async function tellUsage(
  asking: Asking,
  samples: readonly UsageSample[],
  context: ConnectorContext,
): Promise<void> {
  const known = knownOf(asking, context)
  if (!known) return
  const nowMs = context.clock.nowMs()
  const ofAll = samples.filter(({ scope }) => /\bapp$/.test(scope))
  const own = samples.filter((one) => !ofAll.includes(one))
  await known.quota.tell({ ...known.holder, account: '' }, ofAll, nowMs)
  await known.quota.tell(known.holder, own, nowMs)
}

/** Keeps a refusal, so that no process asks before the pause is over. One that was only passed on from here is known already. */
export async function tellRefusal(error: MillraceError, policy: QuotaPolicy, context: ConnectorContext): Promise<void> {
  const { platform, account, quotaScope, isTold } = error.facts
  if (error.code !== 'CONNECTORS_QUOTA' || error.retryAfterMs === undefined || isTold === true) return
  const whose = quotaScope === 'all' || typeof account !== 'string' ? null : account
  const asking = { platform: platform as Platform, account: whose, policy }
  await tellUsage(asking, [{ scope: 'refused', percent: 100, resetMs: error.retryAfterMs }], context)
}
