import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

/** What came in, as it was on the wire. */
export interface Posted {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** What the sink does with the next request: a status (with headers), no answer, a cut line, or half an answer. */
export type SinkFault =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly text?: string }
  | 'hang'
  | 'reset'

/** A real HTTP server for the tests of senders: it keeps what it took and fails as its script says. */
export class HttpSink implements AsyncDisposable {
  readonly posted: Posted[] = []
  readonly attempts: Posted[] = []
  /** For the next requests, in order; afterwards everything is taken. */
  script: SinkFault[] = []
  /** For every request until it is null. */
  fault: SinkFault | null = null
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('error', () => undefined)
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const got: Posted = {
          path: request.url ?? '',
          headers: request.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        }
        this.attempts.push(got)
        const fault = this.script.shift() ?? this.fault
        if (fault === 'reset') request.socket.resetAndDestroy()
        else if (fault && fault !== 'hang') response.writeHead(fault.status, fault.headers ?? {}).end(fault.text ?? '')
        else if (!fault) {
          this.posted.push(got)
          response.writeHead(200).end('ok')
        }
      })
    })
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
    })
  }

  static async open(): Promise<HttpSink> {
    const sink = new HttpSink()
    await new Promise<void>((resolve) => sink.#server.listen(0, '127.0.0.1', resolve))
    return sink
  }

  get url(): string {
    const at = this.#server.address()
    return `http://127.0.0.1:${typeof at === 'object' && at ? at.port : 0}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
