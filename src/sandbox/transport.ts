import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { Reply, Request } from './reply.ts'
import { htmlReply } from './reply.ts'
import type { FiredFaults } from './scenario.ts'

const bodyBytesMax = 1_000_000

/** Reads a request whole; bodies of this API are queries, so a megabyte is the end of it. */
export async function readRequest(message: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of message) {
    bytes += (chunk as Buffer).length
    if (bytes > bodyBytesMax) break
    chunks.push(chunk as Buffer)
  }
  const url = new URL(message.url ?? '/', 'http://sandbox')
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers))
    headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
  return {
    method: message.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    search: url.search,
    headers,
    body: Buffer.concat(chunks).toString('utf8'),
  }
}

/** Pieces of at most `size` bytes, so that a body can trickle or break in the middle of a row. */
function* sliced(body: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size)
}

const writeSigns = 65_536

/** Gathers small pieces until a write is worth while. */
function* gathered(body: Iterable<string>): Generator<string> {
  let text = ''
  for (const piece of body) {
    text += piece
    if (text.length < writeSigns) continue
    yield text
    text = ''
  }
  if (text) yield text
}

/** Resolves when the client has taken what was written, or is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}

async function write(response: ServerResponse, piece: string | Uint8Array): Promise<void> {
  // As bytes: Node would otherwise convert the text once more for the chunk's length.
  if (!response.write(typeof piece === 'string' ? Buffer.from(piece) : piece)) await drained(response)
}

/** Sends the body piece by piece; between pieces other requests get their turn. */
async function sendBody(response: ServerResponse, body: Iterable<string | Uint8Array>, pauseMs: number): Promise<void> {
  for (const piece of body) {
    if (response.destroyed) return
    await write(response, piece)
    await (pauseMs > 0 ? setTimeout(pauseMs) : setImmediate())
  }
  response.end()
}

function whole(body: Reply['body']): Uint8Array {
  if (body instanceof Uint8Array) return body
  return Buffer.from(typeof body === 'string' ? body : [...body].join(''))
}

/** Breaks the connection after about half of the body has gone out, at least one byte of it. */
async function sendHalf(response: ServerResponse, body: Uint8Array): Promise<void> {
  response.write(body.subarray(0, Math.max(1, Math.floor(body.length / 2))))
  // The half must have left before the socket dies, or the client sees a reset without any answer.
  await setTimeout(20)
  response.destroy()
}

/** Sends a reply as the faults of the wire let it through. */
export async function sendReply(response: ServerResponse, reply: Reply, fired: FiredFaults): Promise<void> {
  const latency = fired.get('latency')
  if (latency) await setTimeout(latency.delayMs ?? 200)
  if (fired.has('reset')) {
    response.destroy()
    return
  }
  const { status, headers, body } = fired.has('html_502') ? htmlReply(502, 'Bad Gateway') : reply
  response.writeHead(status, headers)
  if (fired.has('reset_mid_stream')) return sendHalf(response, whole(body))
  if (fired.has('truncated_json')) {
    const bytes = whole(body)
    response.end(bytes.subarray(0, Math.floor(bytes.length * 0.6)))
    return
  }
  const slow = fired.get('slow')
  if (slow) {
    const bytes = whole(body)
    return sendBody(response, sliced(bytes, Math.max(16, Math.ceil(bytes.length / 20))), slow.delayMs ?? 20)
  }
  if (typeof body !== 'string' && !(body instanceof Uint8Array)) return sendBody(response, gathered(body), 0)
  response.end(body)
  return undefined
}
