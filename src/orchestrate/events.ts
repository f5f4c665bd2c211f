import type { ErrorCode } from '../domain/errors.ts'
import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Platform } from '../domain/platform.ts'

export type TaskKind = 'extract' | 'load' | 'dbt' | 'notify'

export type TaskOutcome = 'success' | 'refused' | 'failed' | 'skipped'

export type RunState = 'success' | 'partial' | 'failed'

/** What a failed or refused part of a run says, the same in the log, the message and the table. */
export interface Trouble {
  readonly platform: Platform | null
  readonly accountId: string | null
  /** Days that it concerns; empty when it concerns the run as a whole. */
  readonly dates: readonly Day[]
  readonly code: ErrorCode
  readonly message: string
  readonly fix: string
}

/** The result of a run: what the success notice, `--json` and the run's row in the warehouse are made from. */
export interface RunSummary {
  readonly runId: string
  readonly pipeline: string
  readonly state: RunState
  readonly since: Day
  readonly until: Day
  /** Days of the data interval. */
  readonly days: number
  readonly platforms: readonly Platform[]
  readonly accounts: number
  /** Facts published or found unchanged by this run. */
  readonly rows: number
  readonly rowsChanged: number
  readonly partitions: {
    readonly published: number
    readonly unchanged: number
    readonly refused: number
    readonly failed: number
    readonly superseded: number
    readonly waiting: number
  }
  readonly checks: { readonly pass: number; readonly warn: number; readonly fail: number }
  readonly models: number
  readonly dbtTests: { readonly pass: number; readonly warn: number; readonly fail: number }
  /** Cost of the data interval per currency; never summed across. */
  readonly costTotal: Readonly<Record<string, Decimal>>
  readonly troubles: readonly Trouble[]
  readonly seconds: number
}

/** What a run tells while it works; one line of NDJSON each. Rendering is the command's business. */
export type RunEvent =
  | {
      readonly event: 'run_started'
      readonly runId: string
      readonly pipeline: string
      readonly since: Day
      readonly until: Day
      readonly accounts: number
      readonly partitions: number
    }
  | { readonly event: 'task_started'; readonly task: string; readonly kind: TaskKind; readonly account: string | null }
  | {
      readonly event: 'task_finished'
      readonly task: string
      readonly kind: TaskKind
      readonly account: string | null
      readonly outcome: TaskOutcome
      readonly rows: number
      readonly seconds: number
      readonly code: ErrorCode | null
      readonly message: string | null
    }
  | {
      readonly event: 'progress'
      readonly partitionsDone: number
      readonly partitionsTotal: number
      readonly rows: number
    }
  | { readonly event: 'log'; readonly level: 'debug' | 'info' | 'warn'; readonly message: string }
  | { readonly event: 'run_finished'; readonly summary: RunSummary }
