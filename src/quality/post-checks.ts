import type { Dimension, Judgement, OnFail, Severity } from './check.ts'
import type {
  ExpectedRow,
  FreshnessRow,
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
  /** Pure. Rows are what the statement says of one partition. */
  readonly judge: (row: unknown, moment: PostMoment) => Judgement
}

/** Gives a judgement its row: the statement's columns are those of the type, which the tests of the later checks hold. */
function on<Row>(judge: (row: Row, moment: PostMoment) => Judgement): PostCheck['judge'] {
  return (row, moment) => judge(row as Row, moment)
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
    judge: on<ExpectedRow>(judgeMissing),
  },
  {
    ...later,
    id: 'ads.zero_delivery',
    dimension: 'accuracy',
    severity: 'error',
    statement: 'missing-days',
    judge: on<ExpectedRow>(judgeStill),
  },
  {
    ...later,
    id: 'ads.restatement',
    dimension: 'accuracy',
    severity: 'info',
    statement: 'restatement',
    judge: on<RestatementRow>(judgeRestatement),
  },
  {
    ...later,
    id: 'ads.reconcile_platform',
    dimension: 'accuracy',
    severity: 'error',
    statement: 'reconcile',
    judge: on<ReconcileRow & { readonly platform: string }>((row, { tolerancesOf }) =>
      judgeReconcile(row, tolerancesOf(row.platform)),
    ),
  },
  {
    ...later,
    id: 'ads.orphan_campaign',
    dimension: 'consistency',
    severity: 'error',
    statement: 'orphans',
    judge: on<OrphanRow>(judgeOrphans),
  },
  {
    ...later,
    id: 'ads.budget_pacing',
    dimension: 'accuracy',
    severity: 'warn',
    statement: 'pacing',
    judge: on<PacingRow>(judgePacing),
  },
  {
    ...later,
    id: 'ads.freshness_sla',
    dimension: 'timeliness',
    severity: 'error',
    statement: 'freshness',
    judge: on<FreshnessRow>((row, { nowMs, dueHours }) => judgeFreshness(row, nowMs, dueHours)),
  },
  {
    ...later,
    id: 'ads.stream_vs_batch',
    dimension: 'consistency',
    severity: 'warn',
    statement: 'stream',
    judge: on<StreamRow>(judgeStream),
  },
  {
    ...later,
    id: 'ads.mart_reconcile',
    dimension: 'consistency',
    severity: 'error',
    statement: 'marts',
    judge: on<MartRow>(judgeMart),
  },
  {
    ...later,
    id: 'ads.derived_identity',
    dimension: 'consistency',
    severity: 'error',
    statement: 'marts',
    judge: on<MartRow>(judgeIdentity),
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
