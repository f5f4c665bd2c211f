/** Exit codes of the program; every error knows its own (DECISIONS of the program's rules). */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  config: 3,
  dependency: 4,
  quality: 5,
  run: 6,
  auth: 7,
  temporary: 75,
  skipped: 99,
  interrupted: 130,
} as const

export type ExitName = keyof typeof exitCodes

/** What a person reads: what happened, why, and the fix. `{name}` is replaced by the fact of that name. */
export interface ErrorText {
  readonly what: string
  readonly why: string
  readonly fix: string
}

/** One line of the catalogue; docs/errors.md is generated from it and a test holds the two together. */
export interface ErrorEntry {
  readonly exit: ExitName
  /** Whether the same call may succeed later with nothing changed. */
  readonly retryable: boolean
  /** Names of the facts that the thrower gives. */
  readonly facts: readonly string[]
  readonly en: ErrorText
  readonly ko: ErrorText
}

export type ErrorTable = Readonly<Record<string, ErrorEntry>>
