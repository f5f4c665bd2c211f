import type { ErrorCode, Facts } from '../domain/errors.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import type { Platform } from '../domain/platform.ts'

export type TaskKind = 'extract' | 'load' | 'dbt' | 'notify'

export type TaskOutcome = 'success' | 'unchanged' | 'refused' | 'failed' | 'skipped'

export type RunState = 'success' | 'partial' | 'failed'

/** What a failed or refused part of a run says, the same in the log, the message and the table. */
export interface Trouble {
  readonly platform: Platform | null
  readonly accountId: string | null
  /** Days that it concerns; empty when it concerns the run as a whole. */
  readonly dates: readonly Day[]
  readonly code: ErrorCode
  /** What the code's text names, so that it can be said again in another language. */
  readonly facts: Facts
  readonly message: string
  readonly fix: string
}

/** Days of an account that had not closed in its zone when the run looked; a later run loads them. */
export interface Waiting {
  readonly platform: Platform
  readonly accountId: string
  readonly zone: TimeZone
  readonly dates: readonly Day[]
}

/** One account in a run. */
export interface AccountSummary {
  readonly platform: Platform
  readonly accountId: string
  readonly name: string
  readonly zone: TimeZone
  readonly state: 'landed' | 'refused' | 'failed' | 'waiting'
  /** Days that this run published or found unchanged. */
  readonly dates: readonly Day[]
  readonly rows: number
}

/** The result of a run: what the success notice, `--json` and the run's row in the warehouse are made from. */
export interface RunSummary {
  readonly runId: string
  readonly pipeline: string
  readonly state: RunState
  readonly since: Day
  readonly until: Day
  /** Days that the run was about: every day that at least one account read. */
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
  readonly waiting: readonly Waiting[]
  readonly perAccount: readonly AccountSummary[]
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
  /** What the look after a run made of the incidents; told when any was opened or resolved. */
  | { readonly event: 'incidents'; readonly opened: number; readonly resolved: number }
  | { readonly event: 'run_finished'; readonly summary: RunSummary }
