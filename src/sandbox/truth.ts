import { day as parseDay } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { dayNumber } from './day-number.ts'
import type { TruthRow } from './report.ts'
import { openReport, truthRows } from './report.ts'
import type { SandboxState } from './sandbox-state.ts'

export interface TruthQuestion {
  readonly platform: string
  readonly accountId: string
  readonly day: string
  /** The instant to ask at; absent for what will have been true when nothing changes any more. */
  readonly asOfMs?: number | undefined
}

/** The oracle: what the account's API answers for one day at an instant. Throws SANDBOX_ACCOUNT_UNKNOWN. */
export function truthOf(state: SandboxState, question: TruthQuestion): readonly TruthRow[] {
  const { platform, accountId, day, asOfMs = Number.POSITIVE_INFINITY } = question
  const account = state.world.accounts.find((one) => one.platform === platform && one.accountId === accountId)
  if (!account) throw new MillraceError('SANDBOX_ACCOUNT_UNKNOWN', { platform, accountId })
  const nameMs = asOfMs === Number.POSITIVE_INFINITY ? state.clock.nowMs() : asOfMs
  return truthRows(openReport(account, asOfMs, state.scenario.changes(), nameMs), dayNumber(parseDay(day)))
}
