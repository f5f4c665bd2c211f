import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { principalOfKey } from '../access/keys.ts'
import type { Principal } from '../access/principal.ts'
import { localPrincipal, serverKeyPrincipal } from '../access/principal.ts'
import type { SessionLimits } from '../access/sessions.ts'
import { sessionLimitsDefault, userBySession } from '../access/sessions.ts'
import { keyIdOf, newSecret } from '../access/token.ts'
import type { Clock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Door } from './mount.ts'

export interface GateOptions {
  /** The one bearer key of the server's start. */
  readonly key: string | undefined
  /** People sign in, and programs have keys of their own. */
  readonly login: boolean
  readonly clock: Clock
  readonly door: Door
  readonly limits?: SessionLimits | undefined
  /** How others reach the server, where that is not how it listens: behind a proxy that speaks TLS. */
  readonly publicUrl?: string | undefined
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Compares in a time that says nothing about where the two differ. */
const isSame = (given: string, digestWanted: Buffer): boolean => timingSafeEqual(digest(given), digestWanted)

const cookieNames = ['__Host-millrace_session', 'millrace_session'] as const

/** Sessions opened with a key end with the process, and no later than this. */
const keySessionMs = 12 * 3_600_000

interface KeySession {
  readonly key: string
  readonly endsAtMs: number
}

/** Knows who asks: by the server's key, a key of the project, or a session. Remembers it for the rest of the request. */
export class Gate {
  readonly isLocked: boolean
  readonly limits: SessionLimits
  readonly #options: GateOptions
  readonly #wanted: Buffer | undefined
  readonly #keySessions = new Map<string, KeySession>()
  readonly #known = new WeakMap<FastifyRequest, Principal>()

  constructor(options: GateOptions) {
    this.#options = options
    this.#wanted = options.key === undefined ? undefined : digest(options.key)
    this.isLocked = options.login || options.key !== undefined
    this.limits = options.limits ?? sessionLimitsDefault
  }

  /** Who the request was found to come from; undefined where nobody has looked. */
  known(request: FastifyRequest): Principal | undefined {
    return this.#known.get(request)
  }

  /** Throws SERVER_STARTING where only the database, which is not there yet, can say it. */
  async whoIs(request: FastifyRequest): Promise<Principal | undefined> {
    const who = this.isLocked ? await this.#find(request) : localPrincipal
    if (who) this.#known.set(request, who)
    return who
  }

  /** Whether a browser sent it by itself: nothing else says who asks. */
  comesByCookie(request: FastifyRequest): boolean {
    return bearerOf(request) === undefined && secretOf(request) !== undefined
  }

  async #find(request: FastifyRequest): Promise<Principal | undefined> {
    const bearer = bearerOf(request)
    if (bearer !== undefined) return this.whoHolds(bearer)
    const secret = secretOf(request)
    if (secret === undefined) return undefined
    const nowMs = this.#options.clock.nowMs()
    const byKey = this.#keySessions.get(secret)
    if (byKey) return byKey.endsAtMs > nowMs ? this.whoHolds(byKey.key) : undefined
    return userBySession(this.#options.door.warehouse(), secret, { nowMs, limits: this.limits })
  }

  /** Whose key it is, while it is in force. */
  async whoHolds(key: string): Promise<Principal | undefined> {
    if (this.#wanted && isSame(key, this.#wanted)) return serverKeyPrincipal
    if (keyIdOf(key) === undefined) return undefined
    const { door, clock } = this.#options
    return principalOfKey(door.warehouse(), key, clock.nowMs())
  }

  /** Opens a session for whoever shows a key. Throws ACCESS_SIGN_IN_REFUSED. */
  async openByKey(key: string): Promise<{ readonly who: Principal; readonly secret: string }> {
    const who = await this.whoHolds(key)
    if (!who) throw new MillraceError('ACCESS_SIGN_IN_REFUSED')
    const nowMs = this.#options.clock.nowMs()
    for (const [secret, { endsAtMs }] of this.#keySessions) if (endsAtMs <= nowMs) this.#keySessions.delete(secret)
    const secret = newSecret()
    this.#keySessions.set(secret, { key, endsAtMs: nowMs + keySessionMs })
    return { who, secret }
  }

  endKeySession(secret: string): void {
    this.#keySessions.delete(secret)
  }

  /** A cookie that scripts cannot read and other sites cannot use; empty: take it away. */
  cookie(request: FastifyRequest, secret: string): string {
    const secure = this.isSecure(request)
    const name = cookieNames[secure ? 0 : 1]
    const seconds = secret === '' ? 0 : Math.floor(this.limits.wholeMs / 1_000)
    return `${name}=${secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${seconds}${secure ? '; Secure' : ''}`
  }

  isSecure(request: FastifyRequest): boolean {
    return request.protocol === 'https' || this.#options.publicUrl?.startsWith('https:') === true
  }
}

function bearerOf(request: FastifyRequest): string | undefined {
  return /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

/** What the session's cookie carries. */
export function secretOf(request: Pick<FastifyRequest, 'headers'>): string | undefined {
  const cookies = request.headers.cookie ?? ''
  for (const name of cookieNames) {
    const secret = new RegExp(`(?:^|;\\s*)${name}=([\\w-]+)`).exec(cookies)?.[1]
    if (secret !== undefined) return secret
  }
  return undefined
}
