import { Buffer } from 'node:buffer'
import { MillraceError } from '../domain/errors.ts'
import type { Platform } from '../domain/platform.ts'
import type { ConnectorContext } from './connector.ts'
import type { EnvelopeOptions, Piece } from './json-stream.ts'
import { readEnvelopes } from './json-stream.ts'
import type { QuotaPolicy } from './quota-turn.ts'
import { awaitTurn } from './quota-turn.ts'
import type { Redactor } from './redact.ts'
import type { FlatRows } from './row-template.ts'

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  /** The account that the call is about, for messages. */
  readonly account: string | null
}

/** What a platform answered instead of data. `body` is its JSON with secrets taken out; undefined when it was no JSON. */
export interface FailedAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: unknown
  readonly account: string | null
  readonly nowMs: number
}

/** How one platform is spoken to. */
export interface Wire {
  readonly platform: Platform
  /** How long the other side may be silent, before its first byte and between any two. */
  readonly timeoutMs: number
  readonly redact: Redactor
  /** Of calls that count against the platform's budgets. */
  readonly policy?: QuotaPolicy | undefined
  /** The error that the platform's answer means; undefined when the answer says nothing in the platform's own words. */
  readonly classify: (failed: FailedAnswer) => MillraceError | undefined
}

export interface Answer {
  readonly headers: Headers
  readonly body: AsyncIterable<Uint8Array>
}

/** An error body is read to its end or to here; no platform's reaches a tenth of it. */
const failureBytesMax = 256 * 1024

/**
 * Makes one call and returns its answer as soon as its head is there. Redirects are not followed: no ad platform redirects its API,
 * and following one would carry the token to a host that nobody configured.
 * Throws CONNECTORS_UNREACHABLE, _TIMEOUT, _ANSWER_CUT, _ANSWER_UNREADABLE, or what the platform's own error means.
 */
async function call(
  request: Call,
  wire: Wire,
  context: ConnectorContext,
  accepted = /json|javascript/i,
): Promise<Answer> {
  const { policy, platform } = wire
  if (policy) await awaitTurn({ platform, account: request.account, policy }, context)
  const silence = silenceGuard(request, wire, context)
  let response: Response
  try {
    response = await silence.watch(() =>
      context.fetch(request.url, {
        method: request.method,
        headers: request.headers,
        redirect: 'manual',
        signal: silence.signal,
        ...(request.body !== undefined && { body: request.body }),
      }),
    )
  } catch (cause) {
    throw silence.reason() ?? unreachable(request, wire, cause)
  }
  const body = bytesOf(response, request, wire, silence)
  if (!response.ok) throw await failure(response, body, request, wire, context)
  const type = response.headers.get('content-type') ?? 'application/json'
  if (!accepted.test(type)) {
    await response.body?.cancel()
    throw unreadable(request, wire, response.status, `Its content type is "${wire.redact.text(type)}"`)
  }
  return { headers: response.headers, body }
}

/** The rows, made flat when that is asked for, and envelopes of a JSON answer while it arrives; the errors of `call` and those of a broken body. */
export async function* callForRows(
  request: Call,
  wire: Wire,
  context: ConnectorContext,
  rowsKey: string,
  flat?: FlatRows,
): AsyncGenerator<Piece, Headers> {
  const answer = await call(request, wire, context)
  const fault: EnvelopeOptions['fault'] = (kind, detail, cause) =>
    kind === 'cut' ? cut(request, wire, detail, cause) : unreadable(request, wire, 200, detail, cause)
  yield* readEnvelopes(answer.body, { rowsKey, fault, flat })
  return answer.headers
}

/** A small JSON answer as a whole. */
export async function callForJson(
  request: Call,
  wire: Wire,
  context: ConnectorContext,
): Promise<{ readonly body: unknown; readonly headers: Headers }> {
  const answer = await call(request, wire, context)
  const text = await textOf(answer.body, 16 * 1024 * 1024)
  try {
    return { body: JSON.parse(text), headers: answer.headers }
  } catch (cause) {
    throw cut(request, wire, 'the JSON is incomplete or malformed', wire.redact.cause(cause))
  }
}

/** A JSON answer as a whole whose numbers are strings of their digits: ids beyond 2^53 and cents stay what they are. */
export async function callForDigits(
  request: Call,
  wire: Wire,
  context: ConnectorContext,
): Promise<{ readonly body: unknown; readonly headers: Headers }> {
  const answer = await call(request, wire, context)
  const text = await textOf(answer.body, 64 * 1024 * 1024)
  try {
    return { body: JSON.parse(text, keepDigits), headers: answer.headers }
  } catch (cause) {
    throw cut(request, wire, 'the JSON is incomplete or malformed', wire.redact.cause(cause))
  }
}

/** The third argument of a reviver is not in the compiler's library yet. */
function keepDigits(this: unknown, _: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value
}

/** A file that a platform serves beside its API, as its bytes; `broken` makes the error for one that came damaged. */
export async function callForFile(
  request: Call,
  wire: Wire,
  context: ConnectorContext,
  limits: { readonly types: RegExp; readonly bytesMax: number },
): Promise<{ readonly bytes: Uint8Array; readonly broken: (detail: string, cause?: unknown) => MillraceError }> {
  const { body } = await call(request, wire, context, limits.types)
  const broken = (detail: string, cause?: unknown) => cut(request, wire, detail, wire.redact.cause(cause))
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > limits.bytesMax)
      throw unreadable(request, wire, 200, `The file is longer than ${limits.bytesMax} bytes`)
    chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks), broken }
}

const hostOf = (url: string) => new URL(url).host

function unreachable(request: Call, wire: Wire, cause: unknown): MillraceError {
  const detail = wire.redact.text(deepestMessage(cause))
  const facts = { platform: wire.platform, host: hostOf(request.url), detail }
  return new MillraceError('CONNECTORS_UNREACHABLE', facts, { cause: wire.redact.cause(cause) })
}

function cut(request: Call, wire: Wire, detail: string, cause?: unknown): MillraceError {
  const facts = { platform: wire.platform, host: hostOf(request.url), detail }
  return new MillraceError('CONNECTORS_ANSWER_CUT', facts, { cause })
}

function unreadable(request: Call, wire: Wire, status: number, detail: string, cause?: unknown): MillraceError {
  const facts = { platform: wire.platform, host: hostOf(request.url), status, detail }
  return new MillraceError('CONNECTORS_ANSWER_UNREADABLE', facts, { cause })
}

/** fetch says only "fetch failed"; what failed lies beneath. */
function deepestMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause !== undefined) return deepestMessage(error.cause)
  const inner = error instanceof AggregateError ? (error.errors as unknown[])[0] : undefined
  return inner === undefined ? error.message : deepestMessage(inner)
}

interface SilenceGuard {
  readonly signal: AbortSignal
  /** Waits for the step, but no longer than the wire may be silent. Between steps no time is counted: a slow reader is not silence. */
  watch<T>(step: () => Promise<T>): Promise<T>
  /** Why the call was ended from this side; undefined when it was not. */
  reason(): unknown
}

/**
 * The timer is the machine's own and not the injected clock: it guards a real socket, and a clock that stands still or whose
 * sleeps pass at once would cut every answer.
 */
function silenceGuard(request: Call, wire: Wire, context: ConnectorContext): SilenceGuard {
  const ended = new AbortController()
  const signal = AbortSignal.any([context.signal, ended.signal])
  const facts = { platform: wire.platform, host: hostOf(request.url), seconds: wire.timeoutMs / 1000 }
  return {
    signal,
    async watch(step) {
      const timer = setTimeout(() => ended.abort(new MillraceError('CONNECTORS_TIMEOUT', facts)), wire.timeoutMs)
      try {
        return await step()
      } finally {
        clearTimeout(timer)
      }
    },
    reason: () => (signal.aborted ? (signal.reason as unknown) : undefined),
  }
}

/** The body's bytes; a connection that breaks in the middle is CONNECTORS_ANSWER_CUT. */
async function* bytesOf(
  response: Response,
  request: Call,
  wire: Wire,
  silence: SilenceGuard,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const { done, value } = await silence.watch(() => reader.read())
      if (done) return
      yield value
    }
  } catch (cause) {
    const detail = `the connection broke: ${wire.redact.text(deepestMessage(cause))}`
    throw silence.reason() ?? cut(request, wire, detail, wire.redact.cause(cause))
  } finally {
    // Frees the socket when the reader stopped early; a stream that already failed rejects here with what was thrown above.
    reader.cancel().catch(() => undefined)
  }
}

async function textOf(body: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > bytesMax) break
  }
  return text + decoder.decode()
}

async function failure(
  response: Response,
  body: AsyncIterable<Uint8Array>,
  request: Call,
  wire: Wire,
  context: ConnectorContext,
): Promise<MillraceError> {
  const { status, headers } = response
  const parsed = wire.redact.deep(jsonOrUndefined(await textOf(body, failureBytesMax)))
  const failed = { status, headers, body: parsed, account: request.account, nowMs: context.clock.nowMs() }
  const type = headers.get('content-type') ?? 'nothing'
  return wire.classify(failed) ?? unreadable(request, wire, status, `Its content type is "${wire.redact.text(type)}"`)
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON is an answer too: the caller names it by status and content type.
    return undefined
  }
}
