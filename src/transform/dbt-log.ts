import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LoggedEvent, RunnerCommand, RunnerEvent } from './runner.ts'

export type LogFormat = 'text' | 'json' | 'debug'
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'none'

/** How an invocation is told: to the console, and to dbt's file of the log. */
export interface LogSettings {
  readonly format: LogFormat
  readonly level: LogLevel
  readonly fileFormat: LogFormat
  readonly fileLevel: LogLevel
  readonly folder: string
  /** Whether what macros print is told. */
  readonly isPrinting: boolean
  readonly command: RunnerCommand
}

const RANKS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, none: 4 }

/** A line of the console, and where it belongs. */
export interface ConsoleLine {
  readonly text: string
  /** Data is for stdout alone; the rest may stand beside it. */
  readonly isData: boolean
  readonly level: Exclude<LogLevel, 'none'>
}

type Said = Extract<RunnerEvent, { kind: 'log' } | { kind: 'output' }>

/** The line that the console shows of an event; null when it shows none. */
export function consoleLine(said: Said, settings: LogSettings): ConsoleLine | null {
  const isData = said.kind === 'output'
  const level = said.kind === 'output' ? 'info' : said.level
  // What a command prints as its product is told under --quiet too, as in dbt.
  if (settings.level === 'none' || (!isData && RANKS[level] < RANKS[settings.level])) return null
  if (isData && isSilenced(said, settings)) return null
  const message = isData ? said.line : said.message
  const { event } = said
  if (settings.format === 'json')
    return event === undefined ? null : { text: jsonLine(event, level, message), isData: true, level }
  if (isData || event === undefined) return { text: message, isData, level }
  const text =
    settings.format === 'debug'
      ? debugLine(event, level, message)
      : `${timeOf(event).slice(0, SECONDS_END)}  ${message}`
  return { text, isData: false, level }
}

/** `--no-print` is for what macros print; the lines of `ls` are dbt's own. */
function isSilenced({ event }: Said, { isPrinting, command }: LogSettings): boolean {
  return !isPrinting && command !== 'ls' && event?.name === 'PrintEvent'
}

const SECONDS_END = 'HH:MM:SS'.length

/** `HH:MM:SS.ffffff` */
function timeOf({ instant }: LoggedEvent): string {
  return instant.slice('YYYY-MM-DDT'.length).replace('Z', '')
}

/** dbt's own line of JSON: what happened and the circumstances, keys in their order. */
function jsonLine(event: LoggedEvent, level: string, message: string): string {
  const info = {
    category: '',
    code: event.code,
    extra: {},
    invocation_id: event.invocationId,
    level,
    msg: message,
    name: event.name,
    pid: event.processId,
    thread: event.thread,
    ts: event.instant,
  }
  return spaced({ data: event.data, info })
}

/** JSON as Python writes it: ASCII, with spaces, keys sorted. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => spaced(item)).join(', ')}]`
  if (typeof value !== 'object' || value === null) return ascii(JSON.stringify(value) ?? 'null')
  const members = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${members.map(([key, item]) => `${ascii(JSON.stringify(key))}: ${spaced(item)}`).join(', ')}}`
}

function ascii(text: string): string {
  return text.replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const LEVEL_WIDTH = 5
const THREAD_WIDTH = 10

function debugLine(event: LoggedEvent, level: string, message: string): string {
  const thread = event.thread.slice(0, THREAD_WIDTH).padEnd(THREAD_WIDTH)
  return `${timeOf(event)} [${level.padEnd(LEVEL_WIDTH)}] [${thread}]: ${message}`
}

/** dbt's last event of an invocation that could not be carried out. */
export function encountered(last: LoggedEvent, message: string): Extract<RunnerEvent, { kind: 'log' }> {
  const event = { ...last, name: 'MainEncounteredError', code: 'Z002', data: { exc: message }, thread: 'MainThread' }
  return { kind: 'log', level: 'error', message: `Encountered an error:\n${message}`, event }
}

const RULE = '='.repeat(30)
const FLUSHED_LENGTH = 16_384

/** logs/dbt.log: every event of the invocation behind those of earlier ones. Nothing is written when nothing was said. */
export class LogFile {
  readonly #settings: LogSettings
  #held = ''

  constructor(settings: LogSettings) {
    this.#settings = settings
  }

  add(said: Said): void {
    const { fileFormat, fileLevel } = this.#settings
    const { event } = said
    const level = said.kind === 'output' ? 'info' : said.level
    // What `clean` says has no file: the folder of the log may be what it removes.
    if (event === undefined || this.#settings.command === 'clean' || RANKS[level] < RANKS[fileLevel]) return
    const message = said.kind === 'output' ? said.line : said.message
    if (fileFormat === 'json') this.#held += `${jsonLine(event, level, message)}\n`
    else {
      const head =
        event.name === 'MainReportVersion' ? `\n\n${RULE} ${timeOf(event)} | ${event.invocationId} ${RULE}\n` : ''
      this.#held += `${head}${fileFormat === 'text' ? `${timeOf(event).slice(0, SECONDS_END)}  ${message}` : debugLine(event, level, message)}\n`
    }
    if (this.#held.length > FLUSHED_LENGTH) this.close()
  }

  close(): void {
    if (this.#held === '') return
    mkdirSync(this.#settings.folder, { recursive: true })
    appendFileSync(join(this.#settings.folder, 'dbt.log'), this.#held)
    this.#held = ''
  }
}
