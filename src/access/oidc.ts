import * as client from 'openid-client'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { Role } from '../domain/role.ts'
import { roles } from '../domain/role.ts'

/** An OpenID provider that says who people are, and what its word is worth here. */
export interface OidcOptions {
  /** On the button of the login screen. */
  readonly name: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret?: string | undefined
  readonly scopes: readonly string[]
  /** The claim whose values decide the role. */
  readonly claim: string
  /** Values of the claim by the role that they give; undefined: an admin gives roles here. */
  readonly roles?: Readonly<Partial<Record<Role, readonly string[]>>> | undefined
  /** For whoever is known to the issuer and given no role by a value. */
  readonly everybody?: Role | undefined
}

/** What is kept between going to the issuer and coming back, for this browser alone. */
export interface OidcTrip {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** Whom the issuer names, by a token that it signed for us, for this trip. */
export interface OidcPerson {
  readonly issuer: string
  readonly subject: string
  /** What they are called there; for people, never for telling them apart. */
  readonly name: string
  /** The role that the issuer's word gives them; undefined: none. */
  readonly role: Role | undefined
}

/** Clocks of two machines differ. */
const clockToleranceSeconds = 30
const timeoutSeconds = 10

/** Signing in by authorization code with PKCE. The issuer's metadata is read when it is first needed and kept. */
export class Oidc {
  readonly options: OidcOptions
  #configuration: Promise<client.Configuration> | undefined

  constructor(options: OidcOptions) {
    this.options = options
  }

  /** Where the browser is to go. Throws ACCESS_OIDC_FAILED when the issuer does not say. */
  async begin(redirectUri: string): Promise<{ readonly url: string; readonly trip: OidcTrip }> {
    const configuration = await this.#read()
    const trip = {
      state: client.randomState(),
      nonce: client.randomNonce(),
      verifier: client.randomPKCECodeVerifier(),
    }
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: this.options.scopes.join(' '),
      state: trip.state,
      nonce: trip.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(trip.verifier),
      code_challenge_method: 'S256',
    })
    return { url: url.href, trip }
  }

  /** Takes the code for a token and believes it only when it is signed, for us, now, and for this trip. Throws ACCESS_OIDC_FAILED. */
  async finish(cameBackTo: URL, trip: OidcTrip): Promise<OidcPerson> {
    const configuration = await this.#read()
    try {
      const tokens = await client.authorizationCodeGrant(configuration, cameBackTo, {
        pkceCodeVerifier: trip.verifier,
        expectedState: trip.state,
        expectedNonce: trip.nonce,
        idTokenExpected: true,
      })
      const claims = tokens.claims()
      if (!claims) throw this.#failed('no id token')
      const { iss: issuer, sub: subject } = claims
      return { issuer, subject, name: nameOf(claims), role: this.#roleOf(claims) }
    } catch (error) {
      if (isMillraceError(error)) throw error
      throw this.#failed((error as { readonly code?: string }).code ?? 'unexpected answer', error)
    }
  }

  /** The highest role that a value of the claim gives. */
  #roleOf(claims: Readonly<Record<string, unknown>>): Role | undefined {
    const { claim, roles: given = {}, everybody } = this.options
    const values = [claims[claim]].flat().filter((one): one is string => typeof one === 'string')
    const fits = (role: Role) => given[role]?.some((one) => values.includes(one)) === true
    return roles.toReversed().find(fits) ?? everybody
  }

  #read(): Promise<client.Configuration> {
    this.#configuration ??= this.#discover().catch((error: unknown) => {
      // An issuer that is away is asked again by the next who signs in.
      this.#configuration = undefined
      throw this.#failed('metadata could not be read', error)
    })
    return this.#configuration
  }

  async #discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.options
    const url = new URL(issuer)
    // Plain HTTP is for an issuer on this machine; elsewhere anybody between could sign people in.
    const isHere = url.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname)
    const execute = isHere ? [client.allowInsecureRequests] : []
    const found = await client.discovery(url, clientId, undefined, client.None(), { execute, timeout: timeoutSeconds })
    const server = found.serverMetadata()
    const configuration = new client.Configuration(
      server,
      clientId,
      { [client.clockTolerance]: clockToleranceSeconds },
      authenticationOf(server.token_endpoint_auth_methods_supported, clientSecret),
    )
    configuration.timeout = timeoutSeconds
    if (isHere) client.allowInsecureRequests(configuration)
    // The token's signature is checked as well, not only the TLS of the place that gave it.
    client.enableNonRepudiationChecks(configuration)
    return configuration
  }

  #failed(reason: string, cause?: unknown): MillraceError {
    return new MillraceError('ACCESS_OIDC_FAILED', { issuer: this.options.issuer, reason }, { cause })
  }
}

/** Basic is what the specification means when a provider says nothing. */
function authenticationOf(methods: readonly string[] | undefined, secret: string | undefined): client.ClientAuth {
  if (secret === undefined) return client.None()
  const isPost = methods?.includes('client_secret_post') === true && !methods.includes('client_secret_basic')
  return isPost ? client.ClientSecretPost(secret) : client.ClientSecretBasic(secret)
}

function nameOf(claims: Readonly<Record<string, unknown>>): string {
  const names = [claims['preferred_username'], claims['email'], claims['name'], claims['sub']]
  return names.find((one): one is string => typeof one === 'string' && one !== '') ?? ''
}
