import { isoInstant } from '../domain/clock.ts'
import { isMillraceError } from '../domain/errors.ts'
import { carryOutCare, planCare } from '../lake/care.ts'
import { extractsInUse } from '../warehouse/partition-state.ts'
import type { RunEvent } from './events.ts'
import type { Ports } from './ports.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** A nightly run that begins a little earlier than the last one still finds it due. */
const dueAfterMs = 20 * hourMs

/**
 * Lets the lake's retention go at a run's end: superseded extracts older than `retention.raw`, and what killed writers left. Once a
 * day however many runs end, because it lists the whole lake; what fails is told and left for the next day, never the run's failure.
 */
export async function tendLake(
  { lake, warehouse, clock, retentionRawDays }: Pick<Ports, 'lake' | 'warehouse' | 'clock' | 'retentionRawDays'>,
  emit: (event: RunEvent) => void,
): Promise<void> {
  if (retentionRawDays === undefined) return
  const nowMs = clock.nowMs()
  const [due] = await warehouse.query(
    `insert into lake_care (place, tended_at) values ($1, $2)
     on conflict (place) do update set tended_at = excluded.tended_at where lake_care.tended_at <= $3 returning place`,
    [lake.place, isoInstant(nowMs), isoInstant(nowMs - dueAfterMs)],
  )
  if (!due) return
  try {
    const inUse = await extractsInUse(warehouse)
    const plan = await planCare(lake, { nowMs, beforeMs: nowMs - retentionRawDays * dayMs, inUse })
    await carryOutCare(lake, plan)
    const extracts = plan.retirements.reduce((sum, one) => sum + one.extracts.length, 0)
    if (extracts + plan.leftovers.length === 0) return
    const message = `lake: ${extracts} superseded extracts and ${plan.leftovers.length} leftover files went after their retention`
    emit({ event: 'log', level: 'info', message })
  } catch (error) {
    if (!isMillraceError(error)) throw error
    emit({ event: 'log', level: 'warn', message: `lake: retention waits for tomorrow: ${error.message}` })
  }
}
