/** What a route answers before faults touch it. `body` in pieces is streamed, one piece a chunk of the wire; bytes are a file. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | Iterable<string>
}

/** A request as the routes see it. `headers` are in lower case. */
export interface Request {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  /** The query as it was written, still encoded: Rest.li tells `List(a,b)` from `List(a%2Cb)`. */
  readonly search: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: string
}

export function jsonReply(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: JSON.stringify(value),
  }
}

export function htmlReply(status: number, title: string): Reply {
  return {
    status,
    headers: { 'content-type': 'text/html; charset=UTF-8' },
    body: `<!DOCTYPE html>\n<html lang=en>\n<title>Error ${status} (${title})!!1</title>\n<p><b>${status}.</b> <ins>That’s an error.</ins>\n</html>\n`,
  }
}
