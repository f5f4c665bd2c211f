import type { z } from 'zod'
import type { AdAccount } from '../domain/account.ts'
import { defineAdapter } from '../domain/adapter.ts'
import type { Clock, Random } from '../domain/clock.ts'
import type { Day, DayRange } from '../domain/day.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Language } from '../domain/errors.ts'
import type { RawMapping, RawRow } from '../domain/mapping.ts'
import type { ControlTotals, Slice } from '../domain/metric.ts'
import type { PlatformQuota } from '../domain/platform-quota.ts'
import type { Level, Platform } from '../domain/platform.ts'
import type { RemoteJob } from '../domain/remote-job.ts'

/** Everything a connector may touch besides its own platform: time, chance and the wire are handed in. */
export interface ConnectorContext {
  readonly clock: Clock
  readonly random: Random
  /** `globalThis.fetch` in production; tests hand in one that cuts, delays or counts. */
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
  /** The language of what `check` says; English when left out. */
  readonly language?: Language | undefined
  readonly remoteJobs?: RemoteJobs | undefined
  /** Without it a source of other people's begins at its beginning. */
  readonly sourceStates?: SourceStates | undefined
  /** What platforms said of their budgets, to whichever process; without it each process learns for itself. */
  readonly quota?: PlatformQuota | undefined
  /** One line for people about a retry, a refreshed token, a throttle; never a secret. */
  readonly log: (
    event: { readonly level: 'debug' | 'info' | 'warn'; readonly message: string } & Record<string, unknown>,
  ) => void
}

/** Where jobs are kept while a platform works at them. Without it a restart asks anew. */
export interface RemoteJobs {
  find(of: Pick<RemoteJob, 'platform' | 'accountId' | 'question'>): Promise<RemoteJob | undefined>
  keep(job: RemoteJob): Promise<void>
  /** Told when its rows were read, or when nothing will come of it. */
  forget(job: RemoteJob): Promise<void>
}

/** Where an incremental source stood, by what is asked of it and the newest day that it had told of. */
export interface SourceStates {
  before(sourceKey: string, day: Day): Promise<string | undefined>
  keep(sourceKey: string, through: Day, state: string): Promise<void>
  forget(sourceKey: string): Promise<void>
}

/** Takes what a connector reads, batch by batch. Awaiting it is the back-pressure: a connector holds one page, not an account. */
export interface Sink {
  rows(batch: readonly RawRow[]): Promise<void>
  entities(batch: readonly EntityObservation[]): Promise<void>
}

export interface ExtractResult {
  readonly rows: number
  readonly apiVersion: string
  readonly requestIds: readonly string[]
  /** Totals that the platform sent beside the rows, over the whole slice; null when it sent none. */
  readonly controlTotals: ControlTotals | null
  /** Calls or operations that counted against the platform's quota. */
  readonly operations: number
  /** Columns that the platform was asked for and knows no more; no number is made of them. */
  readonly vanished?: readonly string[] | undefined
}

/** What is true of the platform whatever the account: limits, refresh policy, the meaning of its columns. */
export interface ConnectorSpec<Options extends z.ZodType = z.ZodType> {
  readonly platform: Platform | 'file'
  readonly summary: string
  readonly options: Options
  readonly levels: readonly Level[]
  readonly apiVersion: string
  /** Days that one request may span at most. */
  readonly rangeDaysMax: number
  /** How far back the platform answers at all. */
  readonly retentionDays: number
  /** Calls that the platform answers on one day at most, where it tells people a number; a plan counts against it. */
  readonly operationsPerDayMax?: number | undefined
  /** How many days back numbers are still restated: the default of a refresh. */
  readonly lookbackDays: number
  /** How long after its local midnight a day's numbers can first be trusted to be whole. */
  readonly settleMs: number
  readonly mapping: RawMapping
  /** Mappings of the levels beside the campaign, whose rows have other columns. */
  readonly mappings?: Readonly<Partial<Record<Level, RawMapping>>>
  /** The mapping came with the connection and is no platform's: it is kept with every extract, which is mapped again by it alone. */
  readonly ownMapping?: true | undefined
}

/** The mapping of rows of a level. Throws CONNECTORS_LEVEL_UNKNOWN for a level that the connector has not. */
export function mappingAt(
  spec: Pick<ConnectorSpec, 'platform' | 'mapping' | 'mappings' | 'levels'>,
  level: Level,
): RawMapping {
  const found = spec.mappings?.[level] ?? (level === 'campaign' ? spec.mapping : undefined)
  if (found) return found
  const facts = { connector: spec.platform, level, known: spec.levels.join(', ') }
  throw new MillraceError('CONNECTORS_LEVEL_UNKNOWN', facts)
}

export function mappingsOf(
  levels: Readonly<Partial<Record<Level, { readonly mapping: RawMapping }>>>,
): Readonly<Partial<Record<Level, RawMapping>>> {
  return Object.fromEntries(Object.entries(levels).map(([level, { mapping }]) => [level, mapping]))
}

export interface CheckLine {
  readonly what: string
  readonly outcome: 'ok' | 'warn' | 'fail'
  readonly detail: string
  readonly fix: string | null
}

/** Told of an account that is configured and cannot be described, with why. */
export type OnUnavailable = (accountId: string, error: MillraceError) => void

/** An opened connection: a connector with its credentials and base URLs. */
export interface Connector extends AsyncDisposable {
  readonly spec: ConnectorSpec
  /** Asks the platform for one small thing per capability. Never throws: what fails is a line with its fix. */
  check(context: ConnectorContext): Promise<readonly CheckLine[]>
  /**
   * The accounts that the credentials reach, or the configured ones, with currency and zone as the platform says them.
   * A configured account that the platform will not describe is told to `onUnavailable` and left out; without that argument its
   * error is thrown. An error that concerns the whole connection is always thrown.
   */
  discover(context: ConnectorContext, onUnavailable?: OnUnavailable): Promise<readonly AdAccount[]>
  /**
   * Reads one slice and hands its rows to the sink in the order they come, each row once even across retries of a page.
   * Throws a CONNECTORS_* error; then what the sink received must be discarded by the caller. A connector asks again by itself only
   * while nothing of the broken answer has been handed over: an answer that breaks after that is thrown with `retryable`, and the
   * caller begins the slice anew with an empty sink.
   */
  extract(slice: Slice, account: AdAccount, context: ConnectorContext, sink: Sink): Promise<ExtractResult>
}

export const defineConnector = defineAdapter<Connector>()

/** What a caller wants of one account: these days, closed or not is the caller's decision. */
export interface SliceRequest {
  readonly account: AdAccount
  readonly level: Level
  readonly days: readonly Day[]
  readonly kind: Slice['kind']
}

/**
 * Pure: the fewest slices that cover the days. Consecutive days share one slice up to `rangeDaysMax`,
 * because one query is one operation however many days it spans (services of Google count 30 days as 1, not 30).
 */
export function planSlices(
  spec: Pick<ConnectorSpec, 'rangeDaysMax'>,
  request: SliceRequest,
  next: (day: Day) => Day,
): readonly Slice[] {
  const ranges: { since: Day; until: Day; count: number }[] = []
  for (const day of [...new Set(request.days)].sort()) {
    const last = ranges.at(-1)
    if (last && next(last.until) === day && last.count < spec.rangeDaysMax) {
      last.until = day
      last.count += 1
    } else {
      ranges.push({ since: day, until: day, count: 1 })
    }
  }
  return ranges.map(({ since, until }): Slice & DayRange => ({
    platform: request.account.platform,
    accountId: request.account.accountId,
    level: request.level,
    breakdownKey: '',
    kind: request.kind,
    since,
    until,
  }))
}
