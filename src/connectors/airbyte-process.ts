import { spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { MillraceError } from '../domain/errors.ts'
import type { AirbyteFailure, SaidMessage } from './airbyte-messages.ts'
import { airbyteMessage } from './airbyte-messages.ts'
import type { ConnectorContext } from './connector.ts'
import type { Redactor } from './redact.ts'

/** How a source is started, and who asks. */
export interface AirbyteSource {
  readonly command: readonly string[]
  /** Variables besides those that every program needs. */
  readonly environment: Readonly<Record<string, string>>
  readonly silenceMsMax: number
  readonly redact: Redactor
  /** For messages: the platform that the numbers are of, and the account. */
  readonly platform: string
  readonly account: string
}

/** What a source is told: each becomes a file of its own that only this user may read, for as long as the source runs. */
export interface AirbyteFiles {
  readonly config?: unknown
  readonly catalog?: unknown
  readonly state?: unknown
}

export type AirbyteCommand = 'spec' | 'check' | 'discover' | 'read'

/** Of this program's own variables a source sees these and no more: it is other people's code, and ours may hold secrets. */
const passedOn = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'SSL_CERT_FILE',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NO_PROXY',
]

const environmentOf = ({ environment }: AirbyteSource): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    passedOn.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  ),
  ...environment,
})

/**
 * Runs the source once and gives its messages as they come; who takes them slowly makes the source wait. The process is gone when this
 * ends, however it ends. Throws what the source's own failure means, CONNECTORS_SOURCE_UNSTARTABLE, CONNECTORS_TIMEOUT when it is
 * silent for too long, CONNECTORS_TRANSIENT when it ended badly without a word, and the signal's reason.
 */
export async function* runAirbyte(
  source: AirbyteSource,
  command: AirbyteCommand,
  files: AirbyteFiles,
  context: ConnectorContext,
): AsyncGenerator<SaidMessage, void, undefined> {
  context.signal.throwIfAborted()
  const folder = await mkdtemp(join(tmpdir(), 'millrace-source-'))
  try {
    await chmod(folder, 0o700)
    yield* messagesOf(source, [command, ...(await written(folder, files))], context)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function written(folder: string, files: AirbyteFiles): Promise<readonly string[]> {
  const given = Object.entries(files).filter(([, value]) => value !== undefined)
  for (const [name, value] of given)
    await writeFile(join(folder, `${name}.json`), JSON.stringify(value), { mode: 0o600 })
  return given.flatMap(([name]) => [`--${name}`, join(folder, `${name}.json`)])
}

const saidCharactersMax = 2_000

async function* messagesOf(
  source: AirbyteSource,
  args: readonly string[],
  { signal, log }: ConnectorContext,
): AsyncGenerator<SaidMessage, void, undefined> {
  const [program = '', ...before] = source.command
  const child = spawn(program, [...before, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: environmentOf(source) })
  const ended = new Promise<{ readonly code: number | null; readonly cause?: Error }>((resolve) => {
    child.once('error', (cause) => resolve({ code: null, cause }))
    child.once('close', (code) => resolve({ code }))
  })
  let complained = ''
  child.stderr.on('data', (chunk: Buffer) => (complained = (complained + chunk.toString()).slice(-saidCharactersMax)))
  const stop = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  let failed: AirbyteFailure | undefined
  let silent = false
  const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]()
  try {
    for (;;) {
      // The machine's own timer: it guards a real process. Between lines that are being worked at no time is counted.
      const timer = setTimeout(() => {
        silent = true
        stop()
      }, source.silenceMsMax)
      const { done, value } = await lines.next().finally(() => clearTimeout(timer))
      if (done) break
      const said = airbyteMessage(value)
      if (!said) continue
      const { message } = said
      if (message.type === 'LOG') log({ level: 'debug', message: source.redact.text(message.log.message) })
      else if (message.type === 'TRACE' && 'error' in message.trace) failed = message.trace.error as AirbyteFailure
      else yield said
    }
    const { code, cause } = await ended
    signal.throwIfAborted()
    if (cause) throw unstartable(source, cause)
    if (silent) throw timeout(source)
    if (failed) throw failureOf(source, failed)
    if (code !== 0)
      throw transient(source, `it ended with ${code ?? 'a signal'}; ${complained.trim() || 'it said nothing'}`)
  } finally {
    signal.removeEventListener('abort', stop)
    await gone(child, ended)
  }
}

const graceMs = 5_000

/** Ends a process that is still there: asked first, made to after a while. */
async function gone(child: ReturnType<typeof spawn>, ended: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs)
  // What it still says is not wanted, and must not keep it from ending.
  child.stdout?.resume()
  await ended
  clearTimeout(force)
}

const factsOf = ({ platform, account, redact }: AirbyteSource, detail: string) => ({
  platform,
  account,
  detail: redact.text(detail),
})

function unstartable(source: AirbyteSource, cause: Error): MillraceError {
  const facts = { ...factsOf(source, cause.message), command: source.redact.text(source.command.join(' ')) }
  return new MillraceError('CONNECTORS_SOURCE_UNSTARTABLE', facts, { cause: source.redact.cause(cause) })
}

function timeout(source: AirbyteSource): MillraceError {
  const facts = { platform: source.platform, host: source.command[0] ?? '', seconds: source.silenceMsMax / 1000 }
  return new MillraceError('CONNECTORS_TIMEOUT', facts)
}

function transient(source: AirbyteSource, detail: string): MillraceError {
  return new MillraceError('CONNECTORS_TRANSIENT', factsOf(source, detail))
}

const meanings = {
  config_error: 'CONNECTORS_SOURCE_REFUSED',
  system_error: 'CONNECTORS_SOURCE_DEFECT',
  transient_error: 'CONNECTORS_TRANSIENT',
} as const satisfies Record<AirbyteFailure['failure_type'], string>

/** The error that a source's own word for its failure means. */
export function failureOf(source: AirbyteSource, { failure_type: kind, message }: AirbyteFailure): MillraceError {
  return new MillraceError(meanings[kind], factsOf(source, message))
}
