import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine, RunView, TaskView } from './engine.ts'
import type { Graph, Json, TaskNode } from './graph.ts'
import { taskNode } from './graph.ts'

/**
 * What a task of the contract does: each attempt ends with the next exit code of the program's table, the last one for ever.
 * An engine that starts processes lets them exit so; one that calls functions translates.
 */
export interface Probe {
  readonly exits: readonly number[]
}

export interface EngineUnderTest extends AsyncDisposable {
  readonly engine: Engine
  /** Works until nothing is left to do, delays of retries passed over; tells what began and ended, in order. */
  work(): Promise<readonly string[]>
}

const exits = (...codes: readonly number[]): { readonly [key: string]: Json } => ({ exits: codes })

function probe(id: string, after: readonly string[] = [], more: Partial<TaskNode> = {}): TaskNode {
  return taskNode({ id, kind: 'probe', after, input: exits(0), triesMax: 3, ...more })
}

let counter = 0
const nextName = () => `contract_${(counter += 1)}`

export interface EngineHarness {
  /** Why the engine is not there; undefined when it is. */
  readonly unavailable?: string | undefined
  /** Promises that this engine has no word for, by their titles, each with the reason that is printed. */
  readonly waivers?: Readonly<Record<string, string>>
  /** Whether an attempt knows the code that its program ended with. */
  readonly keepsExitCodes?: boolean
  /** Of one promise and of starting, in ms. */
  readonly timeoutMs?: number
}

/** The promises of the port, kept by every engine or waived with a printed reason. */
export function engineContract(
  name: string,
  open: () => Promise<EngineUnderTest>,
  { unavailable, waivers = {}, keepsExitCodes = true, timeoutMs = 60_000 }: EngineHarness = {},
): void {
  describe(`engine contract: ${name}`, () => {
    let under: EngineUnderTest
    beforeAll(async () => {
      if (unavailable === undefined) under = await open()
    }, timeoutMs)
    afterAll(async () => under?.[Symbol.asyncDispose](), timeoutMs)
    const promise = (what: string, body: () => Promise<void>) =>
      test(`${name}: ${what}`, { timeout: timeoutMs }, async ({ skip }) => {
        if (unavailable !== undefined) skip(unavailable)
        const reason = waivers[what]
        if (reason !== undefined) skip(`waived: ${reason}`)
        expect.hasAssertions()
        await body()
      })

    async function ran(
      tasks: readonly TaskNode[],
      graph: Partial<Graph> = {},
    ): Promise<{ readonly view: RunView; readonly told: readonly string[] }> {
      const pipeline = nextName()
      await under.engine.deploy({ pipeline, runsActiveMax: 1, tasks, ...graph })
      const runId = await under.engine.trigger({ pipeline, partitionKey: '2026-11-22', kind: 'manual' })
      const told = await under.work()
      return { view: await under.engine.inspect(runId), told }
    }
    const states = (view: RunView) => Object.fromEntries(view.tasks.map((one) => [one.task, one.state]))
    const taskOf = (view: RunView, id: string): TaskView => {
      const found = view.tasks.find((one) => one.task === id)
      if (!found) throw new TypeError(`no task ${id}`)
      return found
    }

    promise('a task begins after everything that it waits for has ended', async () => {
      const { view, told } = await ran([
        probe('load', ['left', 'right']),
        probe('left', ['extract']),
        probe('right', ['extract']),
        probe('extract'),
      ])
      expect(view.state).toBe('success')
      const at = (what: string) => told.indexOf(what)
      expect(at('began left')).toBeGreaterThan(at('ended extract'))
      expect(at('began load')).toBeGreaterThan(Math.max(at('ended left'), at('ended right')))
      expect([...told].sort()).toHaveLength(8)
    })

    promise('a failure that may pass is tried again, and every attempt is kept', async () => {
      const { view } = await ran([probe('extract', [], { input: exits(75, 4, 0) })])
      expect(view.state).toBe('success')
      expect(taskOf(view, 'extract').attempts.map((one) => [one.state, one.exitCode])).toEqual([
        ['retry', keepsExitCodes ? 75 : null],
        ['retry', keepsExitCodes ? 4 : null],
        ['success', null],
      ])
    })

    promise('tries come to an end', async () => {
      const { view } = await ran([probe('extract', [], { input: exits(75) }), probe('load', ['extract'])])
      expect(view.state).toBe('failed')
      expect(taskOf(view, 'extract').attempts).toHaveLength(3)
      expect(states(view)).toEqual({ extract: 'failed', load: 'upstream_failed' })
    })

    const permanentCodes = [2, 3, 5, 7]
    promise('exit codes 2, 3, 5 and 7 are never tried again', async () => {
      const { view } = await ran(
        permanentCodes.map((code) => probe(`ends_with_${code}`, [], { input: exits(code, 0) })),
      )
      expect(view.state).toBe('failed')
      expect(view.tasks.map((one) => [one.state, one.attempts.length])).toEqual(permanentCodes.map(() => ['failed', 1]))
    })

    promise('a task that skips takes with it what waits for its success, and the run is a success', async () => {
      const { view } = await ran([probe('extract', [], { input: exits(99) }), probe('load', ['extract'])])
      expect(states(view)).toEqual({ extract: 'skipped', load: 'skipped' })
      expect(view.state).toBe('success')
    })

    promise('trigger rules decide what a failure stops', async () => {
      const { view } = await ran([
        probe('extract', [], { input: exits(2) }),
        probe('fine'),
        probe('success', ['extract', 'fine']),
        probe('done', ['extract', 'fine'], { when: 'all_done' }),
        probe('alarm', ['extract', 'fine'], { when: 'one_failed' }),
        probe('calm', ['fine'], { when: 'one_failed' }),
        probe('unless', ['extract', 'fine'], { when: 'none_failed' }),
      ])
      expect(states(view)).toEqual({
        extract: 'failed',
        fine: 'success',
        success: 'upstream_failed',
        done: 'success',
        alarm: 'success',
        calm: 'skipped',
        unless: 'upstream_failed',
      })
    })

    promise('a failed account fails its partition only: the run is partial', async () => {
      const of = (account: string, code: number) => [
        probe(`extract:${account}`, [], { account, input: exits(code) }),
        probe(`load:${account}`, [`extract:${account}`], { account }),
      ]
      const dbt = probe('dbt', ['load:a', 'load:b'], { when: 'all_done' })
      expect((await ran([...of('a', 7), ...of('b', 0), dbt])).view.state).toBe('partial')
      expect((await ran([...of('a', 7), ...of('b', 7), dbt])).view.state).toBe('failed')
      expect((await ran([...of('a', 0), ...of('b', 0), { ...dbt, input: exits(5) }])).view.state).toBe('failed')
    })

    promise('a second run of a partition is refused while one is live, and made when it has ended', async () => {
      const pipeline = nextName()
      await under.engine.deploy({ pipeline, runsActiveMax: 1, tasks: [probe('extract')] })
      const request = { pipeline, partitionKey: '2026-11-22', kind: 'manual' } as const
      await under.engine.trigger(request)
      await expect(under.engine.trigger(request)).rejects.toMatchObject({ code: 'ORCHESTRATE_RUN_LIVE' })
      await under.work()
      const again = await under.engine.trigger(request)
      await under.work()
      expect((await under.engine.inspect(again)).state).toBe('success')
      expect(await under.engine.runs({ pipeline, limit: 10 })).toHaveLength(2)
    })

    promise('what is cleared is done again, by dependency and not by position', async () => {
      const { view } = await ran([probe('extract'), probe('aside'), probe('load', ['extract']), probe('dbt', ['load'])])
      const attempts = async () =>
        Object.fromEntries((await under.engine.inspect(view.runId)).tasks.map((one) => [one.task, one.attempts.length]))
      expect(await under.engine.clear({ runId: view.runId, tasks: ['extract'], downstream: false })).toBe(1)
      await under.work()
      expect(await attempts()).toEqual({ extract: 2, aside: 1, load: 1, dbt: 1 })
      expect(await under.engine.clear({ runId: view.runId, tasks: ['load'], downstream: true })).toBe(2)
      await under.work()
      expect(await attempts()).toEqual({ extract: 2, aside: 1, load: 2, dbt: 2 })
      expect((await under.engine.inspect(view.runId)).state).toBe('success')
    })

    promise('a cancelled run begins nothing more', async () => {
      const pipeline = nextName()
      await under.engine.deploy({ pipeline, runsActiveMax: 1, tasks: [probe('extract'), probe('load', ['extract'])] })
      const runId = await under.engine.trigger({ pipeline, partitionKey: '2026-11-22', kind: 'manual' })
      await under.engine.cancel(runId)
      await under.work()
      const view = await under.engine.inspect(runId)
      expect(view.state).toBe('cancelled')
      expect(states(view)).toEqual({ extract: 'cancelled', load: 'cancelled' })
    })

    promise('a paused pipeline begins no scheduled run until it goes on', async () => {
      const pipeline = nextName()
      await under.engine.deploy({ pipeline, runsActiveMax: 1, tasks: [probe('extract')] })
      await under.engine.pause(pipeline, true)
      const runId = await under.engine.trigger({ pipeline, partitionKey: '2026-11-22', kind: 'scheduled' })
      await under.work()
      expect((await under.engine.inspect(runId)).state).toBe('queued')
      await under.engine.pause(pipeline, false)
      await under.work()
      expect((await under.engine.inspect(runId)).state).toBe('success')
    })

    promise('a run keeps the graph that it was made from', async () => {
      const pipeline = nextName()
      const first = await under.engine.deploy({ pipeline, runsActiveMax: 1, tasks: [probe('extract')] })
      const runId = await under.engine.trigger({ pipeline, partitionKey: '2026-11-22', kind: 'manual' })
      const second = await under.engine.deploy({
        pipeline,
        runsActiveMax: 1,
        tasks: [probe('extract'), probe('load', ['extract'])],
      })
      expect(second).not.toBe(first)
      await under.work()
      const view = await under.engine.inspect(runId)
      expect([view.version, ...Object.keys(states(view))]).toEqual([first, 'extract'])
    })

    promise('a graph that would wait for ever is refused', async () => {
      for (const [code, tasks] of [
        ['ORCHESTRATE_TASK_TWICE', [probe('a'), probe('a')]],
        ['ORCHESTRATE_TASK_UNKNOWN', [probe('a', ['b'])]],
        ['ORCHESTRATE_CYCLE', [probe('a', ['c']), probe('b', ['a']), probe('c', ['b'])]],
      ] as const)
        await expect(under.engine.deploy({ pipeline: nextName(), runsActiveMax: 1, tasks })).rejects.toMatchObject({
          code,
        })
    })

    promise('what nobody knows is said so', async () => {
      const runId = '00000000-0000-7000-8000-000000000000'
      await expect(under.engine.inspect(runId)).rejects.toMatchObject({ code: 'ORCHESTRATE_RUN_UNKNOWN' })
      await expect(under.engine.cancel(runId)).rejects.toMatchObject({ code: 'ORCHESTRATE_RUN_UNKNOWN' })
      await expect(
        under.engine.trigger({ pipeline: 'nobody', partitionKey: '2026-11-22', kind: 'manual' }),
      ).rejects.toMatchObject({ code: 'ORCHESTRATE_PIPELINE_UNKNOWN' })
    })
  })
}
