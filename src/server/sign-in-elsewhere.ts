import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Oidc } from '../access/oidc.ts'
import type { OidcOptions, OidcPerson, OidcTrip } from '../access/oidc.ts'
import { userOfPerson } from '../access/oidc-users.ts'
import { newSecret } from '../access/token.ts'
import { isMillraceError, MillraceError } from '../domain/errors.ts'
import type { SignInParts } from './sign-in.ts'
import { openFor, stranger } from './sign-in.ts'

const path = '/api/v1/login/oidc'
const cookieName = 'millrace_oidc'
const tripMs = 600_000
/** Trips are kept in memory; more than this at once are nobody's who signs in. */
const tripsMax = 1_000

interface Kept {
  readonly trip: OidcTrip
  readonly endsAtMs: number
}

/** Trips to the issuer that are under way, by the secret that the browser holds. */
class Trips {
  readonly #kept = new Map<string, Kept>()

  keep(trip: OidcTrip, nowMs: number): string {
    for (const [secret, { endsAtMs }] of this.#kept) if (endsAtMs <= nowMs) this.#kept.delete(secret)
    const oldest = this.#kept.size >= tripsMax ? this.#kept.keys().next().value : undefined
    if (oldest !== undefined) this.#kept.delete(oldest)
    const secret = newSecret()
    this.#kept.set(secret, { trip, endsAtMs: nowMs + tripMs })
    return secret
  }

  /** Once. */
  take(secret: string, nowMs: number): OidcTrip | undefined {
    const kept = this.#kept.get(secret)
    this.#kept.delete(secret)
    return kept && kept.endsAtMs > nowMs ? kept.trip : undefined
  }
}

const plain = { schema: { hide: true }, config: { role: 'anyone' } } as const

/** Signing in at an OpenID provider: there, and back with a session. What goes wrong is told by the login screen. */
export function signingInElsewhere(app: FastifyInstance, parts: SignInParts, options: OidcOptions): void {
  const oidc = new Oidc(options)
  const trips = new Trips()
  const { gate, door } = parts
  const cookie = (request: FastifyRequest, secret: string) =>
    // Lax: the way back comes from the issuer's page, and a strict cookie would stay behind.
    `${cookieName}=${secret}; HttpOnly; SameSite=Lax; Path=${path}; Max-Age=${secret === '' ? 0 : tripMs / 1_000}${
      gate.isSecure(request) ? '; Secure' : ''
    }`
  app.get(path, plain, async (request, reply) => {
    try {
      const { url, trip } = await oidc.begin(`${originOf(request, parts)}${path}/callback`)
      void reply.header('set-cookie', cookie(request, trips.keep(trip, door.clock.nowMs())))
      return reply.redirect(url)
    } catch (error) {
      return back(reply, error)
    }
  })
  app.get(`${path}/callback`, plain, async (request, reply) => {
    const secret = new RegExp(`(?:^|;\\s*)${cookieName}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1] ?? ''
    try {
      const trip = trips.take(secret, door.clock.nowMs())
      if (!trip) throw new MillraceError('ACCESS_OIDC_FAILED', { issuer: options.issuer, reason: 'no trip under way' })
      const person = await oidc.finish(new URL(request.url, originOf(request, parts)), trip)
      const session = await signIn(parts, options, person, request)
      void reply.header('set-cookie', [gate.cookie(request, session), cookie(request, '')])
      return reply.redirect('/')
    } catch (error) {
      return back(reply, error)
    }
  })
}

/** To the login screen, which says what the code means; what is behind the # stays in the browser. */
function back(reply: FastifyReply, error: unknown): FastifyReply {
  if (!isMillraceError(error)) throw error
  return reply.redirect(`/#refused=${error.code}`)
}

function originOf(request: FastifyRequest, { access }: SignInParts): string {
  return access.publicUrl?.replace(/\/$/, '') ?? `${request.protocol}://${request.host}`
}

/** Throws ACCESS_OIDC_NOBODY. */
async function signIn(parts: SignInParts, options: OidcOptions, person: OidcPerson, request: FastifyRequest) {
  const { door, witness } = parts
  const rolesByIssuer = options.roles !== undefined
  const who = await door
    .warehouse()
    .transaction((session) => userOfPerson(session, person, { nowMs: door.clock.nowMs(), rolesByIssuer }))
  if (who) return openFor(parts, who, request)
  const line = { ...witness.base(request, stranger(person.name)), action: 'session open', detail: null } as const
  await witness.append({ ...line, outcome: 'refused' })
  throw new MillraceError('ACCESS_OIDC_NOBODY', { subject: person.name, claim: options.claim })
}
