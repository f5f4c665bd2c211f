import { availableParallelism, hostname } from 'node:os'
import { randomUUID } from 'node:crypto'
import { Worker as Thread } from 'node:worker_threads'
import type { Clock } from '../domain/clock.ts'
import type { TimeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { ConsumerOptions } from './consume.ts'
import { defaultLimits } from './consume.ts'
import type { Counters } from './counters.ts'
import { defaultDedupe } from './dedupe.ts'
import { beginJob, liveJob } from './job.ts'
import type { EventLog } from './log.ts'
import type { AdapterSpec, ThreadMessage, ThreadSpec } from './worker-thread.ts'
import { openBySpec } from './worker-thread.ts'

export interface RunOptions extends Partial<ConsumerOptions> {
  readonly warehouse: Warehouse
  readonly clock: Clock
  readonly log: AdapterSpec
  readonly counters: AdapterSpec
  /** Zone of events whose account nobody knows. */
  readonly defaultZone: TimeZone
  readonly job?: string | undefined
  /** Threads of this process; default one a core, and never more than partitions. */
  readonly threads?: number | undefined
  /** As in `WorkerOptions`; default 1 s. */
  readonly shareMs?: number | undefined
  /** Ends when everything that was in the log at the start is counted. */
  readonly once?: boolean | undefined
  readonly tell?: ((message: ThreadMessage & { readonly thread: number }) => void) | undefined
}

const threadUrl = new URL(
  import.meta.url.endsWith('.ts') ? './worker-thread.ts' : './worker-thread.js',
  import.meta.url,
)
const restartMs = 1_000

/**
 * `stream run`: counts the log's events until `signal`, then commits what was folded and gives its partitions back. A thread that dies
 * (its database went away) is started again; one that fails for a reason that will not pass ends the run with that error.
 */
export async function runStream(options: RunOptions, signal: AbortSignal): Promise<void> {
  const job = options.job ?? liveJob
  const partitions = await openedOnce(options, job)
  const threads = Math.min(options.threads ?? availableParallelism(), partitions)
  const faults: ThreadMessage[] = []
  const stop = new AbortController()
  const all = AbortSignal.any([signal, stop.signal])
  await Promise.all(
    Array.from({ length: threads }, async (_, thread) => {
      while (!all.aborted) {
        const failed = await runThread(specOf(options, job), all, (message) => {
          if (message.event === 'stopped') faults.push(message)
          options.tell?.({ ...message, thread })
        })
        if (!failed) break
        // Asking the warehouse brings an embedded server back before the thread is started again.
        await options.warehouse.query('select 1').catch(() => undefined)
        await options.clock.sleep(restartMs, all).catch(() => undefined)
      }
      if (options.once) return
      stop.abort()
    }),
  )
  const [fault] = faults
  if (fault?.event === 'stopped' && options.once)
    throw new MillraceError('STREAM_PARTITION_STOPPED', {
      partition: fault.partition,
      code: fault.code,
      reason: fault.reason,
    })
}

/** Opens both ports once in this thread: to begin the job, and so that a wrong setting fails here and now. */
async function openedOnce({ warehouse, log, counters }: RunOptions, job: string): Promise<number> {
  await using opened = await openBySpec<EventLog>(log, warehouse)
  await using store = await openBySpec<Counters>(counters, warehouse)
  await beginJob(warehouse, opened, store, job)
  return opened.partitions()
}

function specOf(options: RunOptions, job: string): ThreadSpec {
  return {
    connection: options.warehouse.connection,
    log: options.log,
    counters: options.counters,
    defaultZone: options.defaultZone,
    worker: {
      job,
      // A name never used before: a lease of a dead namesake must not be taken for ours.
      owner: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
      shareMs: options.shareMs ?? 1_000,
      once: options.once ?? false,
      limits: options.limits ?? defaultLimits,
      dedupe: options.dedupe ?? defaultDedupe,
      acceptInvalid: options.acceptInvalid ?? false,
    },
  }
}

/** True when the thread failed and may be started again. */
async function runThread(
  spec: ThreadSpec,
  signal: AbortSignal,
  tell: (message: ThreadMessage) => void,
): Promise<boolean> {
  // Options of the process that are not meant for its threads (`--input-type`, a debugger's port) would end them at once.
  const thread = new Thread(threadUrl, { workerData: spec, execArgv: [] })
  let isFailed = false
  thread.on('message', (message: ThreadMessage) => {
    if (message.event === 'failed') isFailed = true
    tell(message)
  })
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  const stop = (): void => thread.postMessage('stop')
  signal.addEventListener('abort', stop, { once: true })
  await new Promise<void>((resolve) => {
    thread.once('error', (error) => {
      isFailed = true
      tell({ event: 'failed', code: 'STREAM_WORKER_ENDED', reason: String(error) })
    })
    thread.once('exit', () => resolve())
  })
  signal.removeEventListener('abort', stop)
  return isFailed
}
