import type { LogLevel } from './body.ts'
import type { ClaimedTask, TaskResult } from './queue.ts'

/** What a worker tells a process of its own. */
export type ToTask =
  | { readonly type: 'run'; readonly task: ClaimedTask }
  /** The task ought to come to an end; `why` becomes its signal's reason. */
  | { readonly type: 'stop'; readonly why: 'cancelled' | 'timeout' | 'drain' }

/** What the process tells the worker. */
export type FromTask =
  | { readonly type: 'log'; readonly level: LogLevel; readonly message: string }
  | { readonly type: 'result'; readonly fence: string; readonly result: TaskResult }

/** A line behind everything that a task has printed; a record separator keeps it from being anybody's text. */
export function endMark(fence: string): string {
  return `\u001eend ${fence}`
}
