import type { ErrorClass } from './retry.ts'
import type { EngineRunState, TaskState } from './run-state.ts'
import type { Graph, Json } from './graph.ts'

export type RunKind = 'scheduled' | 'manual' | 'backfill' | 'restate' | 'external'

export interface TriggerRequest {
  readonly pipeline: string
  /** What the run is about: for a daily pipeline the civil day in its zone. */
  readonly partitionKey: string
  readonly kind: RunKind
  /** Higher goes first, in the queue and in pools. */
  readonly priority?: number | undefined
  readonly conf?: { readonly [key: string]: Json } | undefined
  readonly backfillId?: string | undefined
  /** Only the tasks of these accounts, `platform/accountId`, and those of the whole run; all when left out. */
  readonly accounts?: readonly string[] | undefined
}

export interface AttemptView {
  readonly attempt: number
  readonly state:
    | 'running'
    | 'success'
    | 'unchanged'
    | 'failed'
    | 'retry'
    | 'deferred'
    | 'skipped'
    | 'lost'
    | 'cancelled'
  readonly worker: string
  readonly errorClass: ErrorClass | null
  readonly error: Json
  readonly exitCode: number | null
  readonly startedAt: string
  readonly endedAt: string | null
  readonly retryAt: string | null
}

export interface TaskView {
  readonly task: string
  readonly kind: string
  readonly account: string | null
  readonly state: TaskState
  readonly after: readonly string[]
  readonly tries: number
  readonly triesMax: number
  readonly output: Json
  readonly error: Json
  readonly startedAt: Date | null
  readonly endedAt: Date | null
  readonly notBefore: Date
  readonly attempts: readonly AttemptView[]
}

export interface RunRow {
  readonly runId: string
  readonly pipeline: string
  readonly version: string
  readonly partitionKey: string
  readonly kind: RunKind
  readonly state: EngineRunState
  readonly queuedAt: Date
  readonly startedAt: Date | null
  readonly endedAt: Date | null
}

export interface RunView extends RunRow {
  readonly tasks: readonly TaskView[]
}

export interface ClearRequest {
  readonly runId: string
  /** Empty: every task of the run. */
  readonly tasks: readonly string[]
  /** Also what depends on them, by the graph and not by position. */
  readonly downstream: boolean
}

export interface RunFilter {
  readonly pipeline?: string | undefined
  readonly limit: number
}

/**
 * Carries out graphs of tasks: the embedded one on Postgres, or another scheduler that the graph is exported to. A run keeps the
 * graph it was made from.
 */
export interface Engine {
  /** Makes the graph the one that new runs are made from; returns its version, the hash of it. Throws what `checkGraph` throws. */
  deploy(graph: Graph): Promise<string>
  /**
   * Makes a run and returns its id. Throws ORCHESTRATE_RUN_LIVE while a run of the partition is queued or under way, and
   * ORCHESTRATE_PIPELINE_UNKNOWN.
   */
  trigger(request: TriggerRequest): Promise<string>
  /** Throws ORCHESTRATE_RUN_UNKNOWN. */
  inspect(runId: string): Promise<RunView>
  /** Newest first. */
  runs(filter: RunFilter): Promise<readonly RunRow[]>
  /** Stops what runs and begins nothing more of the run; returns before it has ended. Does nothing to a run that has ended. */
  cancel(runId: string): Promise<void>
  /**
   * Makes ended tasks wait again, with all their tries; old attempts are kept. Returns how many. Throws ORCHESTRATE_RUN_BUSY when
   * one of them is under way or the run is being cancelled, and ORCHESTRATE_RUN_LIVE when another run of its partition lives.
   */
  clear(request: ClearRequest): Promise<number>
  /** While paused, only runs made by hand begin. */
  pause(pipeline: string, paused: boolean): Promise<void>
}
