import { MillraceError } from '../domain/errors.ts'
import type { ConnectorContext } from './connector.ts'
import type { Call, Wire } from './http.ts'
import { callForDigits } from './http.ts'
import type { Redactor } from './redact.ts'
import type { RetryPolicy } from './retry.ts'
import { withRetry } from './retry.ts'
import { classifyTiktok } from './tiktok-ads-errors.ts'

export interface TiktokClientOptions {
  readonly baseUrl: string
  readonly apiVersion: string
  readonly accessToken: string
  readonly timeoutMs: number
  readonly policy: RetryPolicy
  readonly pageSize: number
}

export type Node = Readonly<Record<string, unknown>>

export interface Page {
  readonly list: readonly Node[]
  readonly totals: Node | undefined
  readonly requestId: string | undefined
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A wrong `page_info` must end the reading some time. */
const pagesMax = 100_000

/** The few calls of the Business API that reading needs. All of them are GET; lists and objects travel as JSON in the query. */
export class TiktokClient {
  readonly #options: TiktokClientOptions
  readonly #wire: Wire
  /** Calls that counted against TikTok's limits. */
  calls = 0

  constructor(options: TiktokClientOptions, redact: Redactor) {
    this.#options = options
    const classify: Wire['classify'] = (failed) => classifyTiktok(failed, options.apiVersion)
    this.#wire = { platform: 'tiktok_ads', timeoutMs: options.timeoutMs, redact, policy: options.policy, classify }
  }

  /** `data` of one answer. Throws what the code in its body means: TikTok answers errors with HTTP 200. */
  async data(
    path: string,
    parameters: Readonly<Record<string, unknown>>,
    account: string | null,
    context: ConnectorContext,
  ): Promise<{ readonly data: Node; readonly requestId: string | undefined }> {
    const request = this.#request(path, parameters, account)
    const read = async () => {
      this.calls += 1
      const { body, headers } = await callForDigits(request, this.#wire, context)
      const { code, data, request_id: requestId } = isNode(body) ? body : {}
      if (code !== '0') throw this.#refusal(body, headers, account, context)
      if (!isNode(data)) throw drift(account, `${path} answered without data`)
      return { data, requestId: typeof requestId === 'string' ? requestId : undefined }
    }
    return withRetry(read, this.#options.policy, context)
  }

  /** All pages of a list in order; an empty one in the middle does not end it, `page_info` does. */
  async *pages(
    path: string,
    parameters: Readonly<Record<string, unknown>>,
    account: string,
    context: ConnectorContext,
  ): AsyncGenerator<Page> {
    let pageCount = 1
    for (let page = 1; page <= pageCount && page <= pagesMax; page += 1) {
      const asked = { ...parameters, page, page_size: this.#options.pageSize }
      const { data, requestId } = await this.data(path, asked, account, context)
      const { list, page_info: info, total_metrics: totals } = data
      if (!Array.isArray(list) || !isNode(info)) throw drift(account, `${path} answered without list or page_info`)
      pageCount = Number(info['total_page'] ?? 1)
      yield { list: list.filter(isNode), totals: isNode(totals) ? totals : undefined, requestId }
    }
  }

  #refusal(body: unknown, headers: Headers, account: string | null, context: ConnectorContext): MillraceError {
    const failed = { status: 200, headers, body: this.#wire.redact.deep(body), account, nowMs: context.clock.nowMs() }
    return this.#wire.classify(failed) ?? drift(account, 'an answer came without a code')
  }

  #request(path: string, parameters: Readonly<Record<string, unknown>>, account: string | null): Call {
    const { baseUrl, apiVersion, accessToken } = this.#options
    const url = new URL(`${baseUrl.replace(/\/+$/, '')}/open_api/${apiVersion}/${path}/`)
    for (const [name, value] of Object.entries(parameters))
      url.searchParams.set(name, typeof value === 'string' ? value : JSON.stringify(value))
    return { method: 'GET', url: url.href, headers: { 'access-token': accessToken }, account }
  }
}

function drift(account: string | null, detail: string): MillraceError {
  return new MillraceError('CONNECTORS_SCHEMA_DRIFT', { platform: 'tiktok_ads', account, detail })
}
