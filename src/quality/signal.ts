import { createHash } from 'node:crypto'
import type { Day } from '../domain/day.ts'
import type { Severity } from './check.ts'

/** From the widest cause to the narrowest: each explains those after it on the same partition. */
export const signalKinds = ['run', 'freshness', 'empty', 'volume', 'check', 'metric'] as const
export type SignalKind = (typeof signalKinds)[number]

/** What a message shows; every number of it comes from what was stored. */
export interface SignalFacts {
  readonly metric?: string
  readonly found?: number | string | null
  readonly expected?: number | null
  readonly low?: number | null
  readonly high?: number | null
  /** The series up to the day, oldest first. */
  readonly history?: readonly (number | null)[]
  readonly currency?: string
  /** What the difference is worth, in `currency`. */
  readonly moneyAtStake?: string | null
  readonly contributions?: readonly { readonly name: string; readonly difference: number; readonly share: number }[]
  readonly cause?: string
  readonly causeKo?: string
  readonly sentence?: string
  readonly sentenceKo?: string
}

/** One thing that was found wrong, or right, on one day. */
export interface Signal {
  readonly dataset: string
  readonly checkId: string
  readonly kind: SignalKind
  readonly platform: string
  /** Null: the platform as a whole. */
  readonly accountId: string | null
  /** Of an anomaly beneath the account; empty otherwise. */
  readonly seriesKey: string
  readonly day: Day
  readonly firing: boolean
  readonly severity: Severity
  readonly facts: SignalFacts
}

/** The name of a cause: the same whenever the same thing goes wrong at the same place. */
export function fingerprintOf(
  signal: Pick<Signal, 'dataset' | 'checkId' | 'platform' | 'accountId' | 'seriesKey'>,
): string {
  const parts = [signal.dataset, signal.checkId, signal.platform, signal.accountId ?? '*', signal.seriesKey]
  return createHash('sha256').update(parts.join('\u0000')).digest('hex').slice(0, 32)
}
