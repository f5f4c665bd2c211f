import { dayAt } from '../domain/day.ts'
import { unitsText } from './amount.ts'
import type { CampaignStatus, WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber } from './day-number.ts'
import { analyticsJson, analyticsQuestion, restliList, restliQuery } from './linkedin-analytics.ts'
import { LinkedinRefusal, linkedinErrorReply, throttled, wrongArgument } from './linkedin-error.ts'
import { openReport } from './report.ts'
import type { Reply, Request } from './reply.ts'
import { jsonReply } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import type { FiredFaults } from './scenario.ts'
import { shapes } from './shapes.ts'
import type { WorldAccount } from './world.ts'

/** One LinkedIn of one sandbox, and how often each token that it issued was used. */
interface Linkedin {
  readonly state: SandboxState
  readonly uses: Map<string, number>
}

/** Twelve monthly versions are alive. */
const [oldestVersion, newestVersion] = [202511, 202611]

const credentialsOf = (state: SandboxState) => shapes.linkedin_ads.connection('', state.credentials)

function linkedinAccounts({ state }: Linkedin): readonly WorldAccount[] {
  return state.world.accounts.filter((account) => account.platform === 'linkedin_ads')
}

function checkHeaders({ headers }: Request, fired: FiredFaults): void {
  const version = headers['linkedin-version']
  if (version === undefined) {
    const message = 'A version must be present. Please specify a version by adding the LinkedIn-Version header.'
    throw new LinkedinRefusal(400, 'VERSION_MISSING', message)
  }
  const isAlive = /^\d{6}$/.test(version) && Number(version) >= oldestVersion && Number(version) <= newestVersion
  if (!isAlive || fired.has('version_sunset'))
    throw new LinkedinRefusal(426, 'NONEXISTENT_VERSION', `Requested version ${version} is not active`)
  if (headers['x-restli-protocol-version'] !== '2.0.0')
    throw wrongArgument('Invalid query parameters passed to request')
}

function checkToken({ state, uses }: Linkedin, request: Request, fired: FiredFaults): void {
  const refuse = (code: string, serviceErrorCode: number, message: string) =>
    new LinkedinRefusal(401, code, message, serviceErrorCode)
  const token = request.headers['authorization']?.replace(/^Bearer /, '') ?? ''
  if (token === '') throw refuse('EMPTY_ACCESS_TOKEN', 65600, 'Empty oauth2 access token')
  if (fired.has('token_expired'))
    throw refuse('EXPIRED_ACCESS_TOKEN', 65602, 'The token used in the request has expired')
  if (fired.has('token_revoked')) state.tokens.revoked.add('linkedin')
  if (state.tokens.revoked.has('linkedin'))
    throw refuse('REVOKED_ACCESS_TOKEN', 65601, 'The token used in the request has been revoked by the user')
  const used = uses.get(token)
  if (used !== undefined) uses.set(token, used + 1)
  // A token that was issued just now is not known everywhere yet.
  const isKnown = token === credentialsOf(state).accessToken || (used ?? 0) > 0
  if (!isKnown) throw refuse('INVALID_ACCESS_TOKEN', 65600, 'Invalid access token')
}

const denied = (request: Request) =>
  new LinkedinRefusal(
    403,
    'ACCESS_DENIED',
    `Not enough permissions to access: GET ${request.path.replace(/\d+/, '*')}`,
    100,
  )

/** The refusals that a scenario asks for, in LinkedIn's own words. */
function throwFired(request: Request, route: Call['route'], fired: FiredFaults): void {
  const retry = fired.get('status_429')
  if (retry) throw throttled(retry.retryAfterSeconds ?? 1)
  if (fired.has('status_500')) throw new LinkedinRefusal(500, 'INTERNAL_SERVER_ERROR', 'Internal Server Error')
  if (fired.has('status_503')) throw new LinkedinRefusal(504, 'GATEWAY_TIMEOUT', 'Gateway Timeout')
  if (fired.has('permission_lost')) throw denied(request)
  // What a closed account is called may still be read.
  if (fired.has('account_suspended') && route !== 'linkedin.account') throw denied(request)
}

function accountOf(linkedin: Linkedin, request: Request, id: string | undefined): WorldAccount {
  const found = linkedinAccounts(linkedin).find((account) => account.accountId === id)
  if (!found) throw denied(request)
  return found
}

/** Ids are JSON numbers at LinkedIn, however long. */
const idJson = (id: string): unknown => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(id)

function accountJson({ state }: Linkedin, { accountId, name, currency }: WorldAccount): object {
  const isClosed = state.scenario.stands('account_suspended', accountId)
  return {
    id: idJson(accountId),
    name,
    currency,
    status: isClosed ? 'CANCELED' : 'ACTIVE',
    type: 'BUSINESS',
    servingStatuses: [isClosed ? 'ACCOUNT_SERVING_HOLD' : 'RUNNABLE'],
    test: false,
  }
}

const groupStatus: Readonly<Record<CampaignStatus, string>> = {
  enabled: 'ACTIVE',
  paused: 'PAUSED',
  removed: 'REMOVED',
}

/** Half of the groups have a daily budget, the others one for their lifetime. */
function groupJson(campaign: WorldCampaign, account: WorldAccount, today: DayNumber): object {
  const { name, status } = campaignState(campaign, today)
  const amount = (times: number) => ({
    currencyCode: account.currency,
    amount: unitsText(campaign.dailyBudgetCoins * times, account.digits),
  })
  return {
    id: idJson(campaign.campaignId),
    account: `urn:li:sponsoredAccount:${account.accountId}`,
    name,
    status: groupStatus[status],
    objectiveType: campaign.theme.googleChannel === 'VIDEO' ? 'VIDEO_VIEW' : 'WEBSITE_CONVERSION',
    ...(campaign.salt % 4 > 1 ? { dailyBudget: amount(1) } : { totalBudget: amount(30) }),
    test: false,
  }
}

/** A page of a search; where the next one begins is a word that means nothing to clients. */
function searchJson(query: ReadonlyMap<string, string>, all: readonly object[]): object {
  if (query.get('q') !== 'search') throw wrongArgument('Only the finder search is known')
  const size = Number(query.get('pageSize') ?? 100)
  if (!Number.isInteger(size) || size < 1 || size > 1_000) throw wrongArgument('pageSize must be between 1 and 1000')
  const after = query.get('pageToken')
  const from = after === undefined ? 0 : Number(Buffer.from(decodeURIComponent(after), 'base64url').toString().slice(1))
  if (Number.isNaN(from)) throw wrongArgument('pageToken is not valid')
  const next = from + size < all.length ? Buffer.from(`D${from + size}`).toString('base64url') : undefined
  return { metadata: { ...(next !== undefined && { nextPageToken: next }) }, elements: all.slice(from, from + size) }
}

function groupsJson(linkedin: Linkedin, request: Request, account: WorldAccount): object {
  const today = dayNumber(dayAt(linkedin.state.clock.nowMs(), account.zone))
  const query = restliQuery(request.search)
  const values = /^\(status:\(values:(List\(.*\))\)\)$/.exec(query.get('search') ?? '')?.[1]
  if (query.has('search') && values === undefined) throw wrongArgument('Invalid query parameters passed to request')
  const wanted = values === undefined ? ['ACTIVE', 'PAUSED'] : restliList(values)
  const shown = account.campaigns.filter((campaign) => {
    const { listed, status } = campaignState(campaign, today)
    return listed && wanted.includes(groupStatus[status])
  })
  return searchJson(
    query,
    shown.map((campaign) => groupJson(campaign, account, today)),
  )
}

function analyticsOf(linkedin: Linkedin, request: Request, { fired }: Call): object {
  const { state } = linkedin
  const query = restliQuery(request.search)
  const [urn] = restliList(query.get('accounts'))
  const account = accountOf(linkedin, request, /^urn:li:sponsoredAccount:(\d+)$/.exec(urn ?? '')?.[1])
  const report = openReport(account, state.clock.nowMs(), state.scenario.changes())
  return analyticsJson(analyticsQuestion(query, report.today, fired), report, fired)
}

/** `POST /oauth/v2/accessToken`, form-encoded. The refresh token stays the same. */
function tokenReply({ state, uses }: Linkedin, request: Request, { fired }: Call): Reply {
  const refuse = (status: number, error: string) =>
    jsonReply(status, { error, error_description: 'The value is not valid' })
  if (fired.has('status_500') || fired.has('status_503')) return refuse(503, 'server_error')
  if (fired.has('token_revoked')) state.tokens.revoked.add('linkedin')
  const form = new URLSearchParams(request.body)
  const { clientId, clientSecret, refreshToken } = credentialsOf(state)
  if (form.get('grant_type') !== 'refresh_token') return refuse(400, 'unsupported_grant_type')
  if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret)
    return refuse(401, 'invalid_client')
  if (form.get('refresh_token') !== refreshToken || state.tokens.revoked.has('linkedin'))
    return refuse(400, 'invalid_grant')
  const token = `AQSandbox-linkedin-${state.credentials.stamp}-access-${uses.size + 1}`
  uses.set(token, 0)
  return jsonReply(200, {
    access_token: token,
    expires_in: 5_184_000,
    refresh_token: refreshToken,
    refresh_token_expires_in: 31_536_000,
    scope: 'r_ads,r_ads_reporting',
  })
}

function answerJson(linkedin: Linkedin, request: Request, call: Call): object {
  if (call.route === 'linkedin.analytics') return analyticsOf(linkedin, request, call)
  if (call.route === 'linkedin.accounts')
    return searchJson(
      restliQuery(request.search),
      linkedinAccounts(linkedin).map((one) => accountJson(linkedin, one)),
    )
  const account = accountOf(linkedin, request, call.account)
  return call.route === 'linkedin.account' ? accountJson(linkedin, account) : groupsJson(linkedin, request, account)
}

/** Answers calls of LinkedIn's token endpoint and Marketing API, for one sandbox. */
export function linkedinAnswers(state: SandboxState): (request: Request, call: Call) => Reply {
  const linkedin: Linkedin = { state, uses: new Map() }
  return (request, call) => {
    if (call.route === 'linkedin.token') return tokenReply(linkedin, request, call)
    try {
      checkHeaders(request, call.fired)
      checkToken(linkedin, request, call.fired)
      throwFired(request, call.route, call.fired)
      return jsonReply(200, answerJson(linkedin, request, call))
    } catch (error) {
      if (!(error instanceof LinkedinRefusal)) throw error
      return linkedinErrorReply(error)
    }
  }
}
