import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ConnectorContext } from './connector.ts'
import type { Call, Wire } from './http.ts'
import { callForDigits } from './http.ts'
import { classifyLinkedin } from './linkedin-ads-errors.ts'
import type { Node } from './linkedin-ads-rows.ts'
import { isNode } from './linkedin-ads-rows.ts'
import type { TokenSource } from './oauth-tokens.ts'
import type { Redactor } from './redact.ts'
import type { RetryPolicy } from './retry.ts'
import { withRetry } from './retry.ts'

export interface LinkedinClientOptions {
  readonly baseUrl: string
  readonly apiVersion: string
  readonly timeoutMs: number
  readonly policy: RetryPolicy
}

/** A token that LinkedIn has just issued is refused for some seconds before it works. */
const freshTokenMs = 60_000
const freshTokenPauseMs = 10_000

/** Rest.li's own way to write values into a query: what stands between its brackets and commas is encoded, they are not. */
export const restliList = (values: readonly string[]): string => `List(${values.map(encodeURIComponent).join(',')})`

/** The few calls of LinkedIn's Marketing API that reading needs. All of them are GET. */
export class LinkedinClient {
  readonly #options: LinkedinClientOptions
  readonly #tokens: TokenSource
  readonly #wire: Wire
  /** When each token was first used here. */
  readonly #sinceMs = new Map<string, number>()
  /** Calls that counted against LinkedIn's limits. */
  calls = 0

  constructor(options: LinkedinClientOptions, tokens: TokenSource, redact: Redactor) {
    this.#options = options
    this.#tokens = tokens
    const classify: Wire['classify'] = (failed) => classifyLinkedin(failed, options.apiVersion)
    this.#wire = { platform: 'linkedin_ads', timeoutMs: options.timeoutMs, redact, policy: options.policy, classify }
  }

  /** One answer; `query` is written as it is, because Rest.li reads its brackets only when they are not encoded. */
  async get(path: string, query: string, account: string | null, context: ConnectorContext): Promise<Node> {
    const asked = async () => {
      const token = await this.#tokens.token(context)
      try {
        return await this.#once(token, path, query, account, context)
      } catch (error) {
        if (!isMillraceError(error, 'CONNECTORS_AUTH_EXPIRED')) throw error
        this.#tokens.expire(token)
        if ((await this.#tokens.token(context)) === token) throw error
      }
      const next = await this.#tokens.token(context)
      context.log({ level: 'info', message: 'linkedin_ads refused the access token; the call is made once more' })
      return this.#patiently(next, () => this.#once(next, path, query, account, context), context)
    }
    return withRetry(asked, this.#options.policy, context)
  }

  /** All pages of a search, by the token that each of them gives for the next. */
  async *pages(
    path: string,
    query: string,
    account: string | null,
    context: ConnectorContext,
  ): AsyncGenerator<readonly Node[]> {
    let after = ''
    for (;;) {
      const { elements, metadata } = await this.get(path, `${query}${after}`, account, context)
      if (!Array.isArray(elements)) throw drift(account, `${path} answered without elements`)
      yield elements.filter(isNode)
      const next = isNode(metadata) ? metadata['nextPageToken'] : undefined
      if (typeof next !== 'string' || next === '') return
      const following = `&pageToken=${encodeURIComponent(next)}`
      if (following === after) throw drift(account, `${path} gives the same page again and again`)
      after = following
    }
  }

  /** Makes the call again while the token is too young to be believed. */
  async #patiently(token: string, call: () => Promise<Node>, context: ConnectorContext): Promise<Node> {
    const since = this.#sinceMs.get(token) ?? context.clock.nowMs()
    this.#sinceMs.set(token, since)
    for (;;) {
      try {
        return await call()
      } catch (error) {
        const isYoung = context.clock.nowMs() - since < freshTokenMs
        if (!isYoung || !isMillraceError(error, 'CONNECTORS_AUTH_REVOKED')) throw error
        context.log({ level: 'info', message: 'linkedin_ads does not know its new token yet' })
        await context.clock.sleep(freshTokenPauseMs, context.signal)
      }
    }
  }

  async #once(
    token: string,
    path: string,
    query: string,
    account: string | null,
    context: ConnectorContext,
  ): Promise<Node> {
    this.calls += 1
    const { baseUrl, apiVersion } = this.#options
    const request: Call = {
      method: 'GET',
      url: `${baseUrl.replace(/\/+$/, '')}/rest/${path}${query === '' ? '' : `?${query}`}`,
      headers: {
        authorization: `Bearer ${token}`,
        'linkedin-version': apiVersion,
        'x-restli-protocol-version': '2.0.0',
      },
      account,
    }
    const { body } = await callForDigits(request, this.#wire, context)
    if (isNode(body)) return body
    throw drift(account, `${path} answered with something that is no object`)
  }
}

function drift(account: string | null, detail: string): MillraceError {
  return new MillraceError('CONNECTORS_SCHEMA_DRIFT', { platform: 'linkedin_ads', account, detail })
}
