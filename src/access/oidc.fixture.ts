import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What is wrong with the token that the issuer gives next. */
export type Crooked =
  | 'signature'
  | 'algorithm'
  | 'audience'
  | 'nonce'
  | 'issuer'
  | 'expired'
  | 'subject'
  | 'no token'
  | undefined

export interface Issuer extends AsyncDisposable {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** Who signs in next, and what is wrong with it. */
  next: { claims: Readonly<Record<string, unknown>>; crooked?: Crooked }
}

interface Granted {
  readonly challenge: string
  readonly nonce: string
  readonly redirectUri: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly crooked: Crooked
}

const coded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
}

/** An OpenID provider with keys of its own that really signs (RS256), wants PKCE and a client's secret, and gives a code once. */
class LocalIssuer {
  readonly clientId = 'millrace'
  readonly clientSecret = 'secret of the client'
  next: Issuer['next'] = { claims: { sub: 'nobody' } }
  url = ''
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  readonly #others = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  readonly #codes = new Map<string, Granted>()

  async answer(request: IncomingMessage): Promise<Reply> {
    const asked = new URL(request.url ?? '/', this.url)
    if (asked.pathname === '/.well-known/openid-configuration') return { status: 200, body: metadata(this.url) }
    if (asked.pathname === '/jwks') {
      const jwk = { ...this.#keys.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }
      return { status: 200, body: { keys: [jwk] } }
    }
    if (asked.pathname === '/authorize') return this.#authorize(asked.searchParams)
    return asked.pathname === '/token' ? this.#token(request) : { status: 404, body: {} }
  }

  #authorize(query: URLSearchParams): Reply {
    const code = randomBytes(16).toString('hex')
    const redirectUri = query.get('redirect_uri') ?? ''
    this.#codes.set(code, {
      challenge: query.get('code_challenge_method') === 'S256' ? (query.get('code_challenge') ?? '') : '',
      nonce: query.get('nonce') ?? '',
      redirectUri,
      claims: this.next.claims,
      crooked: this.next.crooked,
    })
    const back = new URL(redirectUri)
    back.searchParams.set('code', code)
    back.searchParams.set('state', query.get('state') ?? '')
    return { status: 302, headers: { location: back.href } }
  }

  async #token(request: IncomingMessage): Promise<Reply> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = new URLSearchParams(Buffer.concat(chunks).toString())
    const granted = this.#codes.get(body.get('code') ?? '')
    this.#codes.delete(body.get('code') ?? '')
    const secret = encodeURIComponent(this.clientSecret).replaceAll('%20', '+')
    const basic = Buffer.from(`${this.clientId}:${secret}`).toString('base64')
    const proof = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url')
    if (request.headers.authorization !== `Basic ${basic}`) return { status: 401, body: { error: 'invalid_client' } }
    if (!granted || granted.challenge !== proof || granted.redirectUri !== body.get('redirect_uri'))
      return { status: 400, body: { error: 'invalid_grant' } }
    const given = { access_token: 'opaque', token_type: 'Bearer', expires_in: 60 }
    const isBare = granted.crooked === 'no token'
    return { status: 200, body: isBare ? given : { ...given, id_token: this.#signed(granted) } }
  }

  #signed({ claims, nonce, crooked }: Granted): string {
    const now = Math.floor((performance.timeOrigin + performance.now()) / 1_000)
    const head = { alg: crooked === 'algorithm' ? 'none' : 'RS256', kid: 'one' }
    const { sub, ...rest } = claims
    const payload = {
      ...rest,
      ...(crooked !== 'subject' && { sub }),
      iss: crooked === 'issuer' ? 'https://evil.example' : this.url,
      aud: crooked === 'audience' ? 'another client' : this.clientId,
      nonce: crooked === 'nonce' ? 'of another trip' : nonce,
      iat: now,
      exp: crooked === 'expired' ? now - 3_600 : now + 60,
    }
    const text = `${coded(head)}.${coded(payload)}`
    if (crooked === 'algorithm') return `${text}.`
    const { privateKey } = crooked === 'signature' ? this.#others : this.#keys
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), privateKey).toString('base64url')}`
  }
}

export async function startIssuer(): Promise<Issuer> {
  const issuer = new LocalIssuer()
  const server = createServer((request, reply) => {
    void issuer.answer(request).then(({ status, headers, body }) => {
      reply.writeHead(status, { 'content-type': 'application/json', ...headers })
      reply.end(body === undefined ? '' : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  issuer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(issuer, {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}

const metadata = (url: string) => ({
  issuer: url,
  authorization_endpoint: `${url}/authorize`,
  token_endpoint: `${url}/token`,
  jwks_uri: `${url}/jwks`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  code_challenge_methods_supported: ['S256'],
})
