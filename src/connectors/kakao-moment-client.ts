import { MillraceError } from '../domain/errors.ts'
import type { ConnectorContext } from './connector.ts'
import type { Call, Wire } from './http.ts'
import { callForRows } from './http.ts'
import { classifyKakao } from './kakao-moment-errors.ts'
import type { Node } from './kakao-moment-rows.ts'
import type { Pace } from './pace.ts'
import type { Redactor } from './redact.ts'
import type { RetryPolicy } from './retry.ts'
import { withRetry } from './retry.ts'

export interface KakaoClientOptions {
  readonly baseUrl: string
  readonly apiVersion: string
  readonly accessToken: string
  readonly timeoutMs: number
  readonly policy: RetryPolicy
  /** Reports are asked for one by one; shared by all that ask with one token. */
  readonly pace: Pace
}

export interface KakaoQuestion {
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  /** Null where the question is about the token's owner and not about an account. */
  readonly account: string | null
}

/** A list and what stood around it. */
export interface KakaoList {
  readonly rows: readonly Node[]
  readonly around: Node
}

/** The few calls of Kakao Moment that reading needs. The account travels in a header of its own. */
export class KakaoClient {
  readonly #options: KakaoClientOptions
  readonly #wire: Wire
  readonly #base: string
  calls = 0

  constructor(options: KakaoClientOptions, redact: Redactor) {
    this.#options = options
    const classify: Wire['classify'] = (failed) => classifyKakao(failed, options.apiVersion)
    this.#wire = { platform: 'kakao_moment', timeoutMs: options.timeoutMs, redact, policy: options.policy, classify }
    this.#base = `${options.baseUrl.replace(/\/+$/, '')}/openapi/${options.apiVersion}`
  }

  /** One object, its numbers as text. */
  async node(question: KakaoQuestion, context: ConnectorContext): Promise<Node> {
    return withRetry(async () => (await this.#list(question, '', context)).around, this.#options.policy, context)
  }

  /** What stands under `content`. */
  async content(question: KakaoQuestion, context: ConnectorContext): Promise<KakaoList> {
    return withRetry(() => this.#list(question, 'content', context), this.#options.policy, context)
  }

  /** The rows of a report. Every try takes its turn: one that was refused for coming too early is not the next to come too early. */
  async report(question: KakaoQuestion, context: ConnectorContext): Promise<readonly Node[]> {
    const read = async () => {
      await this.#options.pace.turn(context)
      return (await this.#list(question, 'data', context)).rows
    }
    return withRetry(read, this.#options.policy, context)
  }

  async #list(question: KakaoQuestion, rowsKey: string, context: ConnectorContext): Promise<KakaoList> {
    this.calls += 1
    const request = this.#request(question)
    const rows: Node[] = []
    let around: Node = {}
    const pieces = callForRows(request, this.#wire, context, rowsKey)
    for (;;) {
      const { done, value } = await pieces.next()
      if (done) {
        this.#throwInBand(around, request.account, value, context)
        if (rowsKey !== '' && !(rowsKey in around)) {
          const detail = `an answer came without "${rowsKey}"`
          throw new MillraceError('CONNECTORS_SCHEMA_DRIFT', {
            platform: 'kakao_moment',
            account: request.account,
            detail,
          })
        }
        return { rows, around }
      }
      if (value.kind === 'rows') rows.push(...(value.rows as readonly Node[]))
      else around = value.value
    }
  }

  /** A refusal may come in an answer that is called a success; real ones have code 200 or none. */
  #throwInBand(body: Node, account: string | null, headers: Headers, context: ConnectorContext): void {
    const { code } = body
    if (typeof code !== 'string' || !code.startsWith('-')) return
    const failed = { status: 200, headers, body: this.#wire.redact.deep(body), account, nowMs: context.clock.nowMs() }
    const error = this.#wire.classify(failed)
    if (error) throw error
  }

  #request({ path, query = {}, account }: KakaoQuestion): Call {
    const search = new URLSearchParams(query).toString()
    const headers = {
      authorization: `Bearer ${this.#options.accessToken}`,
      ...(account !== null && { adaccountid: account }),
    }
    return { method: 'GET', url: `${this.#base}/${path}${search && `?${search}`}`, headers, account }
  }
}
