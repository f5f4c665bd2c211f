import type { z } from 'zod'
import { MillraceError, catalogue, isMillraceError } from '../domain/errors.ts'
import type { ErrorEntry } from '../domain/error-entry.ts'
import { exitCodes } from '../domain/error-entry.ts'
import type { Json } from './graph.ts'
import type { ClaimedTask, TaskResult } from './queue.ts'
import { classOfError } from './retry.ts'
import { asMillraceError } from './tally.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What a body has besides its input. */
export interface BodyContext {
  readonly task: ClaimedTask
  /** Aborts when the run is cancelled, the time is over or the worker stops; who ignores it is ended. */
  readonly signal: AbortSignal
  log(level: LogLevel, message: string): void
}

export type BodyEnd<Output> =
  | { readonly kind: 'success' | 'unchanged' | 'skipped'; readonly output: Output }
  | { readonly kind: 'deferred'; readonly delayMs: number }
  /** It failed, and this is what it has done all the same. */
  | { readonly kind: 'failed'; readonly error: MillraceError; readonly output: Output }

/** What a task of one kind does, its input and output checked at the border of the process. */
export interface TaskBody {
  run(context: BodyContext): Promise<BodyEnd<Json>>
}

/** The bodies of a build by their kinds: what a module exports as `bodies` that a worker's processes are started with. */
export type TaskBodies = Readonly<Record<string, TaskBody>>

/** A body from its schemas and its function; throws ORCHESTRATE_TASK_INPUT and _OUTPUT for what does not fit them. */
export function defineBody<Input, Output extends Json>(spec: {
  readonly input: z.ZodType<Input>
  readonly output: z.ZodType<Output>
  run(input: Input, context: BodyContext): Promise<BodyEnd<Output>>
}): TaskBody {
  return {
    async run(context) {
      const { task } = context
      const input = spec.input.safeParse(task.input)
      if (!input.success)
        throw new MillraceError('ORCHESTRATE_TASK_INPUT', { task: task.task, detail: input.error.message })
      const end = await spec.run(input.data, context)
      if (end.kind !== 'success') return end
      const output = spec.output.safeParse(end.output)
      if (!output.success)
        throw new MillraceError('ORCHESTRATE_TASK_OUTPUT', { task: task.task, detail: output.error.message })
      return { ...end, output: output.data }
    },
  }
}

/** Runs the body of a task and turns whatever happens into a result. Never throws. */
export async function performTask(bodies: TaskBodies, context: BodyContext): Promise<TaskResult> {
  const { kind, task } = context.task
  try {
    const body = Object.hasOwn(bodies, kind) ? bodies[kind] : undefined
    if (!body) throw new MillraceError('ORCHESTRATE_TASK_KIND', { task, kind })
    const end = await body.run(context)
    return end.kind === 'failed' ? { ...failureOf(end.error), output: end.output } : end
  } catch (error) {
    return failureOf(error, context.signal)
  }
}

/** A failure as the queue writes it down. What was stopped by its signal failed for the signal's reason. */
export function failureOf(thrown: unknown, signal?: AbortSignal): TaskResult & { readonly kind: 'failed' } {
  const error = asMillraceError(signal?.aborted && isMillraceError(signal.reason) ? signal.reason : thrown)
  const entry: ErrorEntry = catalogue[error.code]
  return {
    kind: 'failed',
    errorClass: error.code === 'ORCHESTRATE_TASK_TIMEOUT' ? 'timeout' : classOfError(entry, error.retryAfterMs),
    error: JSON.parse(JSON.stringify(error)) as Json,
    exitCode: exitCodes[entry.exit],
    retryAfterMs: error.retryAfterMs ?? null,
  }
}
