import { styleText } from 'node:util'
import type { Scrubber } from './scrubber.ts'

/** As much of process.stdout and process.stderr as is written to. */
export interface Stream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export type Paint = (style: Style, text: string) => string

/** Where a command speaks. stdout carries data and nothing else; stderr talks. Every line passes the scrubber. */
export interface Output {
  /** stdout is a terminal: rows are shown as a table instead of NDJSON. */
  readonly isTerminal: boolean
  readonly json: boolean
  /** A footer may be redrawn: stderr is a terminal that can move its cursor, and nobody asked for quiet. */
  readonly isLive: boolean
  /** How wide the terminal of stderr is; 100 where there is none. */
  readonly columns: number
  /** Colours for stderr; plain where colours are off. */
  readonly paint: Paint
  /** Text to stdout as it is. */
  data(text: string): void
  /** One line of NDJSON to stdout. */
  record(value: object): void
  /** A line to stderr; nothing when quiet. */
  say(line: string): void
  /** A line to stderr, quiet or not. */
  warn(line: string): void
  /** Replaces the live lines below everything said so far; empty takes them away. Does nothing unless `isLive`. */
  footer(lines: readonly string[]): void
}

export interface OutputOptions {
  readonly stdout: Stream
  readonly stderr: Stream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly secrets: Scrubber
  readonly json: boolean
  readonly quiet: boolean
  readonly color: boolean
}

const footerLinesMax = 8

/** Longer lines are hard to read, however wide the terminal is. */
const columnsMax = 100
const columnsMin = 40

function hasColor(stream: Stream, env: OutputOptions['env'], wanted: boolean): boolean {
  if (!wanted) return false
  if (env['FORCE_COLOR'] !== undefined && env['FORCE_COLOR'] !== '') return env['FORCE_COLOR'] !== '0'
  return Boolean(stream.isTTY) && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
}

export function makeOutput({ stdout, stderr, env, secrets, json, quiet, color }: OutputOptions): Output {
  const out = pipe(stdout)
  const err = pipe(stderr)
  const painted = hasColor(stderr, env, color)
  const isLive = Boolean(stderr.isTTY) && env['TERM'] !== 'dumb' && !env['CI'] && !quiet && !json
  let drawn = 0
  let footer: readonly string[] = []
  const clear = () => (drawn > 0 ? `\u001b[${drawn}A\u001b[J` : '')
  const draw = (before: string) => {
    const erased = clear()
    drawn = footer.length
    err(secrets.scrub(erased + before + footer.map((line) => `${line}\n`).join('')))
  }
  return {
    isTerminal: Boolean(stdout.isTTY),
    json,
    isLive,
    columns: Math.max(columnsMin, Math.min(columnsMax, stderr.isTTY ? (stderr.columns ?? columnsMax) : columnsMax)),
    paint: (style, text) => (painted ? styleText(style, text, { validateStream: false }) : text),
    data: (text) => out(secrets.scrub(text)),
    record: (value) => out(`${secrets.scrub(JSON.stringify(value, plainValues))}\n`),
    say: (line) => (quiet ? undefined : draw(`${line}\n`)),
    warn: (line) => draw(`${line}\n`),
    footer(lines) {
      if (!isLive || lines.join('\n') === footer.join('\n')) return
      // A line that the terminal breaks in two would make the next redraw leave its first half behind.
      footer = lines.slice(0, footerLinesMax)
      draw('')
    },
  }
}

function plainValues(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

/** Writes until the reader goes away; `| head -1` ends a listing, and must not end a run that is under way. */
function pipe(stream: Stream): (text: string) => void {
  let isOpen = true
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
    isOpen = false
  })
  return (text) => {
    if (isOpen && text !== '') stream.write(text)
  }
}
