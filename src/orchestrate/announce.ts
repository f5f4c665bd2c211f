import type { DayRange } from '../domain/day.ts'
import { isoInstant } from '../domain/clock.ts'
import { isMillraceError } from '../domain/errors.ts'
import { runMessage } from '../notify/message.ts'
import { deliverDue, enqueue } from '../notify/outbox.ts'
import type { Session } from '../warehouse/warehouse.ts'
import type { RunEvent, RunSummary } from './events.ts'
import { tellExpiring } from './expiring-notice.ts'
import type { Ports } from './ports.ts'
import { sql } from './sql.ts'
import { tendLake } from './tend-lake.ts'
import { lookAtOnce } from './watch-incidents.ts'

export interface BegunRun {
  readonly runId: string
  readonly pipeline: string
  readonly interval: DayRange
  readonly startedAtMs: number
}

/** Writes down that a run began, before it does anything: a run that was killed is seen as one that never ended. */
export async function beginRun(warehouse: Pick<Session, 'query'>, run: BegunRun): Promise<void> {
  await warehouse.query(
    `insert into pipeline_run (run_id, pipeline, interval_start, interval_end, started_at, state) values ($1, $2, $3, $4, $5, 'running')
     on conflict do nothing`,
    [run.runId, run.pipeline, run.interval.since, run.interval.until, isoInstant(run.startedAtMs)],
  )
}

/**
 * Ends the run and puts its message into the outbox in one transaction: the message is there if and only if the run ended.
 * Then looks for incidents and tries to deliver what is due; what cannot be delivered now waits in the outbox and is not the run's failure.
 */
export async function announce(
  ports: Ports,
  summary: RunSummary,
  signal: AbortSignal,
  emit: (event: RunEvent) => void,
): Promise<void> {
  await ports.warehouse.transaction(async (session) => {
    await session.query('update pipeline_run set finished_at = $2, state = $3, summary = $4 where run_id = $1', [
      summary.runId,
      isoInstant(ports.clock.nowMs()),
      summary.state,
      JSON.stringify(summary),
    ])
    await session.query(sql('run-tasks'), [summary.runId])
    await session.query('update engine_run set told_at = clock_timestamp() where run_id = $1', [summary.runId])
    await tellExpiring(session, ports)
    for (const channel of ports.channels) {
      await enqueue(
        session,
        channel.name,
        runMessage(summary, channel.language, ports.warehouse.place),
        ports.clock.nowMs(),
      )
    }
  })
  await lookAfterRun(ports, emit)
  // People are told first: looking after the lake can wait and takes longer.
  const { delivered, waiting, dead } = await deliverDue(ports, signal)
  emit({
    event: 'log',
    level: waiting + dead > 0 ? 'warn' : 'info',
    message: `${delivered} messages delivered, ${waiting} waiting in the outbox, ${dead} given up`,
  })
  await tendLake(ports, emit)
}

/** What cannot be looked at now is looked at by the next run or a scheduler; it is told and never the run's failure. */
async function lookAfterRun(ports: Ports, emit: (event: RunEvent) => void): Promise<void> {
  try {
    const { opened, resolved } = await lookAtOnce(ports)
    if (opened + resolved > 0) emit({ event: 'incidents', opened, resolved })
  } catch (error) {
    if (!isMillraceError(error)) throw error
    emit({ event: 'log', level: 'warn', message: `incidents: looked for later: ${error.message}` })
  }
}
