import type { AdAccount } from '../domain/account.ts'
import type { SandboxAddress } from './process.ts'

/** An answer as it came over the wire; `json` is parsed, or undefined when the text is none. */
export interface BareAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly json: unknown
}

async function read(response: Response): Promise<BareAnswer> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') ?? false
  let json: unknown
  try {
    json = isJson ? JSON.parse(text) : undefined
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  return { status: response.status, headers: response.headers, text, json }
}

/** A client without retries, paging or judgement: tests of the fake must see what is on the wire and nothing else. */
export class BareClient {
  readonly #sandbox: Omit<SandboxAddress, 'url'>
  #token = ''

  constructor(sandbox: Omit<SandboxAddress, 'url'>) {
    this.#sandbox = sandbox
  }

  account(platform: 'google_ads' | 'meta_ads', currency: string): AdAccount {
    return this.#sandbox.accounts.find((one) => one.platform === platform && one.currency === currency)!
  }

  async token(change: Readonly<Record<string, string>> = {}): Promise<BareAnswer> {
    const { clientId, clientSecret, refreshToken } = this.#sandbox.credentials
    const form = {
      grant_type: 'refresh_token',
      client_id: clientId,
      client_secret: clientSecret,
      refresh_token: refreshToken,
    }
    const answer = await read(
      await fetch(this.#sandbox.googleOauthUrl, { method: 'POST', body: new URLSearchParams({ ...form, ...change }) }),
    )
    this.#token = (answer.json as { access_token?: string } | undefined)?.access_token ?? this.#token
    return answer
  }

  async google(
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
    version = 'v26',
  ): Promise<BareAnswer> {
    if (!this.#token) await this.token()
    const { credentials, googleAdsUrl } = this.#sandbox
    const response = await fetch(`${googleAdsUrl}/${version}/${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        authorization: `Bearer ${this.#token}`,
        'login-customer-id': credentials.loginCustomerId,
        'content-type': 'application/json',
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    return read(response)
  }

  stream(accountId: string, query: string, more: object = {}): Promise<BareAnswer> {
    return this.google(`customers/${accountId}/googleAds:searchStream`, { query, ...more })
  }

  search(accountId: string, query: string, more: object = {}): Promise<BareAnswer> {
    return this.google(`customers/${accountId}/googleAds:search`, { query, ...more })
  }

  async meta(path: string, query: Readonly<Record<string, string>> = {}, token?: string): Promise<BareAnswer> {
    const { metaUrl, credentials } = this.#sandbox
    const address = `${metaUrl}/v26.0/${path}?${new URLSearchParams(query).toString()}`
    return read(await fetch(address, { headers: { authorization: `Bearer ${token ?? credentials.metaAccessToken}` } }))
  }

  /** Asks Meta to work at a report. */
  async report(accountId: string, query: Readonly<Record<string, string>>): Promise<BareAnswer> {
    const { metaUrl, credentials } = this.#sandbox
    const headers = { authorization: `Bearer ${credentials.metaAccessToken}` }
    const body = new URLSearchParams(query)
    return read(await fetch(`${metaUrl}/v26.0/act_${accountId}/insights`, { method: 'POST', headers, body }))
  }

  insights(accountId: string, query: Readonly<Record<string, string>>): Promise<BareAnswer> {
    const fields =
      'account_currency,campaign_id,campaign_name,impressions,clicks,inline_link_clicks,spend,actions,action_values'
    return this.meta(`act_${accountId}/insights`, {
      level: 'campaign',
      time_increment: '1',
      fields,
      limit: '500',
      ...query,
    })
  }
}

interface GoogleChunk {
  readonly results?: readonly GoogleRowJson[]
  readonly summaryRow?: GoogleRowJson
  readonly nextPageToken?: string
  readonly totalResultsCount?: string
}

interface GoogleRowJson {
  readonly campaign?: Readonly<Record<string, string>>
  readonly segments?: Readonly<Record<string, string>>
  readonly metrics?: Readonly<Record<string, string | number>>
  readonly customerClient?: Readonly<Record<string, string | boolean>>
}

export function chunks(answer: BareAnswer): readonly GoogleChunk[] {
  return (Array.isArray(answer.json) ? answer.json : [answer.json]) as readonly GoogleChunk[]
}

export function googleRows(answer: BareAnswer): readonly GoogleRowJson[] {
  return chunks(answer).flatMap((chunk) => chunk.results ?? [])
}

/** `family: CODE` of a Google error, array or object. */
export function googleError(answer: BareAnswer): string {
  interface Body {
    readonly error?: { readonly details?: readonly { readonly errors?: readonly { readonly errorCode: object }[] }[] }
  }
  const body = (Array.isArray(answer.json) ? answer.json[0] : answer.json) as Body
  const [family, code] = Object.entries(body.error?.details?.[0]?.errors?.[0]?.errorCode ?? { none: 'none' })[0]!
  return `${answer.status} ${family} ${code}`
}

export interface MetaAction {
  readonly action_type: string
  readonly value: string
}

export interface MetaRow {
  readonly campaign_id?: string
  readonly date_start?: string
  readonly impressions?: string
  readonly clicks?: string
  readonly spend?: string
  readonly actions?: readonly MetaAction[]
  readonly action_values?: readonly MetaAction[]
}

export interface MetaPage {
  readonly data: readonly MetaRow[]
  readonly paging?: { readonly cursors: { readonly after: string }; readonly next?: string }
  readonly summary?: MetaRow
}

export const metaPage = (answer: BareAnswer) => answer.json as MetaPage

/** `HTTP code/subcode` of a Graph error. */
export function metaError(answer: BareAnswer): string {
  const { error } = answer.json as { readonly error: { readonly code: number; readonly error_subcode?: number } }
  return `${answer.status} ${error.code}/${error.error_subcode ?? '-'}`
}
