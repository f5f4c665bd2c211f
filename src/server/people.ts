import type { FastifyInstance } from 'fastify'
import { listAudit } from '../access/audit.ts'
import type { AccessKey } from '../access/keys.ts'
import { createKey, listKeys, revokeKey } from '../access/keys.ts'
import { localPrincipal } from '../access/principal.ts'
import type { User } from '../access/users.ts'
import { addUser, listUsers, setDisabled, setPassword, setRole } from '../access/users.ts'
import type { AccessOptions } from './access-options.ts'
import { asking } from './asking.ts'
import type { Door } from './mount.ts'
import { serve } from './route.ts'

const text = (at: Date | null): string | null => at?.toISOString() ?? null
const list = (clients: readonly string[] | null): string[] | null => clients && [...clients]

const userOf = ({ createdAt, lastSeenAt, disabledAt, clients, ...user }: User) => ({
  ...user,
  clients: list(clients),
  createdAt: createdAt.toISOString(),
  lastSeenAt: text(lastSeenAt),
  disabledAt: text(disabledAt),
})

const keyOf = ({ createdAt, expiresAt, lastUsedAt, revokedAt, clients, ...key }: AccessKey) => ({
  ...key,
  clients: list(clients),
  createdAt: createdAt.toISOString(),
  expiresAt: text(expiresAt),
  lastUsedAt: text(lastUsedAt),
  revokedAt: text(revokedAt),
})

const actor = (): string => (asking.getStore() ?? localPrincipal).name

/** What an admin decides: users, keys, and the log of what everybody did. */
export function people(app: FastifyInstance, door: Door, { scryptCost }: AccessOptions): void {
  const now = () => door.clock.nowMs()
  serve(app, 'GET /api/v1/users', async () => ({ users: (await listUsers(door.warehouse())).map(userOf) }))
  serve(app, 'POST /api/v1/users', async ({ body }) => {
    const wanted = { ...body, by: actor(), nowMs: now(), scryptCost }
    return { user: userOf(await door.warehouse().transaction((session) => addUser(session, wanted))) }
  })
  serve(app, 'POST /api/v1/users/:userId/role', async ({ params, body }) => {
    const user = await door.warehouse().transaction((session) => setRole(session, params.userId, body))
    return { user: userOf(user) }
  })
  for (const [key, disabled] of [
    ['POST /api/v1/users/:userId/disable', true],
    ['POST /api/v1/users/:userId/enable', false],
  ] as const)
    serve(app, key, async ({ params }) => {
      const change = { user: params.userId, nowMs: now() }
      return { user: userOf(await door.warehouse().transaction((session) => setDisabled(session, change, disabled))) }
    })
  serve(app, 'POST /api/v1/users/:userId/password', async ({ params, body }) => {
    const change = { user: params.userId, nowMs: now() }
    const wanted = { password: body.password, scryptCost }
    return { user: userOf(await door.warehouse().transaction((session) => setPassword(session, change, wanted))) }
  })
  keys(app, door)
}

function keys(app: FastifyInstance, door: Door): void {
  serve(app, 'GET /api/v1/keys', async ({ query }) => ({
    keys: (await listKeys(door.warehouse(), query.all === 'true')).map(keyOf),
  }))
  serve(app, 'POST /api/v1/keys', async ({ body: { expiresAt, ...body } }) => {
    const expiresAtMs = expiresAt === null ? null : Date.parse(expiresAt)
    const wanted = { ...body, expiresAtMs, by: actor(), nowMs: door.clock.nowMs() }
    const { key, made } = await door.warehouse().transaction((session) => createKey(session, wanted))
    return { key, made: keyOf(made) }
  })
  serve(app, 'POST /api/v1/keys/:keyId/revoke', async ({ params }) => {
    const revoked = { key: params.keyId, by: actor(), nowMs: door.clock.nowMs() }
    return { made: keyOf(await door.warehouse().transaction((session) => revokeKey(session, revoked))) }
  })
  serve(app, 'GET /api/v1/audit', async ({ query }) => {
    const lines = await listAudit(door.warehouse(), query)
    return { lines: lines.map(({ at, ...line }) => ({ ...line, at: at.toISOString() })) }
  })
}
