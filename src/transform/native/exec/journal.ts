import process from 'node:process'
import type { Clock } from '../../../domain/clock.ts'
import type { StatementTold } from '../adapter/session.ts'
import { MillraceError } from '../../../domain/errors.ts'
import type { LoggedEvent, RunnerEvent, WarnErrors } from '../../runner.ts'
import { artifactInstant } from './manifest-file.ts'

type OnEvent = (event: RunnerEvent) => void

export type Level = 'debug' | 'info' | 'warn' | 'error'

/** dbt's name of an event and its code. */
export type EventKind = readonly [name: string, code: string]

const MAIN_THREAD = 'MainThread'

/** Width of a line before its status, as dbt prints it when nothing else is said. */
const PRINTER_WIDTH = 80

const NO_ERRORS: WarnErrors = { error: [], warn: [], silence: [] }

/** What an invocation says, in dbt's words and under dbt's names: for people, for `--log-format json` and for the file of the log. */
export class Journal {
  readonly #clock: Clock
  readonly #onEvent: OnEvent
  readonly #invocationId: string
  readonly #warnErrors: WarnErrors

  constructor(clock: Clock, onEvent: OnEvent, invocationId: string, warnErrors: WarnErrors = NO_ERRORS) {
    this.#clock = clock
    this.#onEvent = onEvent
    this.#invocationId = invocationId
    this.#warnErrors = warnErrors
  }

  say(level: Level, kind: EventKind, message: string, data: LoggedEvent['data'] = {}, thread = MAIN_THREAD): void {
    this.#onEvent({ kind: 'log', level, message, event: this.#event(kind, data, thread) })
  }

  /** A warning, under the name that `--warn-error-options` knows. Throws TRANSFORM_WARNING_RAISED where it is an error. */
  warn(kind: EventKind, message: string, data: LoggedEvent['data'] = {}): void {
    const [name] = kind
    if (this.#warnErrors.silence.includes(name)) return
    if (this.isError(name)) throw new MillraceError('TRANSFORM_WARNING_RAISED', { name, message })
    this.say('warn', kind, message, data)
  }

  /** Whether a warning of this name is an error. */
  isError(name: string): boolean {
    const { error, warn, silence } = this.#warnErrors
    if (warn.includes(name) || silence.includes(name)) return false
    return error === 'all' || error.includes(name)
  }

  /** Data for stdout, without a time before it. */
  output(kind: EventKind, line: string, data: LoggedEvent['data']): void {
    this.#onEvent({ kind: 'output', line, event: this.#event(kind, data, MAIN_THREAD) })
  }

  blank(): void {
    this.say('info', ['Formatting', 'Z017'], '', { msg: '' })
  }

  /** Statements of connections, for the file of the log. */
  statements(): StatementTold {
    const begun = new Map<string, number>()
    return {
      sent: (name, sql) => {
        begun.set(name, this.#clock.nowMs())
        this.say('debug', ['ConnectionUsed', 'E015'], `Using postgres connection "${name}"`, {
          conn_name: name,
          conn_type: 'postgres',
        })
        this.say('debug', ['SQLQuery', 'E016'], `On ${name}: ${sql}`, { conn_name: name, sql })
      },
      answered: (name, status) => {
        const elapsed = (this.#clock.nowMs() - (begun.get(name) ?? this.#clock.nowMs())) / 1000
        const text = `SQL status: ${status} in ${elapsed.toFixed(3)} seconds`
        this.say('debug', ['SQLQueryStatus', 'E017'], text, { elapsed, status })
      },
    }
  }

  /** The instant as dbt writes it into events, without a zone. */
  instant(): string {
    return artifactInstant(this.#clock.nowMs()).replace('Z', '')
  }

  #event([name, code]: EventKind, data: LoggedEvent['data'], thread: string): LoggedEvent {
    const instant = artifactInstant(this.#clock.nowMs())
    return { name, code, data, thread, instant, invocationId: this.#invocationId, processId: process.pid }
  }
}

export interface LineParts {
  readonly index?: number
  readonly total?: number
  readonly seconds?: number
  /** Whether a long text is cut, as those of hooks are. */
  readonly isCut?: boolean
}

/** `1 of 3 START sql view model analytics.orders ...... [RUN]` */
export function statusLine(text: string, status: string, { index, total, seconds, isCut }: LineParts): string {
  const progress = index === undefined || total === undefined ? '' : `${index} of ${total} `
  const whole = `${progress}${text} `.padEnd(PRINTER_WIDTH, '.')
  const widthMax = PRINTER_WIDTH - '...'.length
  const shown = isCut === true && whole.length > widthMax ? `${whole.slice(0, widthMax)}...` : whole
  return `${shown} [${status}${seconds === undefined ? '' : ` in ${seconds.toFixed(2)}s`}]`
}

/** `1 model`, `2 models`. */
export function counted(count: number, word: string): string {
  return `${count} ${count === 1 ? word : plural(word)}`.replaceAll('_', ' ')
}

function plural(word: string): string {
  const irregular: Readonly<Record<string, string>> = {
    analysis: 'analyses',
    saved_query: 'saved_queries',
    test: 'data_tests',
  }
  return irregular[word] ?? `${word}s`
}
