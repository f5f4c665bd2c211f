import { isoInstant } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import type { Session, Stage, Verdict } from '../warehouse/warehouse.ts'
import { partitionName } from './record.ts'

/** Somebody's decision to publish a refused day all the same. */
export interface Override {
  readonly date: Day
  readonly reason: string
  readonly by: string
  /** In what right they decided. */
  readonly role: string
}

/**
 * Lets the day pass that somebody decided to publish, and writes down who, why and against which checks, in the load's own transaction:
 * what is published against a check is on record, or is not published. The checks' results stay what they were.
 */
export async function lifted(
  session: Session,
  stage: Pick<Stage, 'extract'>,
  verdicts: readonly Verdict[],
  override: Override | undefined,
  nowMs: number,
): Promise<readonly Verdict[]> {
  const found = verdicts.find((one) => one.date === override?.date && one.refusedBy.length > 0)
  if (!override || !found) return verdicts
  const { platform, accountId, level, breakdownKey, extractId } = stage.extract
  await session.query(
    `insert into dq_override (partition, extract_id, refused_by, reason, overridden_by, role, at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      partitionName({ platform, accountId, level, breakdownKey, date: override.date }),
      extractId,
      found.refusedBy,
      override.reason,
      override.by,
      override.role,
      isoInstant(nowMs),
    ],
  )
  return verdicts.map((one) => (one === found ? { ...one, refusedBy: [] } : one))
}
