import { dayAt } from '../domain/day.ts'
import { unitsText } from './amount.ts'
import type { WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber } from './day-number.ts'
import { mixSeed } from './hash.ts'
import { MicrosoftRefusal, microsoftErrorReply, notAuthorized, nullRequest } from './microsoft-error.ts'
import { MicrosoftTokens } from './microsoft-oauth.ts'
import type { MicrosoftReportRequest } from './microsoft-report.ts'
import { reportRequest, reportZip, statusWord } from './microsoft-report.ts'
import { openReport } from './report.ts'
import type { Reply, Request } from './reply.ts'
import { jsonReply } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import type { FiredFaults } from './scenario.ts'
import type { Route } from './shapes.ts'
import { shapes } from './shapes.ts'
import type { WorldAccount } from './world.ts'

interface Job {
  readonly account: WorldAccount
  readonly request: MicrosoftReportRequest
  readonly submittedAtMs: number
  /** What was true when it was asked for. */
  readonly fired: FiredFaults
  looks: number
}

/** One Microsoft of one sandbox: its tokens and the reports that it works at. */
interface Microsoft {
  readonly state: SandboxState
  readonly tokens: MicrosoftTokens
  readonly jobs: Map<string, Job>
}

function microsoftAccounts({ state }: Microsoft): readonly WorldAccount[] {
  return state.world.accounts.filter((account) => account.platform === 'microsoft_ads')
}

/** All accounts belong to one customer. */
const customerIdOf = ({ state }: Microsoft) => String(170_000_000 + (mixSeed(state.seed, 13) % 9_999_999))

function checkSignedIn({ state, tokens }: Microsoft, request: Request, fired: FiredFaults): void {
  if (fired.has('token_revoked')) state.tokens.revoked.add('microsoft')
  if (fired.has('token_expired')) tokens.expireAll()
  const { developerToken } = shapes.microsoft_ads.connection('', state.credentials)
  const token = request.headers['authorization']?.replace(/^Bearer /, '') ?? ''
  const tokenState = tokens.accessState(token)
  if (tokenState === 'expired')
    throw new MicrosoftRefusal(109, 'AuthenticationTokenExpired', 'Authentication token expired.', { status: 401 })
  if (tokenState !== 'valid' || request.headers['developertoken'] !== developerToken) {
    const message = 'Authentication failed. Either supplied credentials are invalid or the account is inactive'
    throw new MicrosoftRefusal(105, 'InvalidCredentials', message, { status: 401 })
  }
}

/** The refusals that a scenario asks for, in Microsoft's own words. */
function throwFired(version: string, fired: FiredFaults): void {
  if (version !== 'v13' || fired.has('version_sunset'))
    throw new MicrosoftRefusal(8, 'ApiVersionNoLongerSupported', `The API version ${version} is no longer supported.`)
  const retry = fired.get('status_429')
  if (retry) {
    const headers = retry.retryAfterSeconds === undefined ? {} : { 'retry-after': String(retry.retryAfterSeconds) }
    throw new MicrosoftRefusal(117, 'CallRateExceeded', 'You have exceeded the number of calls.', {
      status: 429,
      headers,
    })
  }
  if (fired.has('status_500'))
    throw new MicrosoftRefusal(0, 'InternalError', 'An internal error has occurred.', { status: 500 })
  if (fired.has('status_503'))
    throw new MicrosoftRefusal(0, 'ServiceUnavailable', 'The service is unavailable.', { status: 503 })
  if (fired.has('permission_lost') || fired.has('account_suspended')) throw notAuthorized()
}

/** The account that the headers name, if the caller may see it. */
function accountOf(microsoft: Microsoft, { headers }: Request): WorldAccount {
  const found = microsoftAccounts(microsoft).find((one) => one.accountId === headers['customeraccountid'])
  if (!found || headers['customerid'] !== customerIdOf(microsoft)) throw notAuthorized()
  return found
}

function bodyOf(request: Request): Readonly<Record<string, unknown>> {
  try {
    const body = JSON.parse(request.body) as unknown
    if (typeof body === 'object' && body !== null) return body as Readonly<Record<string, unknown>>
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw nullRequest()
}

/** Microsoft's words for the zones that worlds are made of. */
const zoneWords: Readonly<Record<string, string>> = {
  'Asia/Seoul': 'Seoul',
  'America/Los_Angeles': 'PacificTimeUSCanadaTijuana',
  'Europe/Berlin': 'AmsterdamBerlinBernRomeStockholmVienna',
  'Asia/Tokyo': 'OsakaSapporoTokyo',
  'Pacific/Tongatapu': 'Nukualofa',
}

function accountsJson(microsoft: Microsoft, request: Request): object {
  const { PageInfo: page } = bodyOf(request) as { PageInfo?: { Index?: number; Size?: number } }
  const [index, size] = [page?.Index ?? 0, page?.Size ?? 10]
  const all = microsoftAccounts(microsoft).map(({ accountId, name, currency, zone }) => ({
    Id: accountId,
    Name: name,
    Number: `F${accountId.slice(0, 7)}`,
    CurrencyCode: currency,
    TimeZone: zoneWords[zone] ?? zone,
    ParentCustomerId: customerIdOf(microsoft),
    AccountLifeCycleStatus: microsoft.state.scenario.stands('account_suspended', accountId) ? 'Suspended' : 'Active',
  }))
  return { Accounts: all.slice(index * size, (index + 1) * size) }
}

const campaignType = {
  SEARCH: 'Search',
  PERFORMANCE_MAX: 'PerformanceMax',
  SHOPPING: 'Shopping',
  DISPLAY: 'Audience',
  VIDEO: 'Audience',
  DEMAND_GEN: 'Audience',
} as const

function campaignJson(campaign: WorldCampaign, { digits }: WorldAccount, today: DayNumber): object {
  const { name, status } = campaignState(campaign, today)
  return {
    Id: campaign.campaignId,
    Name: name,
    Status: statusWord[status],
    CampaignType: campaignType[campaign.theme.googleChannel],
    BudgetType: 'DailyBudgetStandard',
    DailyBudget: Number(unitsText(campaign.dailyBudgetCoins, digits)),
    // One in four draws on a budget that others share.
    TrackingUrlTemplate: null,
    FinalUrlSuffix: campaign.urlSuffix ?? null,
    BudgetId: campaign.salt % 4 === 0 ? String(8_000_000 + (campaign.salt % 1000)) : null,
  }
}

/** Deleted campaigns are in no list; who names no type is shown search campaigns only. */
function campaignsJson(microsoft: Microsoft, request: Request): object {
  const account = accountOf(microsoft, request)
  const today = dayNumber(dayAt(microsoft.state.clock.nowMs(), account.zone))
  const { CampaignType: asked } = bodyOf(request)
  const types = typeof asked === 'string' ? asked.split(' ') : ['Search']
  const shown = account.campaigns.filter((campaign) => {
    const { listed, status } = campaignState(campaign, today)
    return listed && status !== 'removed' && types.includes(campaignType[campaign.theme.googleChannel])
  })
  return { Campaigns: shown.map((campaign) => campaignJson(campaign, account, today)) }
}

function submitJson(microsoft: Microsoft, request: Request, { fired }: Call): object {
  const { state, jobs } = microsoft
  const account = accountOf(microsoft, request)
  const today = dayNumber(dayAt(state.clock.nowMs(), account.zone))
  const asked = reportRequest(bodyOf(request), today, fired)
  const id = `${30_000_000_000 + jobs.size}`
  jobs.set(id, { account, request: asked, submittedAtMs: state.clock.nowMs(), fired, looks: 0 })
  return { ReportRequestId: id }
}

/** A report takes two looks, or three seconds. */
function isDone({ submittedAtMs, looks, fired }: Job, nowMs: number): boolean {
  return !fired.has('job_stuck') && (looks > 2 || nowMs - submittedAtMs >= 3_000)
}

const zipOfJob = (state: SandboxState, { account, request, submittedAtMs, fired }: Job) =>
  reportZip(request, openReport(account, submittedAtMs, state.scenario.changes()), fired)

function pollJson(microsoft: Microsoft, request: Request): object {
  const { state, jobs } = microsoft
  const id = String(bodyOf(request)['ReportRequestId'])
  const job = jobs.get(id)
  if (!job) throw new MicrosoftRefusal(2100, 'ReportingServiceInvalidReportId', 'The report id is not valid.')
  job.looks += 1
  const status = (Status: string, ReportDownloadUrl: string | null = null) => ({
    ReportRequestStatus: { Status, ReportDownloadUrl },
  })
  if (!isDone(job, state.clock.nowMs())) return status('Pending')
  if (job.fired.has('job_failed')) return status('Error')
  return status('Success', zipOfJob(state, job) ? `${state.origin()}/bingadsreports/${id}.zip?sig=sandbox` : null)
}

/** The download server is not the API: it knows addresses, no tokens, and answers what it does not have in XML. */
function downloadReply({ state, jobs }: Microsoft, request: Request): Reply {
  const job = jobs.get(/([^/]+)\.zip$/.exec(request.path)?.[1] ?? '')
  const zip = job && isDone(job, state.clock.nowMs()) ? zipOfJob(state, job) : undefined
  const headers = { 'content-type': 'application/xml' }
  if (!zip) return { status: 404, headers, body: '<?xml version="1.0"?><Error><Code>BlobNotFound</Code></Error>' }
  return { status: 200, headers: { 'content-type': 'application/x-zip-compressed' }, body: zip }
}

type Operation = (microsoft: Microsoft, request: Request, call: Call) => object

const operations: Readonly<Partial<Record<Route, Operation>>> = {
  'microsoft.user': () => ({ User: { Id: '26270000', UserName: 'sandbox@millrace.example' }, CustomerRoles: [] }),
  'microsoft.accounts': accountsJson,
  'microsoft.campaigns': campaignsJson,
  'microsoft.submit': submitJson,
  'microsoft.poll': pollJson,
}

/** Answers calls of Microsoft's token endpoint, its REST services and its download server, for one sandbox. */
export function microsoftAnswers(state: SandboxState): (request: Request, call: Call) => Reply {
  const microsoft: Microsoft = { state, tokens: new MicrosoftTokens(state), jobs: new Map() }
  return (request, call) => {
    if (call.route === 'microsoft.token') return microsoft.tokens.answer(request, call)
    if (call.route === 'microsoft.download') return downloadReply(microsoft, request)
    try {
      throwFired(call.version, call.fired)
      checkSignedIn(microsoft, request, call.fired)
      return jsonReply(200, operations[call.route]!(microsoft, request, call))
    } catch (error) {
      if (!(error instanceof MicrosoftRefusal)) throw error
      return microsoftErrorReply(error, call.requestId)
    }
  }
}
