import type { TriggerRule } from './graph.ts'
import type { EngineRunState, RunTransition, TaskEvent, TaskState } from './run-state.ts'
import { isEnded, taskTable } from './run-state.ts'

/** As much of a task as decides what may begin and how a run ends. */
export interface SettleTask {
  readonly task: string
  readonly account: string | null
  readonly state: TaskState
  readonly after: readonly string[]
  readonly when: TriggerRule
}

export interface Change {
  readonly task: string
  readonly state: TaskState
}

const passed: ReadonlySet<TaskState> = new Set(['success', 'unchanged'])
const broken: ReadonlySet<TaskState> = new Set(['failed', 'upstream_failed'])

type Verdict = Extract<TaskEvent, 'release' | 'block' | 'pass_over'>

/** Given how everything that a task waits for has ended, what becomes of it. */
const rules = {
  all_success: (ended) =>
    ended.every((one) => passed.has(one)) ? 'release' : ended.some((one) => broken.has(one)) ? 'block' : 'pass_over',
  all_done: () => 'release',
  one_failed: (ended) => (ended.some((one) => broken.has(one)) ? 'release' : 'pass_over'),
  none_failed: (ended) => (ended.some((one) => broken.has(one)) ? 'block' : 'release'),
} as const satisfies Record<TriggerRule, (ended: readonly TaskState[]) => Verdict>

/**
 * Pure: what becomes of waiting tasks now, in any number of steps: a task that is blocked ends, and with it what waited for it
 * may be decided. Tasks are given in any order.
 */
export function settle(tasks: readonly SettleTask[]): readonly Change[] {
  const states = new Map(tasks.map((one) => [one.task, one.state]))
  const changes: Change[] = []
  for (let moved = true; moved;) {
    moved = false
    for (const one of tasks) {
      if (states.get(one.task) !== 'waiting') continue
      const before = one.after.map((id) => states.get(id) ?? 'failed')
      if (!before.every(isEnded)) continue
      const state = taskTable.waiting[rules[one.when](before)] ?? 'upstream_failed'
      states.set(one.task, state)
      changes.push({ task: one.task, state })
      moved = true
    }
  }
  return changes
}

/**
 * How a run ends, once all its tasks have; null while one has not. A failed account fails its partition only: the run is then
 * `partial`, unless nothing of any account came through. A failed task of the whole run fails the run.
 */
export function runEnd(state: EngineRunState, tasks: readonly SettleTask[]): RunTransition | null {
  if (!tasks.every((one) => isEnded(one.state))) return null
  if (state === 'cancelling') return 'end_cancelled'
  const isBroken = (one: SettleTask) => broken.has(one.state) || one.state === 'cancelled'
  const failed = tasks.filter(isBroken)
  if (failed.length === 0) return 'succeed'
  if (failed.some((one) => one.account === null && one.state === 'failed')) return 'fail'
  const accounts = new Set(tasks.flatMap((one) => (one.account === null ? [] : [one.account])))
  for (const one of failed) if (one.account !== null) accounts.delete(one.account)
  return accounts.size > 0 ? 'succeed_in_part' : 'fail'
}
