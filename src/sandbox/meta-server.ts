import { campaignState } from './campaign.ts'
import { dayNumber } from './day-number.ts'
import { dayAt } from '../domain/day.ts'
import { textSeed } from './hash.ts'
import type { PartsOf } from './meta-parts.ts'
import { adSets, ads, partStatus, shownFields } from './meta-parts.ts'
import { accountFields, writeCampaign, writeNode } from './meta-nodes.ts'
import { InsightsScan, insightsPage, summaryText } from './meta-insights.ts'
import { insightsParams, limitParam, listParam } from './meta-params.ts'
import { MetaRefusal, invalidParameter, metaErrorReply, throttled, tooMuchData } from './meta-error.ts'
import type { MetaJob } from './meta-jobs.ts'
import { failureOf, progressOf } from './meta-jobs.ts'
import { describeToken, exchangeToken } from './meta-sign-in.ts'
import { effectiveStatus } from './meta-status.ts'
import { openReport } from './report.ts'
import type { Reply, Request } from './reply.ts'
import { jsonReply } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import type { FiredFaults } from './scenario.ts'
import type { WorldAccount } from './world.ts'

const versions = ['v24.0', 'v25.0', 'v26.0']

function metaAccounts(state: SandboxState): readonly WorldAccount[] {
  return state.world.accounts.filter((account) => account.platform === 'meta_ads')
}

function tokenOf(request: Request): string | undefined {
  const header = request.headers['authorization']
  return header?.startsWith('Bearer ')
    ? header.slice('Bearer '.length)
    : (request.query.get('access_token') ?? undefined)
}

function sessionExpired(): MetaRefusal {
  const message =
    'Error validating access token: Session has expired. The current time is later than the expiry of the token.'
  return new MetaRefusal(190, message, { subcode: 463 })
}

function checkToken(state: SandboxState, request: Request, fired: FiredFaults): void {
  const token = tokenOf(request)
  if (token === undefined) {
    throw new MetaRefusal(2500, 'An active access token must be used to query information about the current user.')
  }
  if (fired.has('token_expired')) throw sessionExpired()
  if (fired.has('token_revoked')) state.tokens.revoked.add('meta')
  if (state.tokens.revoked.has('meta')) {
    throw new MetaRefusal(190, 'Error validating access token: The user has not authorized application.', {
      subcode: 458,
    })
  }
  const held = state.metaTokens.find(token)
  if (!held) throw new MetaRefusal(190, 'Invalid OAuth access token - Cannot parse access token', { subcode: 467 })
  if (state.metaTokens.isExpired(held, state.clock.nowMs())) throw sessionExpired()
}

function throwFired(fired: FiredFaults): void {
  const throttle = fired.get('status_429')
  if (throttle) throw throttled(throttle.retryAfterSeconds ?? 0)
  if (fired.has('status_500'))
    throw new MetaRefusal(1, 'An unknown error occurred', { subcode: 99, transient: true }, 500)
  if (fired.has('status_503'))
    throw new MetaRefusal(2, 'Service temporarily unavailable', { subcode: 1504043, transient: true }, 503)
  if (fired.has('too_much_data')) throw tooMuchData()
}

function checkVersion(version: string, fired: FiredFaults): void {
  if (version === '' || (versions.includes(version) && !fired.has('version_sunset'))) return
  const newest = versions.at(-1)
  if (Number(version.slice(1)) > Number(newest?.slice(1)))
    throw new MetaRefusal(2500, `Unknown path components: /${version}`)
  throw new MetaRefusal(
    2635,
    `(#2635) You are calling a deprecated version of the Ads API. Please update to the latest version: ${newest}.`,
  )
}

function accountOf(state: SandboxState, call: Call): WorldAccount {
  const found = metaAccounts(state).find((account) => account.accountId === call.account)
  if (!found) {
    throw new MetaRefusal(
      100,
      `Unsupported get request. Object with ID 'act_${call.account}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api`,
      { subcode: 33 },
    )
  }
  if (call.fired.has('permission_lost')) {
    throw new MetaRefusal(200, `(#200) Ad account owner has NOT grant ads_management or ads_read permission`)
  }
  return found
}

/** A cursor that no client can read: where it points, in which call, and when the first page was asked for. */
interface MetaCursor {
  readonly at: number
  readonly call: number
  readonly nowMs: number
}

const writeCursor = (cursor: MetaCursor) => Buffer.from(JSON.stringify(cursor)).toString('base64url')

function readCursor(text: string | null, call: number): MetaCursor | undefined {
  if (text === null || text === '') return undefined
  try {
    const cursor = JSON.parse(Buffer.from(text, 'base64url').toString()) as MetaCursor
    if (cursor.call === call) return cursor
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw invalidParameter('Invalid cursors values were passed')
}

/** Of the query, what makes it another call: everything but the cursor, the page size and the token. */
function callStamp(request: Request): number {
  const parts = [...request.query].filter(([name]) => !['after', 'limit', 'access_token', 'before'].includes(name))
  return textSeed(request.path + JSON.stringify(parts.sort(([a], [b]) => (a < b ? -1 : 1))))
}

/** Cursors of a page; `next` is an absolute address with the token in it, as Graph makes it, and absent on the last page. */
function pagingOf(
  state: SandboxState,
  request: Request,
  from: MetaCursor,
  next: number | undefined,
  end: number,
): object {
  const after = writeCursor({ ...from, at: next ?? end })
  const cursors = { before: writeCursor(from), after }
  if (next === undefined) return { cursors }
  const query = new URLSearchParams(request.query)
  query.set('access_token', tokenOf(request) ?? '')
  query.set('after', after)
  return { cursors, next: `${state.origin()}${request.path}?${query.toString()}` }
}

interface ListPage {
  readonly items: readonly object[]
  readonly paging: object | undefined
}

function listPage(state: SandboxState, request: Request, all: readonly object[], fired: FiredFaults): ListPage {
  const stamp = callStamp(request)
  const cursor = readCursor(request.query.get('after'), stamp) ?? { at: 0, call: stamp, nowMs: state.clock.nowMs() }
  const end = cursor.at + (fired.has('empty_page') ? 0 : limitParam(request.query))
  const items = all.slice(cursor.at, end)
  if (items.length === 0 && !fired.has('empty_page')) return { items, paging: undefined }
  const after = fired.has('duplicate_page') ? cursor.at : end
  return { items, paging: pagingOf(state, request, cursor, after < all.length ? after : undefined, end) }
}

/** One business: an agency that owns all accounts but the last, which a client let it work at. */
const business = { id: '1000000000000900', name: 'Sandbox Agency' }

function answerBusinesses(state: SandboxState, request: Request, call: Call): object {
  const { items, paging } = listPage(state, request, [business], call.fired)
  return { data: items, ...(paging && { paging }) }
}

function answerBusinessAccounts(state: SandboxState, request: Request, call: Call, owned: boolean): object {
  if (call.account !== business.id || call.fired.has('permission_lost'))
    throw new MetaRefusal(200, '(#200) Requires business_management permission to manage the object')
  const all = metaAccounts(state)
  return accountList(state, request, call, owned ? all.slice(0, -1) : all.slice(-1))
}

function answerAccounts(state: SandboxState, request: Request, call: Call): object {
  return accountList(state, request, call, metaAccounts(state))
}

function accountList(state: SandboxState, request: Request, call: Call, accounts: readonly WorldAccount[]): object {
  const fields = listParam(request.query, 'fields')
  const nodes = accounts.map((account) =>
    writeNode(account, fields.length > 0 ? fields : ['account_id'], accountFields, state),
  )
  const { items, paging } = listPage(state, request, nodes, call.fired)
  return { data: items, ...(paging && { paging }) }
}

function answerCampaigns(state: SandboxState, request: Request, call: Call): object {
  const account = accountOf(state, call)
  const today = dayNumber(dayAt(state.clock.nowMs(), account.zone))
  const fields = listParam(request.query, 'fields')
  const wanted = listParam(request.query, 'effective_status')
  // Deleted campaigns are listed only for those who ask for them by status.
  const shown = (status: string) => (wanted.length > 0 ? wanted.includes(status) : status !== 'DELETED')
  const nodes = account.campaigns
    .map((campaign) => ({ campaign, state: campaignState(campaign, today) }))
    .filter(({ state }) => state.listed && shown(effectiveStatus(state.status)))
    .map(({ campaign }) => writeCampaign({ account, campaign, today }, fields, state))
  const { items, paging } = listPage(state, request, nodes, call.fired)
  return { data: items, ...(paging && { paging }) }
}

/** Ad sets or ads of the campaigns that are listed; those of deleted campaigns for those who ask by status. */
function answerParts(state: SandboxState, request: Request, call: Call, partsOf: PartsOf): object {
  const account = accountOf(state, call)
  const today = dayNumber(dayAt(state.clock.nowMs(), account.zone))
  const fields = listParam(request.query, 'fields')
  const wanted = listParam(request.query, 'effective_status')
  const nodes = account.campaigns.flatMap((campaign) => {
    const now = campaignState(campaign, today)
    const word = partStatus(now.status)
    const isShown = now.listed && (wanted.length > 0 ? wanted.includes(word) : word !== 'DELETED')
    return isShown ? partsOf(campaign, word).map((node) => shownFields(node, fields)) : []
  })
  const { items, paging } = listPage(state, request, nodes, call.fired)
  return { data: items, ...(paging && { paging }) }
}

const summariesMax = 64

/** Walking a whole slice anew for each of its pages would cost pages × rows. */
function remembered(texts: Map<string, string>, key: string, make: () => string): string {
  const known = texts.get(key)
  if (known !== undefined) return known
  if (texts.size >= summariesMax) texts.clear()
  const text = make()
  texts.set(key, text)
  return text
}

interface InsightsQuestion {
  readonly account: WorldAccount
  readonly request: Request
  readonly query: URLSearchParams
  /** When the numbers are of; a report's are those of when it was asked for. */
  readonly nowMs: number
}

/** `/act_x/insights`: built as text, row by row, because a page may hold thousands. */
function answerInsights(state: SandboxState, request: Request, call: Call): string {
  const account = accountOf(state, call)
  const question = { account, request, query: request.query, nowMs: state.clock.nowMs() }
  return insightsText(state, question, call.fired, state.metaCellsMax)
}

function checkInsights(query: URLSearchParams, fired: FiredFaults): void {
  if (fired.has('account_suspended')) throw new MetaRefusal(200, '(#200) The ad account is disabled.')
  const removed = fired.get('schema_drift_removed')
  if (removed?.mode === 'error' && listParam(query, 'fields').includes(removed.field ?? 'clicks')) {
    throw invalidParameter(
      `${removed.field ?? 'clicks'} is not valid for fields param. please check https://developers.facebook.com/docs/marketing-api/reference/ads-insights/ for all valid values`,
    )
  }
}

function insightsText(
  state: SandboxState,
  { account, request, query, nowMs }: InsightsQuestion,
  fired: FiredFaults,
  cellsMax: number,
): string {
  checkInsights(query, fired)
  const stamp = callStamp(request)
  const cursor = readCursor(query.get('after'), stamp) ?? { at: 0, call: stamp, nowMs }
  const report = openReport(account, cursor.nowMs, state.scenario.changes())
  const params = insightsParams(query, report.today)
  const scan = new InsightsScan(params, report)
  if (Math.min(params.limit, scan.count) * params.fields.length > cellsMax) throw tooMuchData()
  const page = fired.has('empty_page') ? { rows: [], next: cursor.at } : insightsPage(scan, params, cursor.at, fired)
  const next = fired.has('duplicate_page') ? cursor.at : page.next
  const hasPaging = page.rows.length > 0 || next !== undefined
  const paging = hasPaging ? `,"paging":${JSON.stringify(pagingOf(state, request, cursor, next, scan.count))}` : ''
  const summaryOf = () => summaryText(scan, params, report, fired)
  const key = `${stamp} ${cursor.nowMs} ${state.scenario.generation} ${fired.has('wrong_control_total')}`
  const summary = params.summary ? `,"summary":${remembered(state.summaries, key, summaryOf)}` : ''
  return `{"data":[${page.rows.join(',')}]${paging}${summary}}`
}

/** What stands in a form, as Graph takes it beside the address. */
function formOf(request: Request): URLSearchParams {
  const query = new URLSearchParams(request.query)
  for (const [name, value] of new URLSearchParams(request.body)) query.set(name, value)
  query.delete('access_token')
  return query
}

/** `POST /act_x/insights`: parameters are checked at once, the work is done later. */
function submitJob(state: SandboxState, request: Request, call: Call): object {
  const account = accountOf(state, call)
  const query = formOf(request)
  checkInsights(query, call.fired)
  const nowMs = state.clock.nowMs()
  const report = openReport(account, nowMs, state.scenario.changes())
  const params = insightsParams(query, report.today)
  const isTooLarge = new InsightsScan(params, report).rowsWithData() * params.fields.length > state.metaJobCellsMax
  const fired: FiredFaults = isTooLarge
    ? new Map([...call.fired, ['job_too_large', { kind: 'job_too_large' }]])
    : call.fired
  const job = state.jobs.submit({ account: account.accountId, query: query.toString(), submittedAtMs: nowMs }, fired)
  return { report_run_id: job.id }
}

function jobOf(state: SandboxState, call: Call): MetaJob {
  const job = state.jobs.find(call.account)
  if (job && !call.fired.has('job_unseen')) return job
  const message = `Unsupported get request. Object with ID '${call.account}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`
  throw new MetaRefusal(100, message, { subcode: 33 })
}

/** `GET /{report_run_id}`: how far the report is. */
function answerJob(state: SandboxState, _request: Request, call: Call): object {
  const job = jobOf(state, call)
  job.polls += 1
  const { status, percent } = progressOf(job, state.clock.nowMs())
  return {
    id: job.id,
    account_id: job.account,
    async_status: status,
    async_percent_completion: percent,
    ...(status === 'Job Failed' && failureOf(job)),
  }
}

/** `GET /{report_run_id}/insights`: the pages of a report that is done. */
function answerJobInsights(state: SandboxState, request: Request, call: Call): string {
  const job = jobOf(state, call)
  if (progressOf(job, state.clock.nowMs()).status !== 'Job Completed')
    throw new MetaRefusal(100, 'Loading async insights: the report is not completed yet', { subcode: 1504033 })
  const account = accountOf(state, { ...call, account: job.account })
  const query = new URLSearchParams(job.query)
  for (const name of ['after', 'limit']) if (request.query.has(name)) query.set(name, request.query.get(name) ?? '')
  const question = { account, request, query, nowMs: job.submittedAtMs }
  return insightsText(state, question, call.fired, Number.POSITIVE_INFINITY)
}

const answers = {
  'meta.exchange': exchangeToken,
  'meta.debug_token': describeToken,
  'meta.accounts': answerAccounts,
  'meta.businesses': answerBusinesses,
  'meta.owned': (state, request, call) => answerBusinessAccounts(state, request, call, true),
  'meta.clients': (state, request, call) => answerBusinessAccounts(state, request, call, false),
  'meta.account': (state, request, call) =>
    writeNode(accountOf(state, call), listParam(request.query, 'fields'), accountFields, state),
  'meta.campaigns': answerCampaigns,
  'meta.adsets': (state, request, call) => answerParts(state, request, call, adSets),
  'meta.ads': (state, request, call) => answerParts(state, request, call, ads),
  'meta.insights': answerInsights,
  'meta.job_submit': submitJob,
  'meta.job': answerJob,
  'meta.job_insights': answerJobInsights,
} as const satisfies Record<string, (state: SandboxState, request: Request, call: Call) => object | string>

export type MetaRoute = keyof typeof answers

/** Answers a Graph call. Never throws a refusal: it becomes the reply, with the usage headers that go with it. */
export function answerMeta(state: SandboxState, request: Request, call: Call & { readonly route: MetaRoute }): Reply {
  const nowMs = state.clock.nowMs()
  const scope = call.account ?? 'app'
  try {
    checkVersion(call.version, call.fired)
    // Who exchanges a token shows the app's secret instead.
    if (call.route !== 'meta.exchange') checkToken(state, request, call.fired)
    if (!state.usage.spend(scope, nowMs)) throw throttled(3600)
    throwFired(call.fired)
    if (call.route !== 'meta.exchange' && request.method !== (call.route === 'meta.job_submit' ? 'POST' : 'GET'))
      throw new MetaRefusal(100, 'Unsupported post request.', { subcode: 33 })
    const body = answers[call.route](state, request, call)
    const headers = {
      'content-type': 'application/json; charset=UTF-8',
      'facebook-api-version': call.version || versions[0]!,
      'x-fb-trace-id': call.requestId,
      ...state.usage.headers(scope, nowMs),
    }
    return typeof body === 'string' ? { status: 200, headers, body } : jsonReply(200, body, headers)
  } catch (error) {
    if (!(error instanceof MetaRefusal)) throw error
    return metaErrorReply(error, call.requestId, state.usage.headers(scope, nowMs, error.words.regainSeconds))
  }
}
