import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ConnectorContext } from './connector.ts'
import type { GoogleRow } from './google-ads-rows.ts'
import { classifyGoogle } from './google-ads-errors.ts'
import type { TokenSource } from './oauth-tokens.ts'
import type { Call, Wire } from './http.ts'
import { callForJson, callForRows } from './http.ts'
import type { Piece } from './json-stream.ts'
import type { Redactor } from './redact.ts'
import type { RetryPolicy } from './retry.ts'
import type { FlatRows } from './row-template.ts'
import { withRetry } from './retry.ts'

export interface GoogleClientOptions {
  readonly baseUrl: string
  readonly apiVersion: string
  readonly developerToken: string | undefined
  readonly timeoutMs: number
  readonly policy: RetryPolicy
}

export interface Query {
  readonly customerId: string
  /** The manager through which the customer is reached; undefined when it is reached directly. */
  readonly loginCustomerId: string | undefined
  readonly gaql: string
  /** Asks for the totals over all rows beside them; they come in a chunk of their own. */
  readonly summary: boolean
  /** Rows are wanted flat; left out: as they come. */
  readonly flat?: FlatRows
}

/** A chunk of a stream may say that the query died after its first rows. */
function throwInBand(piece: Piece, account: string, version: string, redact: Redactor, nowMs: number): void {
  if (piece.kind !== 'envelope' || piece.value['error'] === undefined) return
  const failed = { status: 200, headers: new Headers(), body: redact.deep(piece.value), account, nowMs }
  const facts = { platform: 'google_ads', account, detail: 'an error without words in the middle of the answer' }
  throw classifyGoogle(failed, version) ?? new MillraceError('CONNECTORS_TRANSIENT', facts)
}

/** The few calls of the Google Ads API that reading needs. */
export class GoogleClient {
  readonly #options: GoogleClientOptions
  readonly #tokens: TokenSource
  readonly #wire: Wire
  readonly #base: string

  constructor(options: GoogleClientOptions, tokens: TokenSource, redact: Redactor) {
    this.#options = options
    this.#tokens = tokens
    const classify: Wire['classify'] = (failed) => classifyGoogle(failed, options.apiVersion)
    this.#wire = { platform: 'google_ads', timeoutMs: options.timeoutMs, redact, policy: options.policy, classify }
    this.#base = `${options.baseUrl.replace(/\/+$/, '')}/${options.apiVersion}`
  }

  /** One query, one operation, however many chunks. Not repeated when it breaks: only its caller knows what became of its rows. */
  async *stream(query: Query, context: ConnectorContext): AsyncGenerator<Piece> {
    const token = await this.#tokens.token(context)
    try {
      yield* this.#streamWith(token, query, context)
      return
    } catch (error) {
      this.#expire(token, error, context)
    }
    yield* this.#streamWith(await this.#tokens.token(context), query, context)
  }

  /** A query with few rows, as a whole; repeated while its errors pass. */
  rows(query: Omit<Query, 'summary' | 'flat'>, context: ConnectorContext): Promise<readonly GoogleRow[]> {
    const collect = async () => {
      const rows: GoogleRow[] = []
      for await (const piece of this.stream({ ...query, summary: false }, context)) {
        if (piece.kind === 'rows') rows.push(...(piece.rows as GoogleRow[]))
      }
      return rows
    }
    return withRetry(collect, this.#options.policy, context)
  }

  /** Customer ids that the signed-in user reaches directly. */
  async accessible(context: ConnectorContext): Promise<readonly string[]> {
    const url = `${this.#base}/customers:listAccessibleCustomers`
    const list = async () => {
      const token = await this.#tokens.token(context)
      const request: Call = { method: 'GET', url, headers: this.#headers(token), account: null }
      try {
        return await callForJson(request, this.#wire, context)
      } catch (error) {
        this.#expire(token, error, context)
      }
      const headers = this.#headers(await this.#tokens.token(context))
      return callForJson({ ...request, headers }, this.#wire, context)
    }
    const { body } = await withRetry(list, this.#options.policy, context)
    const names = (body as { resourceNames?: unknown } | null)?.resourceNames
    return Array.isArray(names) ? names.map((name) => String(name).replace(/^customers\//, '')) : []
  }

  /** An expired token is refused before the first row, so that the call can simply be made once more with a fresh one. */
  #expire(token: string, error: unknown, context: ConnectorContext): void {
    if (!isMillraceError(error, 'CONNECTORS_AUTH_EXPIRED')) throw error
    this.#tokens.expire(token)
    context.log({ level: 'info', message: 'google_ads refused the access token; the call is repeated with a new one' })
  }

  #headers(token: string, loginCustomerId?: string): Record<string, string> {
    const { developerToken } = this.#options
    return {
      authorization: `Bearer ${token}`,
      ...(loginCustomerId !== undefined && { 'login-customer-id': loginCustomerId }),
      // Ignored since 9 September 2026 and to be refused by a later version: sent only when someone configures it.
      ...(developerToken !== undefined && { 'developer-token': developerToken }),
    }
  }

  async *#streamWith(token: string, query: Query, context: ConnectorContext): AsyncGenerator<Piece> {
    const summaryRowSetting = query.summary ? 'SUMMARY_ROW_WITH_RESULTS' : 'NO_SUMMARY_ROW'
    const request: Call = {
      method: 'POST',
      url: `${this.#base}/customers/${query.customerId}/googleAds:searchStream`,
      headers: { ...this.#headers(token, query.loginCustomerId), 'content-type': 'application/json' },
      body: JSON.stringify({ query: query.gaql, summaryRowSetting }),
      account: query.customerId,
    }
    for await (const piece of callForRows(request, this.#wire, context, 'results', query.flat)) {
      throwInBand(piece, query.customerId, this.#options.apiVersion, this.#wire.redact, context.clock.nowMs())
      yield piece
    }
  }
}
