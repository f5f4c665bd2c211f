import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import type { Principal } from '../access/principal.ts'
import { MillraceError } from '../domain/errors.ts'
import { covers } from '../domain/role.ts'
import { asking } from './asking.ts'
import type { RouteRole } from './contract-role.ts'
import type { Gate } from './gate.ts'
import type { Witness } from './witness.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Left out: admins alone. */
    role?: RouteRole
    perClient?: boolean
  }
}

const keyLengthMin = 16

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Refuses to open a server to others without a key or a login. Throws SERVER_PUBLIC_WITHOUT_KEY, SERVER_KEY_SHORT. */
export function checkBind(host: string, key: string | undefined, login = false): void {
  if (key !== undefined && key.length < keyLengthMin)
    throw new MillraceError('SERVER_KEY_SHORT', { lengthMin: keyLengthMin })
  if (key === undefined && !login && !isLoopback(host)) throw new MillraceError('SERVER_PUBLIC_WITHOUT_KEY', { host })
}

const isChange = (method: string): boolean => method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'

/**
 * Looks at every request of the scope before anything else does. Without a key or a login only this machine's own names are
 * answered (a foreign name in Host is how a web page would reach a local server); with one, whoever asks must be known and have
 * the role that the route names. A change is never taken from a page of another origin, and every change is witnessed.
 */
export function guard(app: FastifyInstance, gate: Gate, witness: Witness): void {
  app.addHook('onRoute', (route) => watch(route, gate, witness))
  app.addHook('onRequest', async (request) => {
    if (!gate.isLocked) checkHost(request)
    const { role = 'admin', perClient = false } = request.routeOptions.config
    if (isChange(request.method)) checkOrigin(request, gate)
    if (role === 'anyone') return
    const who = await gate.whoIs(request)
    if (!who) throw new MillraceError('SERVER_KEY_WANTED')
    const problem = refusalOf(who, role, perClient)
    if (!problem) return
    if (isChange(request.method)) await witness.refused(request, who, problem)
    throw problem
  })
}

/** Why someone who is known may not; undefined: they may. */
function refusalOf(who: Principal, role: Exclude<RouteRole, 'anyone'>, perClient: boolean): MillraceError | undefined {
  if (!covers(who.role, role))
    return new MillraceError('ACCESS_ROLE_WANTED', { name: who.name, role: who.role, wanted: role })
  if (who.clients !== null && !perClient)
    return new MillraceError('ACCESS_CLIENTS_ONLY', { name: who.name, clients: who.clients.join(', ') })
  return undefined
}

/** Every handler runs in the name of whoever asks, and a change is written down before and after. */
function watch(route: RouteOptions, gate: Gate, witness: Witness): void {
  // Files of the dashboard are no secret; everything that has a number in it is.
  const role: RouteRole | undefined = route.url.startsWith('/assets/') ? 'anyone' : route.config?.role
  route.config = { ...route.config, role: role ?? 'admin' }
  const { handler } = route
  const methods = [route.method].flat()
  route.handler = function handled(request, reply) {
    const who = gate.known(request)
    const work = () => handler.call(this, request, reply)
    return asking.run(who, () => (methods.some(isChange) ? witness.of(request, who, work) : work()))
  }
}

function checkHost(request: FastifyRequest): void {
  const host = request.hostname.replace(/^\[(.*)\]$/, '$1')
  if (!isLoopback(host)) throw new MillraceError('SERVER_HOST_REFUSED', { host: request.host })
}

/** A browser says where a change comes from; with nothing but a cookie to go by, one that does not say it is refused as well. */
function checkOrigin(request: FastifyRequest, gate: Gate): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (origin === undefined) {
    if (site === 'same-origin' || !gate.comesByCookie(request)) return
    throw new MillraceError('SERVER_ORIGIN_REFUSED', { origin: site ?? 'an unknown place' })
  }
  const host = URL.canParse(origin) ? new URL(origin).host : ''
  if (host !== request.host) throw new MillraceError('SERVER_ORIGIN_REFUSED', { origin })
}
