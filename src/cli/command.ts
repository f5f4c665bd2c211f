import type { AuditEntry } from '../access/audit.ts'
import type { Principal } from '../access/principal.ts'
import type { Language } from '../domain/errors.ts'
import type { Session, Warehouse } from '../warehouse/warehouse.ts'
import type { Clock } from '../domain/clock.ts'
import type { Scrubber } from './scrubber.ts'
import type { Said } from './language.ts'
import type { Output } from './output.ts'

export interface OptionSpec {
  /** As commander writes it: `--since <day>`, `--force`. */
  readonly flags: string
  readonly text: Said
  readonly choices?: readonly string[]
  /** May be given several times; its value is a list. */
  readonly many?: boolean
  readonly required?: boolean
}

export interface ArgumentSpec {
  /** `<query>` required, `[dir]` optional, `<files...>` several. */
  readonly name: string
  readonly text: Said
  readonly choices?: readonly string[]
}

/** Options as they were given: text, yes, or a list. */
export type Given = Readonly<Record<string, string | boolean | readonly string[] | undefined>>

/** How a deed ended or began, and the hashes of what it changed; who did it, and how it was asked for, the deed knows itself. */
export type DeedLine = Pick<AuditEntry, 'outcome'> &
  Partial<Pick<AuditEntry, 'detail' | 'subject' | 'beforeHash' | 'afterHash'>>

/** One call of a command as the audit log knows it. */
export interface CommandDeed {
  readonly who: Principal
  /** Written before anything is done, once, however often the command opens the warehouse. Reading is not written down. */
  begin(warehouse: Warehouse): Promise<void>
  /** A line of this deed, in the transaction of what it tells of. */
  write(session: Session, line: DeedLine): Promise<void>
}

/** What a command knows about how it was called. */
export interface Invocation {
  readonly output: Output
  readonly language: Language
  /** Absolute. */
  readonly projectDir: string
  readonly json: boolean
  /** Every question is answered with yes. */
  readonly yes: boolean
  /** A person sits at both ends and may be asked. */
  readonly interactive: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly secrets: Scrubber
  readonly clock: Clock
  /** Aborts at the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
  /** This call, as the audit log knows it. */
  readonly deed: CommandDeed
  /** Every command with its summary, for those that speak of all of them. */
  readonly all: () => Promise<readonly ListedCommand[]>
}

export interface ListedCommand {
  readonly summary: Said
  readonly command: CommandSpec
}

/** One command: how it is called, what it says of itself, what it does. Its heavy imports are made inside `run`. */
export interface CommandSpec {
  readonly name: string
  readonly arguments: readonly ArgumentSpec[]
  readonly options: readonly OptionSpec[]
  readonly description: Said
  readonly examples: readonly { readonly line: string; readonly text: Said }[]
  /** Everything behind the command's name is handed over as it is. */
  readonly passThrough?: boolean
  /** Returns the exit code. Throws MillraceError for everything that is not as it should be. */
  run(invocation: Invocation, args: readonly string[], given: Given): Promise<number>
}
