import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { MillraceError } from '../domain/errors.ts'

const keyLengthMin = 16

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Refuses to open a server to others without a key. Throws SERVER_PUBLIC_WITHOUT_KEY, SERVER_KEY_SHORT. */
export function checkBind(host: string, key: string | undefined): void {
  if (key !== undefined && key.length < keyLengthMin)
    throw new MillraceError('SERVER_KEY_SHORT', { lengthMin: keyLengthMin })
  if (key === undefined && !isLoopback(host)) throw new MillraceError('SERVER_PUBLIC_WITHOUT_KEY', { host })
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Compares in a time that says nothing about where the two differ. */
function isSame(given: string, digestWanted: Buffer): boolean {
  return timingSafeEqual(digest(given), digestWanted)
}

const cookieName = 'millrace_session'

/** Browsers cannot send a bearer key with a page or an event stream: they exchange it for a cookie that scripts cannot read. */
class Sessions {
  readonly #known = new Set<string>()

  open(secure: boolean): string {
    const id = randomBytes(24).toString('base64url')
    this.#known.add(id)
    return `${cookieName}=${id}; HttpOnly; SameSite=Strict; Path=/${secure ? '; Secure' : ''}`
  }

  has(request: Pick<FastifyRequest, 'headers'>): boolean {
    const id = new RegExp(`(?:^|;\\s*)${cookieName}=([\\w-]+)`).exec(request.headers.cookie ?? '')?.[1]
    return id !== undefined && this.#known.has(id)
  }
}

export interface Gate {
  /** Throws SERVER_KEY_WANTED unless the key is right, and opens a session. */
  exchange(key: string, secure: boolean): string
}

const isChange = (method: string) => method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'

/**
 * Looks at every request of the scope before anything else does. Without a key only this machine's own names are answered (a
 * foreign name in Host is how a web page would reach a local server); with one, the key or a session is wanted. A change is
 * never taken from a page of another origin.
 */
export function guard(app: FastifyInstance, key: string | undefined): Gate {
  const wanted = key === undefined ? undefined : digest(key)
  const sessions = new Sessions()
  app.addHook('onRequest', async (request) => {
    if (wanted === undefined) checkHost(request)
    else if (needsKey(request) && !isAllowed(request, wanted, sessions)) throw new MillraceError('SERVER_KEY_WANTED')
    if (isChange(request.method)) checkOrigin(request)
  })
  return {
    exchange(given, secure) {
      if (wanted !== undefined && !isSame(given, wanted)) throw new MillraceError('SERVER_KEY_WANTED')
      return sessions.open(secure)
    },
  }
}

function checkHost(request: FastifyRequest): void {
  const host = request.hostname.replace(/^\[(.*)\]$/, '$1')
  if (!isLoopback(host)) throw new MillraceError('SERVER_HOST_REFUSED', { host: request.host })
}

/** Pages and their files are no secret; everything that has a number in it is. */
function needsKey(request: FastifyRequest): boolean {
  const path = request.url.split('?')[0] ?? ''
  return (path.startsWith('/api/') || path === '/metrics') && path !== '/api/v1/session'
}

function isAllowed(request: FastifyRequest, wanted: Buffer, sessions: Sessions): boolean {
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1]
  return bearer === undefined ? sessions.has(request) : isSame(bearer, wanted)
}

function checkOrigin(request: FastifyRequest): void {
  const { origin } = request.headers
  if (origin === undefined) return
  const host = URL.canParse(origin) ? new URL(origin).host : ''
  if (host !== request.host) throw new MillraceError('SERVER_ORIGIN_REFUSED', { origin })
}
