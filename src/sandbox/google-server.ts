import { dayAt } from '../domain/day.ts'
import { answerAuthorize, answerRevoke, answerToken } from './google-sign-in.ts'
import { dayNumber } from './day-number.ts'
import type { GoogleClient, GoogleCustomer } from './google-fields.ts'
import { oneField, searchFields } from './google-field-service.ts'
import { GoogleRefusal, googleErrorReply } from './google-error.ts'
import { answerSearch, answerStream } from './google-query.ts'
import { quotaRefusal } from './google-quota.ts'
import type { QuerySource } from './google-row-text.ts'
import { noDrift } from './google-row-text.ts'
import { openReport } from './report.ts'
import type { Reply, Request } from './reply.ts'
import { htmlReply, jsonReply } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import type { FiredFaults } from './scenario.ts'
import type { WorldAccount } from './world.ts'

const oldestVersion = 22
const newestVersion = 26

function clientOf(state: SandboxState, account: WorldAccount): GoogleClient {
  return {
    id: account.accountId,
    name: account.name,
    currency: account.currency,
    zone: account.zone,
    digits: account.digits,
    manager: false,
    status: state.scenario.stands('account_suspended', account.accountId) ? 'SUSPENDED' : 'ENABLED',
    account,
    level: 1,
  }
}

function managerOf(state: SandboxState): GoogleClient {
  const { accountId, name, currency, zone } = state.world.manager
  return {
    id: accountId,
    name,
    currency,
    zone,
    digits: 2,
    manager: true,
    status: 'ENABLED',
    account: undefined,
    level: 0,
  }
}

function googleAccounts(state: SandboxState): readonly WorldAccount[] {
  return state.world.accounts.filter((account) => account.platform === 'google_ads')
}

function denied(): GoogleRefusal {
  return new GoogleRefusal(
    403,
    'authorizationError',
    'USER_PERMISSION_DENIED',
    "User doesn't have permission to access customer. Note: If you're accessing a client customer, the manager's customer id must be set in the 'login-customer-id' header. See https://developers.google.com/google-ads/api/docs/concepts/call-structure#cid",
  )
}

/** The customer that the path names, if the caller may see it: clients only through their manager. */
function customerOf(state: SandboxState, request: Request, customerId: string): GoogleCustomer {
  const login = request.headers['login-customer-id']
  if (!/^\d{1,10}$/.test(customerId)) {
    throw new GoogleRefusal(400, 'requestError', 'INVALID_CUSTOMER_ID', `Invalid customer ID '${customerId}'.`)
  }
  if (login !== undefined && !/^\d{1,10}$/.test(login)) {
    throw new GoogleRefusal(
      400,
      'headerError',
      'INVALID_LOGIN_CUSTOMER_ID',
      `Login customer ID header value could not be validated: '${login}'.`,
    )
  }
  const manager = managerOf(state)
  const accounts = googleAccounts(state)
  if (login !== undefined && login !== manager.id) {
    if (!accounts.some((account) => account.accountId === login)) throw denied()
    throw new GoogleRefusal(
      403,
      'authorizationError',
      'INVALID_LOGIN_CUSTOMER_ID_SERVING_CUSTOMER_ID_COMBINATION',
      'The login-customer-id is not a manager of the serving customer.',
    )
  }
  if (customerId === manager.id) return manager
  const account = accounts.find((one) => one.accountId === customerId)
  if (!account || login === undefined) throw denied()
  return clientOf(state, account)
}

function checkToken(state: SandboxState, request: Request): void {
  const header = request.headers['authorization']
  const refuse = (code: string, message: string) => new GoogleRefusal(401, 'authenticationError', code, message)
  if (!header?.startsWith('Bearer '))
    throw refuse('OAUTH_TOKEN_HEADER_INVALID', 'The access token in the request header is either invalid or missing.')
  const tokenState = state.tokens.state(header.slice('Bearer '.length), state.clock.nowMs())
  if (tokenState === 'unknown') throw refuse('OAUTH_TOKEN_INVALID', 'OAuth token in the header is not valid.')
  if (tokenState === 'expired') throw refuse('OAUTH_TOKEN_EXPIRED', 'OAuth token in the header has expired.')
  if (tokenState === 'revoked') throw refuse('OAUTH_TOKEN_REVOKED', 'OAuth token in the header has been revoked.')
  if (state.developerToken === 'rejected' && request.headers['developer-token'] !== undefined) {
    throw refuse('DEVELOPER_TOKEN_INVALID', 'The developer-token header is no longer accepted.')
  }
}

/** The refusals that a scenario asks for, in the platform's own words. */
function throwFired(state: SandboxState, fired: FiredFaults): void {
  const retry = fired.get('status_429')
  if (retry) throw quotaRefusal(retry.retryAfterSeconds ?? 1)
  if (fired.has('status_500'))
    throw new GoogleRefusal(500, 'internalError', 'INTERNAL_ERROR', 'An internal error has occurred.')
  if (fired.has('status_503'))
    throw new GoogleRefusal(503, 'internalError', 'TRANSIENT_ERROR', 'A transient error has occurred.')
  if (fired.has('token_revoked')) state.tokens.revoked.add('google')
  if (fired.has('token_expired')) state.tokens.expireAll()
  if (fired.has('permission_lost')) throw denied()
}

function checkVersion(version: string, fired: FiredFaults): number | undefined {
  const number = Number(version.slice(1))
  if (number > newestVersion) return undefined
  if (number < oldestVersion || fired.has('version_sunset')) {
    throw new GoogleRefusal(
      400,
      'requestError',
      'UNSUPPORTED_VERSION',
      `Version ${version} is deprecated. Requests to this version will be blocked.`,
    )
  }
  return number
}

function sourceOf(
  state: SandboxState,
  customer: GoogleCustomer,
  version: number,
  nowMs: number,
  fired: FiredFaults,
): QuerySource {
  const { account } = customer
  const removed = fired.get('schema_drift_removed')
  const retyped = fired.get('schema_drift_type')
  const added = fired.get('schema_drift_added')
  return {
    world: state.world,
    customer,
    clients: customer.manager
      ? [managerOf(state), ...googleAccounts(state).map((one) => clientOf(state, one))]
      : [{ ...customer, level: 0 }],
    report: account && openReport(account, nowMs, state.scenario.changes()),
    today: dayNumber(dayAt(nowMs, account?.zone ?? state.world.manager.zone)),
    version,
    drift:
      !removed && !retyped && !added
        ? noDrift
        : {
            removed: new Set(removed ? [removed.field ?? 'metrics.clicks'] : []),
            removedIsError: removed?.mode === 'error',
            retyped: new Map(retyped ? [[retyped.field ?? 'metrics.clicks', retyped.value ?? '{"value":"1"}']] : []),
            added: added ? `,"${added.field ?? 'experimentalInsights'}":{"score":"1"}` : '',
          },
  }
}

function answerQuery(state: SandboxState, request: Request, call: Call, version: number): Reply {
  const customerId = request.path.split('/')[3] ?? ''
  const customer = customerOf(state, request, customerId)
  if (call.fired.has('account_suspended')) {
    throw new GoogleRefusal(
      403,
      'authorizationError',
      'CUSTOMER_NOT_ENABLED',
      "The customer account can't be accessed because it is not yet enabled or has been deactivated.",
    )
  }
  const source = (nowMs: number) => sourceOf(state, customer, version, nowMs, call.fired)
  const context = {
    nowMs: state.clock.nowMs(),
    requestId: call.requestId,
    fired: call.fired,
    source,
    spend: (nowMs: number) => state.operations.spend(nowMs),
  }
  return call.route === 'google.stream' ? answerStream(request.body, context) : answerSearch(request.body, context)
}

/** What is answered before anybody has a token. */
const openDoors: Readonly<
  Partial<Record<Call['route'], (state: SandboxState, request: Request, call: Call) => Reply>>
> = {
  'google.token': answerToken,
  'google.authorize': answerAuthorize,
  'google.revoke': answerRevoke,
}

/** Answers a call of Google's sign-in or of the Google Ads API. Never throws a refusal: it becomes the reply. */
export function answerGoogle(state: SandboxState, request: Request, call: Call): Reply {
  const open = openDoors[call.route]
  if (open) return open(state, request, call)
  try {
    const version = checkVersion(call.version, call.fired)
    if (version === undefined) return htmlReply(404, 'Not Found')
    throwFired(state, call.fired)
    checkToken(state, request)
    const isData = call.route === 'google.stream' || call.route === 'google.search'
    if (isData) return answerQuery(state, request, call, version)
    state.operations.spend(state.clock.nowMs())
    const headers = { 'request-id': call.requestId }
    if (call.route === 'google.fields') return jsonReply(200, searchFields(request.body, version), headers)
    if (call.route === 'google.field')
      return jsonReply(200, oneField(request.path.split('/')[3] ?? '', version), headers)
    return jsonReply(200, { resourceNames: [`customers/${state.world.manager.accountId}`] }, headers)
  } catch (error) {
    if (!(error instanceof GoogleRefusal)) throw error
    return googleErrorReply(error, call.version, call.requestId, call.route === 'google.stream')
  }
}
