import type { TaskKind } from './events.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import type { Platform } from '../domain/platform.ts'

/** One step of a pipeline, before it is fanned out. */
export interface TaskSpec {
  readonly id: string
  readonly kind: TaskKind
  /** `account`: one task for each account of `platform`; `run`: one task for the whole run. */
  readonly each: 'account' | 'run'
  /** Null: of every platform. */
  readonly platform: Platform | null
  /** Ids of the steps that must have ended. Per account, a task waits for its own account's tasks only. */
  readonly after: readonly string[]
  /** `all`: each of them succeeded; `ended`: they ended in whatever way, because one account's failure is not the run's. */
  readonly when: 'all' | 'ended'
  readonly retries: number
  readonly retryDelayMs: number
}

/** A pipeline as data: an engine runs it, an export writes it down for another one, a screen draws it. */
export interface Pipeline {
  readonly id: string
  readonly description: string
  readonly owner: string
  readonly tags: readonly string[]
  /** Cron in civil time of `zone`. */
  readonly schedule: { readonly cron: string; readonly zone: TimeZone }
  readonly startDate: Day
  readonly catchup: 'all' | 'latest' | 'none'
  readonly runsActiveMax: number
  readonly tasks: readonly TaskSpec[]
}

const retried = { retries: 2, retryDelayMs: 300_000 } as const

/**
 * The nightly job: the seed's `ad_data_pipeline` with its own names, in its own order. Two steps of the seed are one here:
 * its `transform_and_load_data` made rows public and its `validate_data_quality` looked at them afterwards; ours stages, audits
 * and publishes in one transaction, so the load carries the audit and bad rows are never seen.
 */
export function adDataPipeline(platforms: readonly Platform[], zone: TimeZone): Pipeline {
  const extracts = platforms.map((platform): TaskSpec => ({
    id: `extract_${platform}_data`,
    kind: 'extract',
    each: 'account',
    platform,
    after: [],
    when: 'all',
    ...retried,
  }))
  return {
    id: 'ad_data_pipeline',
    description: '광고 데이터 ETL 파이프라인',
    owner: 'data-team',
    tags: ['advertising', 'etl', 'daily'],
    schedule: { cron: '0 2 * * *', zone },
    startDate: '2024-01-01' as Day,
    catchup: 'latest',
    runsActiveMax: 1,
    tasks: [
      ...extracts,
      {
        id: 'transform_and_load_data',
        kind: 'load',
        each: 'account',
        platform: null,
        after: extracts.map((task) => task.id),
        when: 'all',
        ...retried,
      },
      {
        id: 'run_dbt_models',
        kind: 'dbt',
        each: 'run',
        platform: null,
        after: ['transform_and_load_data'],
        when: 'ended',
        ...retried,
      },
      {
        id: 'notify',
        kind: 'notify',
        each: 'run',
        platform: null,
        after: ['run_dbt_models'],
        when: 'ended',
        retries: 0,
        retryDelayMs: 0,
      },
    ],
  }
}
