import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TriggerRule } from './graph.ts'
import {
  intervalStates,
  intervalTable,
  isEnded,
  runStates,
  runTable,
  taskEvents,
  taskStates,
  taskTable,
} from './run-state.ts'
import type { TaskState } from './run-state.ts'
import { runEnd, settle } from './settle.ts'
import type { SettleTask } from './settle.ts'

test('every state is reachable, and every state that has not ended leads to one that has', () => {
  for (const [table, states, first] of [
    [taskTable, taskStates, 'waiting'],
    [runTable, runStates, 'queued'],
    [intervalTable, intervalStates, 'expected'],
  ] as const) {
    const edges = new Map<string, readonly string[]>(
      Object.entries(table).map(([state, row]) => [state, Object.values(row as object).filter((to) => to !== null)]),
    )
    const reached = new Set<string>([first])
    for (const state of reached) for (const to of edges.get(state) ?? []) reached.add(to)
    expect([...reached].sort()).toEqual([...states].sort())
  }
})

test('what has ended can only be cleared; what runs never begins anew without having been given back', () => {
  for (const state of taskStates.filter(isEnded))
    expect(taskEvents.filter((event) => taskTable[state][event] !== null)).toEqual(['clear'])
  expect(taskTable.running.claim).toBeNull()
  expect(taskTable.running.clear).toBeNull()
})

const rules: readonly TriggerRule[] = ['all_success', 'all_done', 'one_failed', 'none_failed']

const graphs = fc
  .array(fc.tuple(fc.constantFrom(...rules), fc.array(fc.nat(30), { maxLength: 4 }), fc.constantFrom(null, 'a', 'b')), {
    minLength: 1,
    maxLength: 14,
  })
  .map((nodes) =>
    nodes.map(([when, before, account], index): SettleTask => ({
      task: `t${index}`,
      account,
      state: 'waiting',
      after: [...new Set(index === 0 ? [] : before.map((one) => `t${one % index}`))],
      when,
    })),
  )

test('any graph comes to an end whatever its tasks do, and no task begins before what it waits for has ended', () => {
  const outcomes: readonly TaskState[] = ['success', 'unchanged', 'failed', 'skipped', 'cancelled']
  fc.assert(
    fc.property(
      graphs,
      fc.array(fc.nat(4), { minLength: 14, maxLength: 14 }),
      fc.infiniteStream(fc.nat(9)),
      (graph, ends, order) => {
        const states = new Map(graph.map((one) => [one.task, one.state]))
        const now = () => graph.map((one) => ({ ...one, state: states.get(one.task) ?? 'waiting' }))
        for (let round = 0; runEnd('running', now()) === null; round += 1) {
          expect(round).toBeLessThan(40)
          for (const { task, state } of settle(now())) {
            const before = graph.find((one) => one.task === task)?.after ?? []
            expect(state !== 'ready' || before.every((one) => isEnded(states.get(one) ?? 'waiting'))).toBe(true)
            expect(states.get(task)).toBe('waiting')
            states.set(task, state)
          }
          // Settled is settled: looking again changes nothing.
          expect(settle(now())).toEqual([])
          const ready = graph.filter((one) => states.get(one.task) === 'ready')
          const [pick = 0] = [order.next().value]
          const chosen = ready[pick % Math.max(1, ready.length)]
          if (chosen) states.set(chosen.task, outcomes[ends[graph.indexOf(chosen)] ?? 0] ?? 'success')
        }
        const failed = now().some((one) => ['failed', 'upstream_failed', 'cancelled'].includes(one.state))
        expect(runEnd('running', now()) === 'succeed').toBe(!failed)
        expect(runEnd('cancelling', now())).toBe('end_cancelled')
      },
    ),
    { seed: 20261123, numRuns: 1_000 },
  )
})
