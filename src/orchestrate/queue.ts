import type { ErrorClass } from './retry.ts'
import type { Json } from './graph.ts'

/** A task that a worker holds: what to do, and the fence that proves it still holds it. */
export interface ClaimedTask {
  readonly runId: string
  readonly pipeline: string
  readonly partitionKey: string
  readonly conf: Json
  readonly task: string
  readonly kind: string
  readonly account: string | null
  readonly input: Json
  /** Outputs of the tasks that it waited for, by their names. */
  readonly upstream: { readonly [task: string]: Json }
  readonly attempt: number
  readonly tries: number
  readonly triesMax: number
  readonly fence: string
  readonly timeoutMs: number
}

/** How an attempt ended. */
export type TaskResult =
  | { readonly kind: 'success' | 'unchanged'; readonly output: Json }
  | { readonly kind: 'skipped'; readonly output: Json }
  /** Looks again later; its slot is free until then and the try does not count. */
  | { readonly kind: 'deferred'; readonly delayMs: number }
  | {
      readonly kind: 'failed'
      readonly errorClass: ErrorClass
      readonly error: Json
      readonly exitCode: number | null
      readonly retryAfterMs: number | null
      /** What it has done all the same: days that were published beside one that was refused. */
      readonly output?: Json | undefined
    }

/** What telling of an attempt's end came to. */
export type Finished = 'ended' | 'again' | 'fenced'

/** What the supervisor of tasks works with. */
export interface TaskQueue {
  /** Takes up to `count` tasks that may begin, best first. */
  claim(worker: string, count: number): Promise<readonly ClaimedTask[]>
  /** Renews the leases; says which of them are no longer held and which ought to be stopped. */
  beat(fences: readonly string[]): Promise<{ readonly gone: readonly string[]; readonly cancelled: readonly string[] }>
  /** Ends the attempt; `fenced`: somebody else has the task by now, and nothing was changed. */
  finish(fence: string, result: TaskResult): Promise<Finished>
  /** As `finish`, and takes up to `count` tasks that may begin with it, at one cost; nothing with an end that blocks a pool, or `fenced`. */
  finishAndClaim(
    fence: string,
    result: TaskResult,
    claim: { readonly worker: string; readonly count: number },
  ): Promise<{ readonly ending: Finished; readonly claimed: readonly ClaimedTask[] }>
  /** Gives tasks of workers that went away to others, lets queued runs begin. Any number may do it at once. */
  sweep(): Promise<{ readonly lost: number; readonly promoted: number }>
  /** Milliseconds until the next task may begin; null when none waits for a time. */
  nextDueMs(): Promise<number | null>
}
