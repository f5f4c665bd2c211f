import assert from 'node:assert'
import type { TaskOutcome } from './events.ts'
import type { TaskPlan } from './plan.ts'

export type TaskBody = (task: TaskPlan) => Promise<TaskOutcome>

/**
 * Carries out tasks in the order that they wait for one another, at most `parallel` at a time. A task whose predecessors did not
 * all succeed is skipped when it asked for `all`, and runs when it asked for `ended`. A body that throws ends everything: what a
 * task can fail with is an outcome, what it throws is a fault of ours or the end of the process.
 */
export async function executeTasks(
  tasks: readonly TaskPlan[],
  parallel: number,
  body: TaskBody,
): Promise<ReadonlyMap<string, TaskOutcome>> {
  const outcomes = new Map<string, TaskOutcome>()
  const running = new Map<string, Promise<void>>()
  const waiting = [...tasks]
  const ready = (task: TaskPlan) => task.after.every((before) => outcomes.has(before))
  while (waiting.length > 0 || running.size > 0) {
    for (let index = 0; index < waiting.length && running.size < parallel;) {
      const task = waiting[index]
      if (!task || !ready(task)) {
        index += 1
        continue
      }
      waiting.splice(index, 1)
      const skipped = task.step.when === 'all' && task.after.some((before) => outcomes.get(before) !== 'success')
      const work = (skipped ? Promise.resolve<TaskOutcome>('skipped') : body(task)).then((outcome) => {
        outcomes.set(task.task, outcome)
        running.delete(task.task)
      })
      running.set(task.task, work)
    }
    assert(running.size > 0, 'a task waits for a task that is not in the plan')
    await Promise.race(running.values())
  }
  return outcomes
}
