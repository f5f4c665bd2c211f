import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ConnectorContext } from './connector.ts'
import type { Call, Wire } from './http.ts'
import { callForJson, callForRows } from './http.ts'
import { classifyMeta } from './meta-ads-errors.ts'
import { logUsage, usageOf } from './meta-ads-usage.ts'
import { tellUsage } from './quota-turn.ts'
import type { Redactor } from './redact.ts'
import type { RetryPolicy } from './retry.ts'
import { withRetry } from './retry.ts'

export interface MetaClientOptions {
  readonly baseUrl: string
  readonly apiVersion: string
  readonly accessToken: string
  readonly timeoutMs: number
  readonly policy: RetryPolicy
  /** Rows a page; halved when Meta finds the answer too large. */
  readonly pageLimit: number
}

export type Node = Readonly<Record<string, unknown>>

export type Parameters = Readonly<Record<string, string>>

export interface Page {
  readonly rows: readonly Node[]
  readonly summary: Node | undefined
  readonly requestId: string | undefined
  /** Where the next page begins; undefined on the last. */
  readonly after: string | undefined
}

/** Below this, a page that is too large is so because of what one row costs, and smaller pages only burn the budget. */
const pageLimitMin = 10

/** The few calls of the Graph API that reading needs. The token travels in a header, never in an address. */
export class MetaClient {
  readonly #options: MetaClientOptions
  readonly #wire: Wire
  readonly #base: string
  /** Calls that counted against Meta's budgets. */
  calls = 0

  constructor(options: MetaClientOptions, redact: Redactor) {
    this.#options = options
    const classify: Wire['classify'] = (failed) => classifyMeta(failed, options.apiVersion)
    this.#wire = { platform: 'meta_ads', timeoutMs: options.timeoutMs, redact, policy: options.policy, classify }
    this.#base = `${options.baseUrl.replace(/\/+$/, '')}/${options.apiVersion}`
  }

  /** One object. */
  async node(path: string, parameters: Parameters, account: string | null, context: ConnectorContext): Promise<Node> {
    const request = this.#request(path, parameters, account)
    const read = async () => {
      this.calls += 1
      const { body, headers } = await callForJson(request, this.#wire, context)
      await this.#heard(headers, account, context)
      this.#throwInBand(body as Node, account, headers, context)
      return body as Node
    }
    return withRetry(read, this.#options.policy, context)
  }

  /** Asks for something to be worked at; the parameters travel in the body. */
  async submit(path: string, parameters: Parameters, account: string, context: ConnectorContext): Promise<Node> {
    const bare = this.#request(path, {}, account)
    const body = new URLSearchParams(parameters).toString()
    const headers = { ...bare.headers, 'content-type': 'application/x-www-form-urlencoded' }
    const read = async () => {
      this.calls += 1
      const answer = await callForJson({ ...bare, method: 'POST', body, headers }, this.#wire, context)
      await this.#heard(answer.headers, account, context)
      this.#throwInBand(answer.body as Node, account, answer.headers, context)
      return answer.body as Node
    }
    return withRetry(read, this.#options.policy, context)
  }

  /** The error that Graph's words mean, wherever they stand. */
  meaning(error: Node, account: string, context: ConnectorContext): MillraceError | undefined {
    const body = this.#wire.redact.deep({ error })
    return this.#wire.classify({ status: 200, headers: new Headers(), body, account, nowMs: context.clock.nowMs() })
  }

  /**
   * All pages of an edge in order. A page is read whole before it is given out, so that one that breaks is asked for again and no row
   * is given twice. The address of the next page is made from the cursor: the one that Meta sends holds the token and names a host.
   */
  async *pages(
    path: string,
    parameters: Parameters,
    account: string | null,
    context: ConnectorContext,
  ): AsyncGenerator<Page> {
    let after: string | undefined
    let limit = this.#options.pageLimit
    for (;;) {
      const at = { ...parameters, limit: String(limit), ...(after !== undefined && { after }) }
      const request = this.#request(path, at, account)
      let page: Page
      try {
        page = await withRetry(() => this.#page(request, after, context), this.#options.policy, context)
      } catch (error) {
        if (!isMillraceError(error, 'CONNECTORS_TOO_MUCH_DATA') || limit <= pageLimitMin) throw error
        limit = Math.max(pageLimitMin, Math.floor(limit / 2))
        context.log({ level: 'info', message: `meta_ads finds the page too large; asking for ${limit} rows at a time` })
        continue
      }
      yield page
      if (page.after === undefined) return
      after = page.after
    }
  }

  async #page(request: Call, from: string | undefined, context: ConnectorContext): Promise<Page> {
    this.calls += 1
    const rows: Node[] = []
    let envelope: Node = {}
    const pieces = callForRows(request, this.#wire, context, 'data')
    for (;;) {
      const { done, value } = await pieces.next()
      if (done) {
        await this.#heard(value, request.account, context)
        this.#throwInBand(envelope, request.account, value, context)
        return pageOf(rows, envelope, from, request.account, value)
      }
      if (value.kind === 'rows') rows.push(...(value.rows as readonly Node[]))
      else envelope = value.value
    }
  }

  async #heard(headers: Headers, account: string | null, context: ConnectorContext): Promise<void> {
    const samples = usageOf(headers)
    logUsage(samples, context)
    await tellUsage({ platform: 'meta_ads', account, policy: this.#options.policy }, samples, context)
  }

  /** Graph may answer 200 with an error in the body. */
  #throwInBand(body: Node, account: string | null, headers: Headers, context: ConnectorContext): void {
    if (body['error'] === undefined) return
    const failed = { status: 200, headers, body: this.#wire.redact.deep(body), account, nowMs: context.clock.nowMs() }
    const error = this.#wire.classify(failed)
    if (error) throw error
  }

  #request(path: string, parameters: Parameters, account: string | null): Call {
    const url = new URL(`${this.#base}/${path}`)
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return { method: 'GET', url: url.href, headers: { authorization: `Bearer ${this.#options.accessToken}` }, account }
  }
}

/** `{"data":[…],"paging":{"cursors":{"before","after"},"next"},"summary":{…}}`; the last page has an `after` but no `next`. */
function pageOf(
  rows: readonly Node[],
  envelope: Node,
  from: string | undefined,
  account: string | null,
  headers: Headers,
): Page {
  const facts = { platform: 'meta_ads', account }
  if (!('data' in envelope)) {
    throw new MillraceError('CONNECTORS_SCHEMA_DRIFT', { ...facts, detail: 'an answer came without "data"' })
  }
  const paging = envelope['paging'] as { cursors?: { after?: string }; next?: unknown } | undefined
  const after = paging?.next === undefined ? undefined : (paging.cursors?.after ?? '')
  if (after === '' || (after !== undefined && after === from)) {
    // Going on would ask for the same page for ever.
    throw new MillraceError('CONNECTORS_TRANSIENT', { ...facts, detail: 'the cursor of the next page does not move' })
  }
  const requestId = headers.get('x-fb-trace-id') ?? headers.get('x-fb-request-id') ?? undefined
  return { rows, summary: envelope['summary'] as Node | undefined, requestId, after }
}
