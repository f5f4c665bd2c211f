import type { StateTable } from './state-table.ts'
import { only } from './state-table.ts'

export const taskStates = [
  'waiting',
  'ready',
  'running',
  'success',
  'unchanged',
  'failed',
  'upstream_failed',
  'skipped',
  'cancelled',
] as const

export type TaskState = (typeof taskStates)[number]

export const taskEvents = [
  'release',
  'block',
  'pass_over',
  'claim',
  'succeed',
  'find_unchanged',
  'skip',
  'fail',
  'retry',
  'defer',
  'lose',
  'cancel',
  'clear',
] as const

export type TaskEvent = (typeof taskEvents)[number]

const noTaskEvent = Object.fromEntries(taskEvents.map((event) => [event, null])) as Record<TaskEvent, null>

const endedTask = only<TaskState, TaskEvent>(noTaskEvent, { clear: 'waiting' })

/**
 * `release`: what it waited for allows it; `block`: what it waited for failed; `pass_over`: what it waited for was skipped.
 * `retry`, `defer` and `lose` put it back into the queue: after a failure that may pass, to look again later without holding a
 * slot, and when its worker went away.
 */
export const taskTable = {
  waiting: only<TaskState, TaskEvent>(noTaskEvent, {
    release: 'ready',
    block: 'upstream_failed',
    pass_over: 'skipped',
    cancel: 'cancelled',
    clear: 'waiting',
  }),
  ready: only<TaskState, TaskEvent>(noTaskEvent, { claim: 'running', cancel: 'cancelled', clear: 'waiting' }),
  running: only<TaskState, TaskEvent>(noTaskEvent, {
    succeed: 'success',
    find_unchanged: 'unchanged',
    skip: 'skipped',
    fail: 'failed',
    retry: 'ready',
    defer: 'ready',
    lose: 'ready',
    cancel: 'cancelled',
  }),
  success: endedTask,
  unchanged: endedTask,
  failed: endedTask,
  upstream_failed: endedTask,
  skipped: endedTask,
  cancelled: endedTask,
} as const satisfies StateTable<TaskState, TaskEvent>

export const runStates = ['queued', 'running', 'cancelling', 'success', 'partial', 'failed', 'cancelled'] as const

export type EngineRunState = (typeof runStates)[number]

export const runEvents = ['promote', 'succeed', 'succeed_in_part', 'fail', 'cancel', 'end_cancelled', 'clear'] as const

export type RunTransition = (typeof runEvents)[number]

const noRunEvent = Object.fromEntries(runEvents.map((event) => [event, null])) as Record<RunTransition, null>

const endedRun = only<EngineRunState, RunTransition>(noRunEvent, { clear: 'queued' })

export const runTable = {
  queued: only<EngineRunState, RunTransition>(noRunEvent, { promote: 'running', cancel: 'cancelled', clear: 'queued' }),
  running: only<EngineRunState, RunTransition>(noRunEvent, {
    succeed: 'success',
    succeed_in_part: 'partial',
    fail: 'failed',
    cancel: 'cancelling',
    clear: 'running',
  }),
  cancelling: only<EngineRunState, RunTransition>(noRunEvent, { cancel: 'cancelling', end_cancelled: 'cancelled' }),
  success: endedRun,
  partial: endedRun,
  failed: endedRun,
  cancelled: endedRun,
} as const satisfies StateTable<EngineRunState, RunTransition>

export const intervalStates = [
  'expected',
  'due',
  'late',
  'running',
  'ok',
  'partial',
  'failed',
  'skipped',
  'excluded',
] as const

export type IntervalState = (typeof intervalStates)[number]

export const intervalEvents = [
  'fall_due',
  'miss',
  'begin',
  'succeed',
  'succeed_in_part',
  'fail',
  'stop',
  'skip',
  'exclude',
  'include',
] as const

export type IntervalEvent = (typeof intervalEvents)[number]

const noIntervalEvent = Object.fromEntries(intervalEvents.map((event) => [event, null])) as Record<IntervalEvent, null>

const begun = { begin: 'running' } as const
const open = { ...begun, skip: 'skipped', exclude: 'excluded' } as const

/**
 * A row of the ledger. `miss`: its deadline passed and it is not there; a running one stays running and is marked late beside
 * its state. `stop`: its run was cancelled, so that it is owed again. `skip` is catch-up's decision, `exclude` a person's.
 */
export const intervalTable = {
  expected: only<IntervalState, IntervalEvent>(noIntervalEvent, { ...open, fall_due: 'due' }),
  due: only<IntervalState, IntervalEvent>(noIntervalEvent, { ...open, miss: 'late' }),
  late: only<IntervalState, IntervalEvent>(noIntervalEvent, open),
  running: only<IntervalState, IntervalEvent>(noIntervalEvent, {
    miss: 'running',
    succeed: 'ok',
    succeed_in_part: 'partial',
    fail: 'failed',
    stop: 'due',
  }),
  ok: only<IntervalState, IntervalEvent>(noIntervalEvent, begun),
  partial: only<IntervalState, IntervalEvent>(noIntervalEvent, { ...begun, miss: 'partial', exclude: 'excluded' }),
  failed: only<IntervalState, IntervalEvent>(noIntervalEvent, { ...begun, miss: 'failed', exclude: 'excluded' }),
  skipped: only<IntervalState, IntervalEvent>(noIntervalEvent, { ...begun, exclude: 'excluded' }),
  excluded: only<IntervalState, IntervalEvent>(noIntervalEvent, { include: 'due' }),
} as const satisfies StateTable<IntervalState, IntervalEvent>

/** Nothing further happens to it unless it is cleared. */
export function isEnded(state: TaskState): boolean {
  return taskTable[state] === endedTask
}

export function isRunEnded(state: EngineRunState): boolean {
  return runTable[state] === endedRun
}
