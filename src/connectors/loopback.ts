import { timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the person's browser brought back from the platform's page. */
export type Returned =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'refused'; readonly error: string }

/** A door on this machine that a browser is sent back to after signing in (RFC 8252 §7.3). */
export interface Loopback extends AsyncDisposable {
  readonly redirectUri: string
  /** The first answer that bears the right state; anything else that knocks is turned away. Rejects when the signal aborts. */
  returned(signal: AbortSignal): Promise<Returned>
}

const page = (title: string, text: string) =>
  `<!doctype html><meta charset="utf-8"><title>${title}</title><body style="font:18px system-ui;margin:15vh auto;max-width:32em"><h1>${title}</h1><p>${text}</p>`

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Reads the redirect; undefined when it is none of ours. */
function readReturn(address: string, state: string): Returned | undefined {
  const url = new URL(address, 'http://127.0.0.1')
  // A page that guesses the port must not be able to plant a code of its own: the state was only told to the platform.
  if (url.pathname !== '/' || !isSame(url.searchParams.get('state') ?? '', state)) return undefined
  const error = url.searchParams.get('error')
  if (error !== null) return { kind: 'refused', error }
  const code = url.searchParams.get('code')
  return code === null || code === '' ? undefined : { kind: 'code', code }
}

/** Opens the door on a free port of 127.0.0.1. `words` is what the browser shows at the end. */
export async function openLoopback(
  state: string,
  words: { readonly done: string; readonly refused: string; readonly back: string },
): Promise<Loopback> {
  const { promise, resolve } = Promise.withResolvers<Returned>()
  const server = createServer((request, response) => {
    const found = readReturn(request.url ?? '/', state)
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      connection: 'close',
    }
    if (!found) {
      response.writeHead(404, headers).end(page('404', ''))
      return
    }
    response.writeHead(200, headers).end(page(found.kind === 'code' ? words.done : words.refused, words.back))
    resolve(found)
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(0, '127.0.0.1', listening)
  })
  const { port } = server.address() as AddressInfo
  return {
    redirectUri: `http://127.0.0.1:${port}/`,
    returned: (signal) =>
      new Promise((arrived, failed) => {
        const stop = () => failed(signal.reason as Error)
        if (signal.aborted) return stop()
        signal.addEventListener('abort', stop, { once: true })
        void promise.then((found) => {
          signal.removeEventListener('abort', stop)
          arrived(found)
        })
      }),
    [Symbol.asyncDispose]: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeIdleConnections()
      }),
  }
}
