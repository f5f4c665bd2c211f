import type { Platform } from './platform.ts'

/** A report that a platform works at by itself; known by what was asked, so that who comes back after a restart finds it. */
export interface RemoteJob {
  readonly platform: Platform
  readonly accountId: string
  /** Of the whole question: two that differ in anything have different ones. */
  readonly question: string
  /** The platform's own id. */
  readonly jobId: string
  readonly submittedAtMs: number
}
