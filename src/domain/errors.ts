import { accessErrors } from './errors-access.ts'
import { backupErrors } from './errors-backup.ts'
import { cliErrors } from './errors-cli.ts'
import { configErrors } from './errors-config.ts'
import { connectorsErrors } from './errors-connectors.ts'
import { domainErrors } from './errors-domain.ts'
import { filesErrors } from './errors-files.ts'
import { incidentErrors } from './errors-incident.ts'
import { lakeErrors } from './errors-lake.ts'
import { notifyErrors } from './errors-notify.ts'
import { orchestrateErrors } from './errors-orchestrate.ts'
import { orchestrateEngineErrors } from './errors-orchestrate-engine.ts'
import { orchestrateScheduleErrors } from './errors-orchestrate-schedule.ts'
import { qualityErrors } from './errors-quality.ts'
import { sandboxErrors } from './errors-sandbox.ts'
import { secretErrors } from './errors-secrets.ts'
import { serverErrors } from './errors-server.ts'
import { seriesErrors } from './errors-series.ts'
import { streamErrors } from './errors-stream.ts'
import { streamCollectErrors } from './errors-stream-collect.ts'
import { transformSelectErrors } from './errors-transform-select.ts'
import { transformErrors } from './errors-transform.ts'
import { unifyErrors } from './errors-unify.ts'
import { warehouseErrors } from './errors-warehouse.ts'
import type { ErrorEntry } from './error-entry.ts'
import { exitCodes } from './error-entry.ts'

/** Every error of the program, one table a room. docs/errors.md is generated from it. */
export const catalogue = {
  ...domainErrors,
  ...configErrors,
  ...connectorsErrors,
  ...filesErrors,
  ...lakeErrors,
  ...unifyErrors,
  ...warehouseErrors,
  ...backupErrors,
  ...secretErrors,
  ...qualityErrors,
  ...seriesErrors,
  ...incidentErrors,
  ...transformErrors,
  ...transformSelectErrors,
  ...orchestrateErrors,
  ...orchestrateEngineErrors,
  ...orchestrateScheduleErrors,
  ...notifyErrors,
  ...sandboxErrors,
  ...serverErrors,
  ...accessErrors,
  ...streamErrors,
  ...streamCollectErrors,
  ...cliErrors,
} as const

export type ErrorCode = keyof typeof catalogue

export type Language = 'en' | 'ko'

/** Facts are what the message names and what a program reads: text, numbers and yes/no, never secrets. */
export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>

/** The words of a failure in one language, facts filled in; the same in CLI, API and UI. */
export interface Explanation {
  readonly code: ErrorCode
  readonly what: string
  readonly why: string
  readonly fix: string
}

function filled(text: string, facts: Facts): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => (name in facts ? String(facts[name] ?? '–') : whole))
}

/** The catalogue's text for a code with its facts, without an error having been thrown. */
export function explain(code: ErrorCode, facts: Facts, language: Language): Explanation {
  const text = catalogue[code][language]
  return { code, what: filled(text.what, facts), why: filled(text.why, facts), fix: filled(text.fix, facts) }
}

/**
 * The program's one error class. `code` says what happened in a word that a program can compare, `facts` say it of what,
 * the catalogue says why and what to do. `cause` keeps the error underneath.
 */
export class MillraceError extends Error {
  readonly code: ErrorCode
  readonly facts: Facts
  readonly retryable: boolean
  /** How long the other side asked us to wait before trying again, in milliseconds; undefined when it did not say. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: ErrorCode,
    facts: Facts = {},
    options: { cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    const { what, why, fix } = explain(code, facts, 'en')
    super(`${what}. ${why} ${fix}`, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'MillraceError'
    this.code = code
    this.facts = facts
    this.retryable = (catalogue[code] as ErrorEntry).retryable
    this.retryAfterMs = options.retryAfterMs
  }

  get exitCode(): number {
    return exitCodes[(catalogue[this.code] as ErrorEntry).exit]
  }

  explain(language: Language): Explanation {
    return explain(this.code, this.facts, language)
  }

  /** As problem+json and NDJSON print it. */
  toJSON(): object {
    return { ...this.explain('en'), facts: this.facts, retryable: this.retryable }
  }
}

export function isMillraceError(error: unknown, code?: ErrorCode): error is MillraceError {
  return error instanceof MillraceError && (code === undefined || error.code === code)
}
