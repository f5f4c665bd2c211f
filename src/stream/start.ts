import { drainSpool } from './collect-server.ts'
import type { Spool } from './collect-spool.ts'
import type { EventLog } from './log.ts'
import type { LakeJobs } from './lake-jobs.ts'
import { keepLake } from './lake-jobs.ts'
import type { RunOptions } from './run.ts'
import { runStream } from './run.ts'

export interface StreamJobs extends RunOptions {
  /** The opened log, for what the spool holds. */
  readonly opened: EventLog
  /** Left out: there is no collector beside. */
  readonly spool?: Spool | undefined
  /** Left out: raw events do not go into the lake. */
  readonly landing?: LakeJobs | undefined
}

/** Everything that live events need beside the server's routes: counting, landing, and sending what the spool holds. Until `signal`, then drains. */
export async function startStream(jobs: StreamJobs, signal: AbortSignal): Promise<void> {
  const { opened, spool, landing, ...running } = jobs
  await Promise.all([
    runStream(running, signal),
    landing === undefined ? undefined : keepLake(landing, signal),
    spool === undefined ? undefined : drainSpool(spool, opened, running.clock, signal),
  ])
}
