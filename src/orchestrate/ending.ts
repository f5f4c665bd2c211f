import type { Random } from '../domain/clock.ts'
import { settled } from './embedded-settle.ts'
import type { Json, RetryPolicy } from './graph.ts'
import type { TaskResult } from './queue.ts'
import { decideRetry } from './retry.ts'
import type { ErrorClass } from './retry.ts'
import type { EngineRunState, TaskEvent, TaskState } from './run-state.ts'
import { isEnded } from './run-state.ts'
import type { Change, SettleTask } from './settle.ts'

/** A task that is held, with its run as it stood when it was looked at. */
export interface RunningTask {
  readonly runId: string
  readonly task: string
  readonly attempt: number
  readonly tries: number
  readonly triesMax: number
  readonly lost: number
  readonly retry: RetryPolicy
  readonly pool: string
  readonly fence: string
  readonly cancelled: boolean
  readonly sealed: Extract<TaskResult, { readonly kind: 'success' | 'unchanged' }> | null
  readonly runState: EngineRunState
  /** How the run and its tasks stood when it was looked at. */
  readonly standing: string
  /** All tasks of the run, itself among them. */
  readonly tasks: readonly SettleTask[]
}

/** How a task goes on after an attempt. */
export interface Ending {
  readonly event: TaskEvent
  readonly attemptState: 'success' | 'unchanged' | 'failed' | 'retry' | 'deferred' | 'skipped' | 'lost' | 'cancelled'
  /** After which it may begin again; null when it has ended. */
  readonly delayMs: number | null
  /** The try is given back: it was not the task's fault, or no failure at all. */
  readonly isFree: boolean
  readonly blocksPool: boolean
}

const ended = { delayMs: null, isFree: false, blocksPool: false } as const

/** Pure: what an attempt's result makes of the task. */
export function endingOf(running: RunningTask, result: TaskResult | 'lost', random: Random): Ending {
  const { tries, triesMax, lost, retry, cancelled } = running
  const isLost = result === 'lost'
  if (cancelled && (isLost || result.kind === 'failed' || result.kind === 'deferred'))
    return { ...ended, event: 'cancel', attemptState: 'cancelled' }
  if (!isLost && result.kind === 'success') return { ...ended, event: 'succeed', attemptState: 'success' }
  if (!isLost && result.kind === 'unchanged') return { ...ended, event: 'find_unchanged', attemptState: 'unchanged' }
  if (!isLost && result.kind === 'skipped') return { ...ended, event: 'skip', attemptState: 'skipped' }
  if (!isLost && result.kind === 'deferred')
    return { event: 'defer', attemptState: 'deferred', delayMs: result.delayMs, isFree: true, blocksPool: false }
  const errorClass: ErrorClass = isLost ? 'lost' : result.kind === 'failed' ? result.errorClass : 'permanent'
  const retryAfterMs = !isLost && result.kind === 'failed' ? result.retryAfterMs : null
  const decision = decideRetry(
    { errorClass, tries, triesMax, lost: lost + (isLost ? 1 : 0), retry, retryAfterMs },
    random,
  )
  const attemptState = isLost ? 'lost' : decision.kind === 'retry' ? 'retry' : 'failed'
  return decision.kind === 'fail'
    ? { ...ended, event: 'fail', attemptState }
    : {
        event: isLost ? 'lose' : 'retry',
        attemptState,
        delayMs: decision.delayMs,
        isFree: isLost,
        blocksPool: decision.blocksPool,
      }
}

/** An end as the database takes it; `lost` also when the work was sealed, so that a heartbeat of this moment is heard. */
export function endingRow(
  { cancelled, sealed }: RunningTask,
  ending: Ending & { readonly state: TaskState },
  result: TaskResult | 'lost',
  isLost: boolean,
): Json {
  const failure = result !== 'lost' && result.kind === 'failed' ? result : null
  const lostError = { code: 'ORCHESTRATE_TASK_LOST', facts: { worker: 'gone' } }
  return {
    state: ending.state,
    free: ending.isFree,
    lost: ending.attemptState === 'lost',
    unheard: isLost,
    cancelled,
    wasSealed: sealed !== null,
    delayMs: ending.delayMs,
    blocks: ending.blocksPool,
    ...(result !== 'lost' && 'output' in result && result.output !== undefined && { output: result.output }),
    ...(result === 'lost' ? { error: lostError } : failure && { error: failure.error }),
    attemptState: ending.attemptState,
    exitCode: failure?.exitCode ?? null,
    errorClass: result === 'lost' ? 'lost' : (failure?.errorClass ?? null),
  }
}

/** Pure: what becomes of the other tasks of the run when one has ended, and how the run ends, null when it goes on. */
export function followUp(
  { task, tasks, runState }: RunningTask,
  state: TaskState,
): { readonly changes: readonly Change[]; readonly runState: EngineRunState | null } {
  if (!isEnded(state)) return { changes: [], runState: null }
  const now = tasks.map((one) => (one.task === task ? { ...one, state } : one))
  return settled(runState, now)
}
