import { createHmac } from 'node:crypto'
import type { MillraceError } from '../domain/errors.ts'
import type { ConnectorContext } from './connector.ts'
import type { Call, Wire } from './http.ts'
import { callForFile, callForJson } from './http.ts'
import { classifyNaver } from './naver-searchad-errors.ts'
import type { Redactor } from './redact.ts'
import type { RetryPolicy } from './retry.ts'
import { withRetry } from './retry.ts'

export interface NaverClientOptions {
  readonly baseUrl: string
  readonly apiKey: string
  readonly secretKey: string
  readonly timeoutMs: number
  readonly policy: RetryPolicy
}

/** One question, about one customer. `path` is without its query: it is what the signature is over. */
export interface NaverCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: object
  readonly customerId: string
}

const reportFile = { types: /text|tab-separated|octet-stream/i, bytesMax: 512 * 1024 * 1024 } as const
const answerless = { types: /./, bytesMax: 1_024 } as const

/**
 * `base64(HMAC-SHA256(secret, "{timestamp}.{METHOD}.{path}"))`: the query is no part of it; with it Naver answers 403.
 * Source: the samples of naver/searchad-apidoc.
 */
export function naverSignature(
  secretKey: string,
  { timestampMs, method, path }: { readonly timestampMs: number; readonly method: string; readonly path: string },
): string {
  return createHmac('sha256', secretKey).update(`${timestampMs}.${method}.${path}`).digest('base64')
}

/** The few calls of the Search Ad API that reading needs; each try is signed anew, because a signature is as old as its timestamp. */
export class NaverClient {
  readonly #options: NaverClientOptions
  readonly #wire: Wire
  readonly #base: string
  readonly #redact: Redactor
  /** Calls that were made. */
  calls = 0

  constructor(options: NaverClientOptions, redact: Redactor) {
    this.#options = options
    this.#redact = redact
    this.#wire = {
      platform: 'naver_searchad',
      timeoutMs: options.timeoutMs,
      redact,
      policy: options.policy,
      classify: classifyNaver,
    }
    this.#base = options.baseUrl.replace(/\/+$/, '')
  }

  /** The answer's JSON. */
  async json(call: NaverCall, context: ConnectorContext): Promise<unknown> {
    const read = async () => (await callForJson(this.#signed(call, context), this.#wire, context)).body
    return withRetry(read, this.#options.policy, context)
  }

  /** Has a report that was read forgotten: an account may keep a hundred of them. The answer, 204, has no body. */
  async forget(call: Omit<NaverCall, 'method'>, context: ConnectorContext): Promise<void> {
    const send = () =>
      callForFile(this.#signed({ ...call, method: 'DELETE' }, context), this.#wire, context, answerless)
    await withRetry(send, this.#options.policy, context)
  }

  /**
   * The file at the address that a finished report names, made of it by `read`, which may find it cut. Its host is not followed: it is
   * asked of the base address, signed as every call is. The token in it is a secret.
   */
  async file<T>(
    { url, customerId }: { readonly url: string; readonly customerId: string },
    context: ConnectorContext,
    read: (text: string, broken: (detail: string) => MillraceError) => T,
  ): Promise<T> {
    const { searchParams } = new URL(url)
    this.#redact.add(searchParams.get('authtoken') ?? '')
    const call = {
      method: 'GET',
      path: '/report-download',
      query: Object.fromEntries(searchParams),
      customerId,
    } as const
    const download = async () => {
      const { bytes, broken } = await callForFile(this.#signed(call, context), this.#wire, context, reportFile)
      return read(new TextDecoder().decode(bytes), broken)
    }
    return withRetry(download, this.#options.policy, context)
  }

  #signed({ method, path, query = {}, body, customerId }: NaverCall, context: ConnectorContext): Call {
    this.calls += 1
    const { apiKey, secretKey } = this.#options
    const timestampMs = context.clock.nowMs()
    const search = new URLSearchParams(query).toString()
    return {
      method,
      url: `${this.#base}${path}${search && `?${search}`}`,
      account: customerId,
      headers: {
        'x-timestamp': String(timestampMs),
        'x-api-key': apiKey,
        'x-customer': customerId,
        'x-signature': naverSignature(secretKey, { timestampMs, method, path }),
        // Once and only where there is a body: a doubled content type breaks the report service.
        ...(body && { 'content-type': 'application/json; charset=UTF-8' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    }
  }
}
