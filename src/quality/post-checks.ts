import type { Dimension, Judgement, OnFail, Severity } from './check.ts'
import type {
  ExpectedRow,
  FreshnessRow,
  LevelsRow,
  MartRow,
  OrphanRow,
  PacingRow,
  ReconcileRow,
  RestatementRow,
  StreamRow,
  Tolerances,
} from './post-judge.ts'
import {
  judgeFreshness,
  judgeIdentity,
  judgeLevels,
  judgeMart,
  judgeMissing,
  judgeOrphans,
  judgePacing,
  judgeReconcile,
  judgeRestatement,
  judgeStill,
  judgeStream,
  skipped,
} from './post-judge.ts'

export const postStatements = [
  'missing-days',
  'restatement',
  'reconcile',
  'orphans',
  'pacing',
  'freshness',
  'stream',
  'marts',
  'levels',
] as const

export type PostStatement = (typeof postStatements)[number]

/** What a later check is told besides its rows. */
export interface PostMoment {
  readonly nowMs: number
  /** Hours after the end of a day in its account's zone at which it is due. */
  readonly dueHours: number
  readonly tolerancesOf: (platform: string) => Tolerances
}

/** A check of what readers already see: it cannot refuse anything, and tells. */
export interface PostCheck {
  readonly id: string
  readonly dimension: Dimension
  readonly severity: Severity
  readonly blocking: false
  readonly onFail: OnFail
  /** Null: there is nothing in the warehouse that it could look at yet; `judge` then says why. */
  readonly statement: PostStatement | null
  /** Pure. The row is what the statement says of one partition; its columns are those of the type that it is read as. */
  readonly judge: (row: unknown, moment: PostMoment) => Judgement
}

const later = { blocking: false, onFail: 'warn' } as const

/** The checks of published days, after the models are built. A table, as the blocking ones are. */
export const postChecks = [
  {
    ...later,
    id: 'ads.missing_campaign_days',
    dimension: 'completeness',
    severity: 'error',
    statement: 'missing-days',
    judge: (row) => judgeMissing(row as ExpectedRow),
  },
  {
    ...later,
    id: 'ads.zero_delivery',
    dimension: 'accuracy',
    severity: 'error',
    statement: 'missing-days',
    judge: (row) => judgeStill(row as ExpectedRow),
  },
  {
    ...later,
    id: 'ads.restatement',
    dimension: 'accuracy',
    severity: 'info',
    statement: 'restatement',
    judge: (row) => judgeRestatement(row as RestatementRow),
  },
  {
    ...later,
    id: 'ads.reconcile_platform',
    dimension: 'accuracy',
    severity: 'error',
    statement: 'reconcile',
    judge: (row, { tolerancesOf }) =>
      judgeReconcile(row as ReconcileRow, tolerancesOf((row as { readonly platform: string }).platform)),
  },
  {
    ...later,
    id: 'ads.orphan_campaign',
    dimension: 'consistency',
    severity: 'error',
    statement: 'orphans',
    judge: (row) => judgeOrphans(row as OrphanRow),
  },
  {
    ...later,
    // How fast money goes is worth looking up and not worth a message.
    onFail: 'record',
    id: 'ads.budget_pacing',
    dimension: 'accuracy',
    severity: 'warn',
    statement: 'pacing',
    judge: (row) => judgePacing(row as PacingRow),
  },
  {
    ...later,
    id: 'ads.freshness_sla',
    dimension: 'timeliness',
    severity: 'error',
    statement: 'freshness',
    judge: (row, { nowMs, dueHours }) => judgeFreshness(row as FreshnessRow, nowMs, dueHours),
  },
  {
    ...later,
    id: 'ads.stream_vs_batch',
    dimension: 'consistency',
    severity: 'warn',
    statement: 'stream',
    judge: (row) => judgeStream(row as StreamRow),
  },
  {
    ...later,
    id: 'ads.mart_reconcile',
    dimension: 'consistency',
    severity: 'error',
    statement: 'marts',
    judge: (row) => judgeMart(row as MartRow),
  },
  {
    ...later,
    id: 'ads.derived_identity',
    dimension: 'consistency',
    severity: 'error',
    statement: 'marts',
    judge: (row) => judgeIdentity(row as MartRow),
  },
  {
    ...later,
    id: 'ads.level_reconcile',
    dimension: 'consistency',
    severity: 'error',
    statement: 'levels',
    judge: (row) => judgeLevels(row as LevelsRow),
  },
  {
    ...later,
    id: 'ads.dst_day',
    dimension: 'consistency',
    severity: 'error',
    statement: null,
    judge: () => skipped('no_hourly_rows'),
  },
] as const satisfies readonly PostCheck[]

export type PostId = (typeof postChecks)[number]['id']
