import type { Reply } from './reply.ts'
import { jsonReply } from './reply.ts'

/** The families of Google Ads errors that the sandbox answers with; a client classifies by family first. */
export type GoogleErrorFamily =
  | 'queryError'
  | 'requestError'
  | 'authenticationError'
  | 'authorizationError'
  | 'headerError'
  | 'quotaError'
  | 'internalError'
  | 'dateRangeError'

export interface QuotaDetails {
  readonly rateScope: 'ACCOUNT' | 'DEVELOPER'
  readonly rateName: string
  readonly retrySeconds: number
}

/** What a refused Google call says. Thrown inside the fake, answered by its server: it is the wire's own word, not ours. */
export class GoogleRefusal extends Error {
  readonly status: number
  readonly family: GoogleErrorFamily
  readonly code: string
  readonly quota: QuotaDetails | undefined

  constructor(status: number, family: GoogleErrorFamily, code: string, message: string, quota?: QuotaDetails) {
    super(message)
    this.name = 'GoogleRefusal'
    this.status = status
    this.family = family
    this.code = code
    this.quota = quota
  }
}

export function queryRefusal(code: string, message: string): GoogleRefusal {
  return new GoogleRefusal(400, 'queryError', code, message)
}

const statusWords: Readonly<Record<number, readonly [word: string, message: string]>> = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  401: [
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  ],
  403: ['PERMISSION_DENIED', 'The caller does not have permission'],
  429: ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
  500: ['INTERNAL', 'Internal error encountered.'],
  503: ['UNAVAILABLE', 'The service is currently unavailable.'],
}

/** `{"error":{"code","message","status","details":[GoogleAdsFailure]}}`; searchStream wraps it in an array. */
export function googleErrorReply(refusal: GoogleRefusal, version: string, requestId: string, stream: boolean): Reply {
  const [status, message] = statusWords[refusal.status] ?? ['UNKNOWN', 'Unknown error.']
  const failure = {
    '@type': `type.googleapis.com/google.ads.googleads.${version}.errors.GoogleAdsFailure`,
    errors: [
      {
        errorCode: { [refusal.family]: refusal.code },
        message: refusal.message,
        ...(refusal.family === 'queryError' && {
          location: { fieldPathElements: [{ fieldName: 'query' }] },
        }),
        ...(refusal.quota && {
          details: {
            quotaErrorDetails: {
              rateScope: refusal.quota.rateScope,
              rateName: refusal.quota.rateName,
              retryDelay: `${refusal.quota.retrySeconds}s`,
            },
          },
        }),
      },
    ],
    requestId,
  }
  const body = { error: { code: refusal.status, message, status, details: [failure] } }
  return jsonReply(refusal.status, stream ? [body] : body, { 'request-id': requestId })
}
