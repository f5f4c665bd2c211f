import { z } from 'zod'
import { instant } from './contract-runs.ts'
import type { Routes } from './contract-role.ts'

const role = z.enum(['viewer', 'operator', 'admin'])
const clients = z.array(z.string().max(64)).max(200).nullable()
const name = z.string().min(1).max(64)
/** Long enough for a sentence, short enough that a hash of it is no attack. */
const password = z.string().min(1).max(1_000)
const ok = z.object({ ok: z.boolean() })

const who = z.object({
  kind: z.enum(['user', 'key', 'server_key', 'local']),
  id: z.string(),
  name: z.string(),
  role,
  /** The only clients whose rows are shown; null: all. */
  clients,
})

const user = z.object({
  userId: z.string(),
  name: z.string(),
  role,
  clients,
  /** `password`, or the issuer that says who they are. */
  signsInBy: z.string(),
  createdAt: instant,
  createdBy: z.string(),
  lastSeenAt: instant.nullable(),
  disabledAt: instant.nullable(),
})

const accessKey = z.object({
  keyId: z.string(),
  name: z.string(),
  /** A role, or `collect`: sending events and nothing else. */
  scope: z.enum(['viewer', 'operator', 'admin', 'collect']),
  clients,
  createdAt: instant,
  createdBy: z.string(),
  expiresAt: instant.nullable(),
  lastUsedAt: instant.nullable(),
  revokedAt: instant.nullable(),
})

const auditLine = z.object({
  auditId: z.string(),
  /** Lines of one deed have one: begun, and how it ended. */
  deed: z.string(),
  at: instant,
  whoKind: z.string(),
  whoId: z.string(),
  who: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.unknown(),
  origin: z.string(),
  outcome: z.enum(['begun', 'done', 'refused', 'failed']),
  beforeHash: z.string().nullable(),
  afterHash: z.string().nullable(),
})

/** Who asks, signing in and out, and what an admin decides. */
export const accessRoutes = {
  'GET /api/v1/me': {
    summary: 'Who asks, and how one signs in; answered before signing in and before the database is there',
    role: 'anyone',
    response: z.object({
      /** Whether this server wants to know who asks; false: it is open, to this machine alone. */
      login: z.boolean(),
      /** The database answers; before, nobody can sign in. */
      ready: z.boolean(),
      who: who.nullable(),
      ways: z.object({ password: z.boolean(), key: z.boolean(), oidc: z.string().nullable() }),
      /** There is no admin yet: the token that the start printed makes the first. */
      setup: z.boolean(),
    }),
  },
  'POST /api/v1/session': {
    summary: 'Signs in with a name and a password, or a key: the answer sets a cookie that a browser sends by itself',
    role: 'anyone',
    body: z.union([z.strictObject({ key: z.string().max(1_000) }), z.strictObject({ name, password })]),
    response: ok,
  },
  'POST /api/v1/session/end': {
    summary: 'Signs out: the session is over, here and for whoever copied its cookie',
    role: 'anyone',
    response: ok,
  },
  'POST /api/v1/setup': {
    summary: 'Makes the first admin with the token that the start printed',
    role: 'anyone',
    body: z.strictObject({ token: z.string().max(200), name, password }),
    response: ok,
  },
  'POST /api/v1/me/password': {
    summary: 'One’s own password anew; every session of the user ends',
    role: 'viewer',
    perClient: true,
    body: z.strictObject({ before: password, password }),
    response: ok,
  },
  'GET /api/v1/users': {
    summary: 'Everybody who can sign in, and who no longer can',
    role: 'admin',
    response: z.object({ users: z.array(user) }),
  },
  'POST /api/v1/users': {
    summary: 'Adds a user; clients limit what they see to those clients’ accounts',
    role: 'admin',
    body: z.strictObject({ name, password, role, clients: clients.default(null) }),
    response: z.object({ user }),
  },
  'POST /api/v1/users/:userId/role': {
    summary: 'Another role, or other clients',
    role: 'admin',
    params: z.object({ userId: z.string().max(64) }),
    body: z.strictObject({ role, clients: clients.default(null) }),
    response: z.object({ user }),
  },
  'POST /api/v1/users/:userId/disable': {
    summary: 'Signs a user out everywhere and lets them in no more',
    role: 'admin',
    params: z.object({ userId: z.string().max(64) }),
    response: z.object({ user }),
  },
  'POST /api/v1/users/:userId/enable': {
    summary: 'Lets a user in again',
    role: 'admin',
    params: z.object({ userId: z.string().max(64) }),
    response: z.object({ user }),
  },
  'POST /api/v1/users/:userId/password': {
    summary: 'Another password for a user; every session of theirs ends',
    role: 'admin',
    params: z.object({ userId: z.string().max(64) }),
    body: z.strictObject({ password }),
    response: z.object({ user }),
  },
  'GET /api/v1/keys': {
    summary: 'API keys, never the keys themselves',
    role: 'admin',
    query: z.object({ all: z.enum(['true', 'false']).default('false') }),
    response: z.object({ keys: z.array(accessKey) }),
  },
  'POST /api/v1/keys': {
    summary: 'Makes a key; this answer is the only place where it ever stands',
    role: 'admin',
    body: z.strictObject({
      name,
      scope: accessKey.shape.scope,
      clients: clients.default(null),
      expiresAt: instant.nullable().default(null),
    }),
    response: z.object({ key: z.string(), made: accessKey }),
  },
  'POST /api/v1/keys/:keyId/revoke': {
    summary: 'From the next request on the key opens nothing',
    role: 'admin',
    params: z.object({ keyId: z.string().max(64) }),
    response: z.object({ made: accessKey }),
  },
  'GET /api/v1/audit': {
    summary: 'Who did what, newest first',
    role: 'admin',
    query: z.object({
      who: z.string().max(100).optional(),
      action: z.string().max(100).optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(100),
    }),
    response: z.object({ lines: z.array(auditLine) }),
  },
} as const satisfies Routes
