import type { FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { ErrorEntry } from '../domain/error-entry.ts'
import type { ErrorCode, Language } from '../domain/errors.ts'
import { catalogue, isMillraceError, MillraceError } from '../domain/errors.ts'

const statusOfCode: Partial<Record<ErrorCode, number>> = {
  SERVER_STARTING: 503,
  SERVER_KEY_WANTED: 401,
  SERVER_HOST_REFUSED: 403,
  SERVER_ORIGIN_REFUSED: 403,
  SERVER_NOT_FOUND: 404,
  SERVER_TOO_MANY_REQUESTS: 429,
  ACCESS_ROLE_WANTED: 403,
  ACCESS_CLIENTS_ONLY: 403,
  ACCESS_SIGN_IN_REFUSED: 401,
  ACCESS_SIGN_IN_LIMITED: 429,
  ACCESS_SETUP_REFUSED: 401,
  ACCESS_USER_TAKEN: 409,
  ACCESS_KEY_TAKEN: 409,
  ACCESS_LAST_ADMIN: 409,
  ACCESS_OIDC_FAILED: 401,
  ACCESS_OIDC_NOBODY: 403,
}

const statusOfExit: Partial<Record<ErrorEntry['exit'], number>> = {
  usage: 400,
  dependency: 503,
  temporary: 503,
  quality: 422,
}

/** HTTP's word for an error: what is not there is 404, what another holds is 409, what may pass is 503. */
function statusOf(code: ErrorCode): number {
  const own = statusOfCode[code]
  if (own !== undefined) return own
  if (/_(UNKNOWN|MISSING)$/.test(code)) return 404
  if (/_(LIVE|BUSY|CONFLICT)$/.test(code)) return 409
  return statusOfExit[catalogue[code].exit] ?? 500
}

/** The language of an answer: `?lang=` goes before Accept-Language, English is what is left. */
export function languageOf(request: Pick<FastifyRequest, 'query' | 'headers'>): Language {
  const asked = (request.query as { readonly lang?: unknown } | undefined)?.lang
  if (asked === 'ko' || asked === 'en') return asked
  return /^\s*ko\b/i.test(request.headers['accept-language'] ?? '') ? 'ko' : 'en'
}

/** Errors of the framework in our own words; anything unknown is an accident of ours and hides its text from strangers. */
export function asMillraceError(error: unknown, request: Pick<FastifyRequest, 'method' | 'url'>): MillraceError {
  if (isMillraceError(error)) return error
  if (hasZodFastifySchemaValidationErrors(error)) {
    const detail = error.validation.map((one) => `${one.instancePath || '/'} ${one.message}`).join('; ')
    return new MillraceError('SERVER_REQUEST_INVALID', { detail }, { cause: error })
  }
  const { statusCode, message } = error as { readonly statusCode?: number; readonly message?: string }
  if (statusCode === 429) return new MillraceError('SERVER_TOO_MANY_REQUESTS', { perMinuteMax: requestsPerMinuteMax })
  if (statusCode !== undefined && statusCode < 500)
    return new MillraceError('SERVER_REQUEST_INVALID', { detail: message ?? String(statusCode) }, { cause: error })
  const path = request.url.split('?')[0] ?? ''
  return new MillraceError('SERVER_UNEXPECTED', { method: request.method, path }, { cause: error })
}

/** One client's requests a minute; a dashboard with every screen open asks for some hundred. */
export const requestsPerMinuteMax = 1_200

/** RFC 9457: `type` is the page of the code, `detail` why, and beside them our code, remedy and facts. */
export function sendProblem(reply: FastifyReply, error: MillraceError, language: Language): FastifyReply {
  const { code, what, why, fix } = error.explain(language)
  const status = statusOf(code)
  if (error.retryable) void reply.header('retry-after', Math.ceil((error.retryAfterMs ?? 1_000) / 1_000))
  if (status === 401) void reply.header('www-authenticate', 'Bearer realm="millrace"')
  return reply
    .code(status)
    .type('application/problem+json')
    .serializer((body: unknown) => JSON.stringify(body))
    .send({
      type: `urn:millrace:error:${code}`,
      title: what,
      status,
      detail: why,
      code,
      fix,
      facts: error.facts,
      retryable: error.retryable,
    })
}
