import { createHash } from 'node:crypto'
import { MillraceError } from '../domain/errors.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/**
 * When a task may begin, by how what it waits for has ended. `unchanged` counts as success: there is nothing new to do, and
 * what was there is right.
 */
export type TriggerRule = 'all_success' | 'all_done' | 'one_failed' | 'none_failed'

export interface RetryPolicy {
  /** Delay before the second try; doubles with each. */
  readonly delayMs: number
  readonly delayMsMax: number
}

/** One task of a graph. Everything is data: an engine, an export and a screen read the same. */
export interface TaskNode {
  readonly id: string
  /** Which body carries it out. */
  readonly kind: string
  /** The partition it is about, `platform/accountId`: its failure fails that partition only. Null: of the whole run. */
  readonly account: string | null
  readonly input: Json
  readonly after: readonly string[]
  readonly when: TriggerRule
  readonly pool: string
  readonly slots: number
  readonly priority: number
  readonly triesMax: number
  readonly retry: RetryPolicy
  readonly timeoutMs: number
}

export interface Graph {
  readonly pipeline: string
  /** Runs of it that may be under way at the same time, those of backfills not counted. */
  readonly runsActiveMax: number
  readonly tasks: readonly TaskNode[]
}

/** A task with what most tasks are content with. */
export function taskNode(node: Pick<TaskNode, 'id' | 'kind'> & Partial<TaskNode>): TaskNode {
  return {
    account: null,
    input: null,
    after: [],
    when: 'all_success',
    pool: 'default',
    slots: 1,
    priority: 0,
    triesMax: 1,
    retry: { delayMs: 300_000, delayMsMax: 3_600_000 },
    timeoutMs: 3_600_000,
    ...node,
  }
}

/**
 * Throws ORCHESTRATE_TASK_TWICE, ORCHESTRATE_TASK_UNKNOWN and ORCHESTRATE_CYCLE: a graph with any of these would wait for ever
 * and not say why.
 */
export function checkGraph({ pipeline, tasks }: Graph): void {
  const byId = new Map<string, TaskNode>()
  for (const task of tasks) {
    if (byId.has(task.id)) throw new MillraceError('ORCHESTRATE_TASK_TWICE', { pipeline, task: task.id })
    byId.set(task.id, task)
  }
  for (const task of tasks)
    for (const before of task.after)
      if (!byId.has(before)) throw new MillraceError('ORCHESTRATE_TASK_UNKNOWN', { pipeline, task: task.id, before })
  const done = new Set<string>()
  const visit = (task: TaskNode, path: readonly string[]): void => {
    if (done.has(task.id)) return
    if (path.includes(task.id))
      throw new MillraceError('ORCHESTRATE_CYCLE', {
        pipeline,
        cycle: [...path.slice(path.indexOf(task.id)), task.id].join(' -> '),
      })
    for (const before of task.after) {
      const node = byId.get(before)
      if (node) visit(node, [...path, task.id])
    }
    done.add(task.id)
  }
  for (const task of tasks) visit(task, [])
}

/** JSON with its keys in order, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}

export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex')
}
