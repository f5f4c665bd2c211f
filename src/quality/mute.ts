import { isoInstant } from '../domain/clock.ts'
import type { Session } from '../warehouse/warehouse.ts'
import type { Mute, Suite } from './suite.ts'
import { mutesInForce } from './suite.ts'

/** A mute as it is listed. */
export interface MuteLine {
  readonly check: string
  readonly platform: string | null
  readonly account: string | null
  readonly until: string
  readonly by: string
  readonly reason: string
}

/** The mutes in force, those of the project's files first. */
export async function readMutes(session: Session, suite: Suite, nowMs: number): Promise<readonly MuteLine[]> {
  const mutes = await mutesInForce(session, suite, nowMs)
  return mutes.map(({ checkId, platform, accountId, untilMs, by, reason }) => ({
    check: checkId,
    platform: platform ?? null,
    account: accountId ?? null,
    until: isoInstant(untilMs),
    by,
    reason,
  }))
}

/** Mutes a check for a platform, an account or everybody. Nothing is deleted later: a mute ends, and stays as what was decided. */
export async function addMute(session: Session, mute: Mute, nowMs: number): Promise<void> {
  await session.query(
    `insert into dq_mute (check_id, platform, account_id, series_key, reason, muted_by, created_at, until) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      mute.checkId,
      mute.platform ?? null,
      mute.accountId ?? null,
      mute.seriesKey ?? null,
      mute.reason,
      mute.by,
      isoInstant(nowMs),
      isoInstant(mute.untilMs),
    ],
  )
}

/** Ends the mutes of a check that were made by command; those of files end with their files. Returns how many. */
export async function endMutes(
  session: Session,
  { checkId, platform, accountId }: Pick<Mute, 'checkId' | 'platform' | 'accountId'>,
  nowMs: number,
): Promise<number> {
  const rows = await session.query(
    `update dq_mute set ended_at = $4 where check_id = $1 and ended_at is null and until > $4
       and ($2::text is null or platform = $2) and ($3::text is null or account_id = $3) returning mute_id`,
    [checkId, platform ?? null, accountId ?? null, isoInstant(nowMs)],
  )
  return rows.length
}
