import type { Level, Platform } from './platform.ts'

/** How entities are to be called: a pattern of segments, with the values that some of them may have. */
export interface NamingRule {
  readonly name: string
  /** Null: every platform. */
  readonly platform: Platform | null
  readonly level: Level
  /** `{country}_{objective}_{audience*}_{yyyymm}` */
  readonly pattern: string
  readonly enums: Readonly<Record<string, readonly string[]>>
}

/** What a name says by the rules. */
export type NameReading =
  | { readonly outcome: 'matched'; readonly rule: string; readonly segments: Readonly<Record<string, string>> }
  /** One rule reads it in two ways: none of them is believed. */
  | {
      readonly outcome: 'ambiguous'
      readonly rule: string
      readonly readings: readonly Readonly<Record<string, string>>[]
    }
  /** `segment` is where the name leaves the rule that it follows furthest, `found` what stands there. */
  | { readonly outcome: 'violation'; readonly rule: string; readonly segment: string; readonly found: string }
