import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Attempts } from '../access/attempts.ts'
import type { Principal } from '../access/principal.ts'
import { endSession, openSession } from '../access/sessions.ts'
import { hashOf, newSecret } from '../access/token.ts'
import { addUser, adminCount, setPassword, userByPassword } from '../access/users.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { AccessOptions } from './access-options.ts'
import type { Gate } from './gate.ts'
import { secretOf } from './gate.ts'
import type { Door } from './mount.ts'
import { serve } from './route.ts'
import type { Witness } from './witness.ts'

/** Whoever is not known yet, in the audit log. */
export const stranger = (name: string) => ({ kind: 'user', id: '', name: name.slice(0, 64) }) as const

export interface SignInParts {
  readonly gate: Gate
  readonly witness: Witness
  readonly door: Door
  readonly access: AccessOptions
  readonly setup: Setup
  readonly isReady: () => boolean
}

/** The token that makes the first admin, while there is none. Kept in memory: a restart prints another. */
export class Setup {
  readonly #hash: string
  readonly token: string

  constructor() {
    this.token = newSecret()
    this.#hash = hashOf(this.token)
  }

  fits(token: string): boolean {
    return hashOf(token) === this.#hash
  }

  /** Nobody is there yet who could let people in. */
  static async isWanted(warehouse: Pick<Warehouse, 'query'>): Promise<boolean> {
    return (await adminCount(warehouse)) === 0
  }
}

/** Who asks, signing in and out, and the first admin. */
export function signingIn(app: FastifyInstance, parts: SignInParts): void {
  const { gate, door, access, isReady } = parts
  const attempts = new Attempts(door.clock)
  serve(app, 'GET /api/v1/me', async (_input, request) => {
    const ready = isReady()
    // A cookie or a key that only the database can judge is nobody's until it is there.
    const who = ready || !gate.isLocked ? await gate.whoIs(request) : undefined
    return {
      login: gate.isLocked,
      ready,
      who: who ? { ...who, clients: who.clients && [...who.clients] } : null,
      ways: { password: access.login, key: gate.isLocked, oidc: access.oidc?.name ?? null },
      setup: access.login && ready && (await Setup.isWanted(door.warehouse())),
    }
  })
  serve(app, 'POST /api/v1/session', async ({ body }, request, reply) => {
    if (!gate.isLocked) return { ok: true }
    const name = 'key' in body ? '' : body.name.toLowerCase()
    const secret = await limited(attempts, name, request, () => signIn(parts, body, request))
    void reply.header('set-cookie', gate.cookie(request, secret))
    return { ok: true }
  })
  serve(app, 'POST /api/v1/session/end', async (_input, request, reply) => {
    const secret = secretOf(request)
    if (secret !== undefined) await signOut(parts, secret, request)
    void reply.header('set-cookie', gate.cookie(request, ''))
    return { ok: true }
  })
  serve(app, 'POST /api/v1/setup', async ({ body }, request, reply) => {
    const secret = await limited(attempts, '', request, () => firstAdmin(parts, body, request))
    void reply.header('set-cookie', gate.cookie(request, secret))
    return { ok: true }
  })
  ownPassword(app, parts, attempts)
}

/** Failures count, whoever they are of; an accident of ours is none. */
async function limited<Result>(
  attempts: Attempts,
  name: string,
  request: FastifyRequest,
  work: () => Promise<Result>,
): Promise<Result> {
  attempts.check(name, request.ip)
  try {
    return await work()
  } catch (error) {
    if (error instanceof MillraceError && error.exitCode === 7) attempts.failed(name, request.ip)
    throw error
  }
}

type SignIn = { readonly key: string } | { readonly name: string; readonly password: string }

async function signIn(parts: SignInParts, given: SignIn, request: FastifyRequest): Promise<string> {
  const { gate, witness, door, access, isReady } = parts
  if ('key' in given) {
    const { who, secret } = await gate.openByKey(given.key)
    if (isReady()) await witness.append({ ...opening(parts, request, who), outcome: 'done' })
    return secret
  }
  const warehouse = door.warehouse()
  const who = await userByPassword(warehouse, given, access.scryptCost)
  if (!who) {
    await witness.append({ ...opening(parts, request, stranger(given.name)), outcome: 'refused' })
    throw new MillraceError('ACCESS_SIGN_IN_REFUSED')
  }
  return openFor(parts, who, request)
}

const opening = ({ witness }: SignInParts, request: FastifyRequest, who: Pick<Principal, 'kind' | 'id' | 'name'>) => ({
  ...witness.base(request, who),
  action: 'session open',
  detail: null,
})

/** A session for a person who has been recognised, and its line in the log. */
export async function openFor(parts: SignInParts, who: Principal, request: FastifyRequest): Promise<string> {
  const { gate, witness, door } = parts
  const secret = await door.warehouse().transaction((session) =>
    openSession(session, who.id, {
      nowMs: door.clock.nowMs(),
      limits: gate.limits,
      origin: { address: request.ip, agent: request.headers['user-agent'] ?? '' },
    }),
  )
  await witness.append({ ...opening(parts, request, who), outcome: 'done' })
  return secret
}

async function signOut({ gate, witness, door, isReady }: SignInParts, secret: string, request: FastifyRequest) {
  gate.endKeySession(secret)
  if (!isReady()) return
  const who = await gate.whoIs(request)
  await endSession(door.warehouse(), secret)
  if (who) await witness.append({ ...witness.base(request, who), action: 'session end', detail: null, outcome: 'done' })
}

interface FirstAdmin {
  readonly token: string
  readonly name: string
  readonly password: string
}

/** Throws ACCESS_SETUP_REFUSED, and whatever is wrong with the name or the password. */
async function firstAdmin(parts: SignInParts, given: FirstAdmin, request: FastifyRequest): Promise<string> {
  const { access, setup, door, witness } = parts
  const user = await door.warehouse().transaction(async (session) => {
    // Two holders of the token make one admin.
    await session.query(`select pg_advisory_xact_lock(hashtextextended('millrace admins', 0))`)
    if (!access.login || !setup.fits(given.token) || (await adminCount(session)) > 0)
      throw new MillraceError('ACCESS_SETUP_REFUSED')
    return addUser(session, {
      ...given,
      role: 'admin',
      clients: null,
      by: 'setup',
      nowMs: door.clock.nowMs(),
      scryptCost: access.scryptCost,
    })
  })
  const who: Principal = { kind: 'user', id: user.userId, name: user.name, role: user.role, clients: null }
  await witness.append({ ...witness.base(request, who), action: 'users add', subject: user.name, outcome: 'done' })
  return openFor(parts, who, request)
}

function ownPassword(app: FastifyInstance, { gate, door, witness, access }: SignInParts, attempts: Attempts): void {
  serve(app, 'POST /api/v1/me/password', async ({ body }, request) => {
    const who = gate.known(request)
    if (who?.kind !== 'user') throw new MillraceError('ACCESS_USER_UNKNOWN', { user: who?.name ?? '' })
    await limited(attempts, who.name, request, async () => {
      const given = { name: who.name, password: body.before }
      if (!(await userByPassword(door.warehouse(), given, access.scryptCost)))
        throw new MillraceError('ACCESS_SIGN_IN_REFUSED')
    })
    await door.warehouse().transaction(async (session) => {
      const change = { user: who.id, nowMs: door.clock.nowMs() }
      await setPassword(session, change, { password: body.password, scryptCost: access.scryptCost })
    })
    const base = witness.base(request, who)
    await witness.append({ ...base, action: 'users password', subject: who.name, outcome: 'done' })
    return { ok: true }
  })
}
