import type { TimeZone } from '../domain/day.ts'

/** What the server is told of the project that it serves. */
export interface ProjectFacts {
  readonly name: string
  /** In which "yesterday" is decided when no day is named. */
  readonly zone: TimeZone
  readonly isDemo: boolean
}
