import type { PyDateTime } from '../jinja/civil-time.ts'
import type { Source } from '../parse/nodes.ts'
import type { Timing } from './node-session.ts'

export type FreshnessStatus = 'pass' | 'warn' | 'error' | 'runtime error'

/** How old the newest row of a source is. */
export interface Freshness {
  readonly source: Source
  readonly status: FreshnessStatus
  readonly message: string | null
  readonly timing: readonly Timing[]
  readonly executionSeconds: number
  readonly thread: string
  /** Null when it could not be asked. */
  readonly age: Age | null
}

export interface Age {
  readonly loadedAt: PyDateTime
  readonly askedAt: PyDateTime
  readonly seconds: number
  readonly response: Readonly<Record<string, unknown>>
}
