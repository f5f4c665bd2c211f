import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TaskOutcome } from './events.ts'
import { executeTasks } from './execute.ts'
import type { TaskPlan } from './plan.ts'

function task(name: string, after: readonly string[] = [], when: 'all' | 'ended' = 'all'): TaskPlan {
  const step = {
    id: name,
    kind: 'load',
    each: 'run',
    platform: null,
    after: [],
    when,
    retries: 0,
    retryDelayMs: 0,
  } as const
  return { task: name, step, account: null, after }
}

test('a task begins only after those that it waits for, and no more run at once than are allowed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(99), { minLength: 200, maxLength: 200 }),
      async (count, parallel, chance) => {
        let drawn = 0
        const draw = () => chance[drawn++ % chance.length] ?? 0
        const tasks = Array.from({ length: count }, (_, index) =>
          task(
            `t${index}`,
            Array.from({ length: index }, (_, before) => before)
              .filter(() => draw() < 30)
              .map((before) => `t${before}`),
          ),
        )
        const ended: string[] = []
        let running = 0
        await executeTasks(tasks, parallel, async (one) => {
          expect(one.after.filter((before) => !ended.includes(before))).toEqual([])
          running += 1
          expect(running).toBeLessThanOrEqual(parallel)
          for (let turn = draw() % 4; turn > 0; turn -= 1) await Promise.resolve()
          running -= 1
          ended.push(one.task)
          return 'success'
        })
        expect([...ended].sort()).toEqual(tasks.map((one) => one.task).sort())
      },
    ),
    { seed: 20261123, numRuns: 200 },
  )
})

test('what waited for a failed task is skipped, what asked only for its end runs', async () => {
  const ran: string[] = []
  const outcomes = await executeTasks(
    [task('extract'), task('load', ['extract']), task('dbt', ['load'], 'ended')],
    2,
    async (one) => {
      ran.push(one.task)
      return await Promise.resolve<TaskOutcome>(one.task === 'extract' ? 'failed' : 'success')
    },
  )
  expect(ran).toEqual(['extract', 'dbt'])
  expect(Object.fromEntries(outcomes)).toEqual({ extract: 'failed', load: 'skipped', dbt: 'success' })
})

test('a task that waits for one that is not there is a fault of the plan, not a wait for ever', async () => {
  await expect(executeTasks([task('load', ['extract'])], 1, () => Promise.resolve('success'))).rejects.toThrow(
    'not in the plan',
  )
})
