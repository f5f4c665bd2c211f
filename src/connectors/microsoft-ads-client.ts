import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { ConnectorContext } from './connector.ts'
import type { Call, Wire } from './http.ts'
import { callForDigits, callForFile } from './http.ts'
import { classifyMicrosoft } from './microsoft-ads-errors.ts'
import type { ReportFile } from './microsoft-ads-report.ts'
import { readReport } from './microsoft-ads-report.ts'
import type { TokenSource } from './oauth-tokens.ts'
import type { Redactor } from './redact.ts'
import type { RetryPolicy } from './retry.ts'
import { withRetry } from './retry.ts'

export interface MicrosoftClientOptions {
  /** All services at one address; left out: each at Microsoft's own. */
  readonly baseUrl: string | undefined
  readonly apiVersion: string
  readonly developerToken: string
  readonly timeoutMs: number
  readonly policy: RetryPolicy
}

export type Node = Readonly<Record<string, unknown>>

const hosts = {
  CampaignManagement: 'https://campaign.api.bingads.microsoft.com',
  CustomerManagement: 'https://clientcenter.api.bingads.microsoft.com',
  Reporting: 'https://reporting.api.bingads.microsoft.com',
} as const

/** One operation of one service; all of them are POST. */
export interface Operation {
  readonly service: keyof typeof hosts
  readonly path: string
  readonly body: Node
  readonly account: string | null
  readonly customerId: string | null
}

const reportLimits = { types: /zip|octet-stream|binary/i, bytesMax: 512 * 1024 * 1024 }

/** The few calls of Microsoft Advertising's REST API that reading needs. */
export class MicrosoftClient {
  readonly #options: MicrosoftClientOptions
  readonly #tokens: TokenSource
  readonly #wire: Wire
  /** Calls that counted against Microsoft's limits. */
  calls = 0

  constructor(options: MicrosoftClientOptions, tokens: TokenSource, redact: Redactor) {
    this.#options = options
    this.#tokens = tokens
    const classify: Wire['classify'] = (failed) => classifyMicrosoft(failed, options.apiVersion)
    this.#wire = { platform: 'microsoft_ads', timeoutMs: options.timeoutMs, redact, policy: options.policy, classify }
  }

  async ask(operation: Operation, context: ConnectorContext): Promise<Node> {
    const once = async (token: string) => {
      this.calls += 1
      const { body } = await callForDigits(this.#request(operation, token), this.#wire, context)
      return body as Node
    }
    const asked = async () => {
      const token = await this.#tokens.token(context)
      try {
        return await once(token)
      } catch (error) {
        if (!isMillraceError(error, 'CONNECTORS_AUTH_EXPIRED')) throw error
        this.#tokens.expire(token)
        context.log({
          level: 'info',
          message: 'microsoft_ads refused the access token; the call is repeated with a new one',
        })
      }
      return once(await this.#tokens.token(context))
    }
    return withRetry(asked, this.#options.policy, context)
  }

  /** The report at the address that Microsoft named. The address is its own key: the token stays here. */
  async download(address: string, account: string, context: ConnectorContext): Promise<ReportFile> {
    const url = new URL(address)
    const isOurs = this.#options.baseUrl !== undefined && new URL(this.#options.baseUrl).host === url.host
    if (url.protocol !== 'https:' && !isOurs) {
      const detail = `the report is said to be at ${url.protocol}//${url.host}, which is not https`
      throw new MillraceError('CONNECTORS_BAD_REQUEST', { platform: 'microsoft_ads', account, detail })
    }
    const request: Call = { method: 'GET', url: url.href, headers: {}, account }
    const read = async () => {
      const { bytes, broken } = await callForFile(request, this.#wire, context, reportLimits)
      return readReport(bytes, broken)
    }
    return withRetry(read, this.#options.policy, context)
  }

  #request({ service, path, body, account, customerId }: Operation, token: string): Call {
    const base = (this.#options.baseUrl ?? hosts[service]).replace(/\/+$/, '')
    const headers = {
      authorization: `Bearer ${token}`,
      developertoken: this.#options.developerToken,
      'content-type': 'application/json',
      ...(customerId !== null && { customerid: customerId }),
      ...(account !== null && { customeraccountid: account }),
    }
    const url = `${base}/${service}/${this.#options.apiVersion}/${path}`
    return { method: 'POST', url, headers, body: JSON.stringify(body), account }
  }
}
