import { createHmac } from 'node:crypto'
import { addDays, dayAt, dayEndMs, day as parseDay } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import { campaignState } from './campaign.ts'
import { dayNumber, dayText } from './day-number.ts'
import { noFigures, isNothing } from './figures.ts'
import { mixSeed } from './hash.ts'
import { naverFile, naverLines, naverReports } from './naver-report.ts'
import type { NaverReportType } from './naver-report.ts'
import { NaverRefusal, naverCoded, naverGate, naverRefusalReply } from './naver-reply.ts'
import { naverLicense } from './naver-shape.ts'
import { openReport } from './report.ts'
import type { Reply, Request } from './reply.ts'
import { jsonReply } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import type { FiredFaults } from './scenario.ts'
import type { WorldAccount } from './world.ts'

interface NaverJob {
  readonly id: number
  readonly customerId: string
  readonly type: NaverReportType
  readonly date: string
  readonly submittedAtMs: number
  readonly fate: 'completes' | 'stuck' | 'failed'
  readonly token: string
  polls: number
}

/** What the fake of one sandbox remembers: the reports that it was asked for. */
interface NaverState {
  readonly sandbox: SandboxState
  readonly jobs: Map<number, NaverJob>
  lastId: number
}

type Handler = (state: NaverState, request: Request, call: Call) => Reply

/** The signature is over timestamp, method and path; a query in it makes it another one, which is refused as any wrong one is. */
function checkLicense({ sandbox }: NaverState, { method, path, headers }: Request, fired: FiredFaults): void {
  const { apiKey, secretKey } = naverLicense(sandbox.credentials.stamp)
  if (fired.has('token_revoked')) sandbox.tokens.revoked.add('naver')
  if (sandbox.tokens.revoked.has('naver') || headers['x-api-key'] !== apiKey)
    throw naverGate('Invalid API-KEY', headers['x-signature'])
  const right = createHmac('sha256', secretKey).update(`${headers['x-timestamp']}.${method}.${path}`).digest('base64')
  if (headers['x-signature'] !== right) throw naverGate('Invalid Signature', headers['x-signature'])
}

function throwFired(fired: FiredFaults): void {
  const throttle = fired.get('status_429')
  if (throttle) {
    const wait = throttle.retryAfterSeconds
    const body = { code: 1016, message: '너무 많은 접속을 시도 하였습니다.' }
    throw new NaverRefusal(429, body, wait === undefined ? {} : { 'retry-after': String(wait) })
  }
  if (fired.has('status_500')) throw naverCoded(500, 1004, '요청을 처리할 수 없습니다.')
  if (fired.has('status_503')) throw naverCoded(503, 503, '정기점검이 진행 중입니다.')
  if (fired.has('permission_lost')) throw naverCoded(403, 1018, '접근 권한이 없습니다.')
  if (fired.has('account_suspended')) throw naverCoded(400, 1003, '처리할 수 없는 리소스 상태입니다.')
}

function accountOf({ sandbox }: NaverState, customerId: string | undefined): WorldAccount {
  const found = sandbox.world.accounts.find((one) => one.platform === 'naver_searchad' && one.accountId === customerId)
  if (!found) throw naverCoded(403, 1018, '접근 권한이 없습니다.')
  return found
}

const isManager = ({ sandbox }: NaverState, customerId: string | undefined) =>
  customerId === naverLicense(sandbox.credentials.stamp).customerId

const links: Handler = (state) => {
  const { customerId } = naverLicense(state.sandbox.credentials.stamp)
  const clients = state.sandbox.world.accounts.filter(({ platform }) => platform === 'naver_searchad')
  return jsonReply(
    200,
    clients.map(({ accountId, name }) => ({
      managerCustomerId: Number(customerId),
      clientCustomerId: Number(accountId),
      clientLoginId: name,
      roleId: 3,
    })),
  )
}

const balance: Handler = (state, _, { account }) => {
  if (!isManager(state, account)) accountOf(state, account)
  return jsonReply(200, { customerId: Number(account), bizmoney: 1_500_000, budgetLock: false, refundLock: false })
}

const types = ['WEB_SITE', 'SHOPPING', 'BRAND_SEARCH', 'POWER_CONTENTS'] as const

/** Campaigns that were deleted are not listed; their numbers stay in the reports. */
const campaigns: Handler = (state, _, { account: customerId }) => {
  if (isManager(state, customerId)) return jsonReply(200, [])
  const account = accountOf(state, customerId)
  const today = dayNumber(dayAt(state.sandbox.clock.nowMs(), account.zone))
  const shown = account.campaigns.map((campaign) => ({ campaign, now: campaignState(campaign, today) }))
  const nodes = shown
    .filter(({ now }) => now.listed && now.status !== 'removed')
    .map(({ campaign, now }) => ({
      nccCampaignId: campaign.campaignId,
      customerId: Number(customerId),
      name: now.name,
      campaignTp: types[campaign.salt % types.length],
      deliveryMethod: 'STANDARD',
      userLock: now.status === 'paused',
      delFlag: false,
      useDailyBudget: campaign.salt % 4 !== 0,
      dailyBudget: campaign.dailyBudgetCoins,
      status: now.status === 'paused' ? 'PAUSED' : 'ELIGIBLE',
      trackingMode: campaign.urlSuffix ? 'CUSTOM_TRACKING_MODE' : 'TRACKING_DISABLED',
      ...(campaign.urlSuffix && { trackingUrl: `https://shop.example/?${campaign.urlSuffix}` }),
      statusReason: now.status === 'paused' ? 'CAMPAIGN_PAUSED' : 'ELIGIBLE',
    }))
  return jsonReply(200, nodes)
}

const submit: Handler = (state, request, { account: customerId, fired }) => {
  const account = accountOf(state, customerId)
  const { reportTp, statDt } = bodyOf(request)
  if (typeof reportTp !== 'string' || !Object.hasOwn(naverReports, reportTp))
    throw naverCoded(400, 1011, '잘못된 데이터 입니다.')
  const date = /^(\d{4})(\d\d)(\d\d)$/.exec(String(statDt))?.slice(1).join('-')
  if (date === undefined) throw naverCoded(400, 1007, '입력값이 적합하지 않습니다.')
  state.lastId += 1
  const id = 700_000_000 + state.lastId
  const fate = fired.has('job_failed') ? 'failed' : fired.has('job_stuck') ? 'stuck' : 'completes'
  const token = mixSeed(state.sandbox.seed, id).toString(36)
  const type = reportTp as NaverReportType
  const submittedAtMs = state.sandbox.clock.nowMs()
  const job: NaverJob = { id, customerId: account.accountId, type, date, submittedAtMs, fate, token, polls: 0 }
  state.jobs.set(id, job)
  return jsonReply(200, jobNode(state, job))
}

function bodyOf({ body }: Request): { readonly reportTp?: unknown; readonly statDt?: unknown } {
  try {
    return JSON.parse(body) as object
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw naverCoded(400, 1008, '입력값이 적합하지 않습니다. (JSON format)')
  }
}

/** A report takes this long, or this many looks where the clock stands still. */
const workMs = 4_000
const pollsMax = 3

/** Until two in the morning Naver adds the day before up. */
const aggregatedAfterMs = 2 * 3_600_000

function statusOf(state: NaverState, job: NaverJob): string {
  const account = accountOf(state, job.customerId)
  if (job.submittedAtMs < dayEndMs(parseDay(job.date), account.zone) + aggregatedAfterMs) return 'AGGREGATING'
  if (job.fate === 'stuck') return 'WAITING'
  const done = Math.max((state.sandbox.clock.nowMs() - job.submittedAtMs) / workMs, job.polls / pollsMax)
  if (done === 0) return 'REGIST'
  if (done < 1) return done < 0.5 ? 'WAITING' : 'RUNNING'
  if (job.fate === 'failed') return 'ERROR'
  return linesOf(state, job).length === 0 ? 'NONE' : 'BUILT'
}

/** The lines are those of when the report was asked for. */
function linesOf({ sandbox }: NaverState, job: NaverJob): readonly string[][] {
  const account = sandbox.world.accounts.find(
    (one) => one.platform === 'naver_searchad' && one.accountId === job.customerId,
  )!
  return naverLines(openReport(account, job.submittedAtMs, sandbox.scenario.changes()), job.type, dayNumber(job.date))
}

/** `statDt` comes back as the instant at which the day begins in Korea, told in UTC: the date in it is the day before. */
function jobNode(state: NaverState, job: NaverJob): object {
  const status = statusOf(state, job)
  return {
    reportJobId: job.id,
    reportTp: job.type,
    statDt: `${addDays(parseDay(job.date), -1)}T15:00:00.000Z`,
    status,
    downloadUrl:
      status === 'BUILT' ? `${state.sandbox.origin()}/report-download?authtoken=${job.token}&fileVersion=v2` : '',
  }
}

function jobOf(state: NaverState, request: Request, { account, fired }: Call): NaverJob {
  const job = state.jobs.get(Number(request.path.split('/').at(-1)))
  if (!job || job.customerId !== account || fired.has('job_unseen'))
    throw naverCoded(404, 4601, '잘못된 보고서ID 입니다.')
  return job
}

const report: Handler = (state, request, call) => {
  const job = jobOf(state, request, call)
  job.polls += 1
  return jsonReply(200, jobNode(state, job))
}

const reports: Handler = (state, _, { account }) => {
  accountOf(state, account)
  return jsonReply(
    200,
    [...state.jobs.values()].filter(({ customerId }) => customerId === account).map((job) => jobNode(state, job)),
  )
}

const forget: Handler = (state, request, call) => {
  state.jobs.delete(jobOf(state, request, call).id)
  return { status: 204, headers: {}, body: '' }
}

const download: Handler = (state, { query }, { account, fired }) => {
  const job = [...state.jobs.values()].find(({ token }) => token === query.get('authtoken'))
  if (!job || job.customerId !== account)
    throw naverCoded(404, 1001, '요청하신 자원(아이디, 엔티티)을 찾을 수 없습니다.')
  const body = naverFile(linesOf(state, job), job.type, fired)
  return { status: 200, headers: { 'content-type': 'application/octet-stream' }, body }
}

function jsonParam(query: URLSearchParams, name: string): unknown {
  try {
    return JSON.parse(query.get(name) ?? '')
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw naverCoded(400, 1008, `입력값이 적합하지 않습니다. (${name})`)
  }
}

/** Sums by another way than the reports: `salesAmt` is with VAT, in whole won. */
const stats: Handler = (state, { query }, { account: customerId, fired }) => {
  const account = accountOf(state, customerId)
  const { since, until } = jsonParam(query, 'timeRange') as { since: string; until: string }
  const fields = jsonParam(query, 'fields') as readonly string[]
  const wanted = new Set((query.get('ids') ?? query.get('id') ?? '').split(','))
  const nowMs = state.sandbox.clock.nowMs()
  const opened = openReport(account, nowMs, state.sandbox.scenario.changes())
  const [first, last] = [dayNumber(since), dayNumber(until)]
  const daily = query.get('timeIncrement') === '1'
  const data = account.campaigns
    .filter(({ campaignId }) => wanted.has(campaignId))
    .flatMap((campaign) => {
      const spans = daily
        ? Array.from({ length: last - first + 1 }, (_, at) => [first + at, first + at])
        : [[first, last]]
      return spans.flatMap(([from, to]) => {
        const sum = noFigures()
        for (let day = from!; day <= to!; day += 1) opened.add(sum, campaign, day)
        if (isNothing(sum)) return []
        const figures: Readonly<Record<string, number>> = {
          impCnt: sum.impressions + (fired.has('wrong_control_total') ? 1 : 0),
          clkCnt: sum.clicks,
          salesAmt: Math.round(sum.costCoins * 1.1),
          // Of every type: purchases, and the carts that the reports have twice as many of.
          ccnt: (sum.conversionMicros / 1_000_000) * 3,
        }
        const asked = Object.fromEntries(fields.map((name) => [name, figures[name] ?? 0]))
        return [
          { id: campaign.campaignId, ...(daily && { dateStart: dayText(from!), dateEnd: dayText(to!) }), ...asked },
        ]
      })
    })
  return jsonReply(200, { data, compTm: koreanMinute(nowMs), cycleBaseTm: koreanMinute(nowMs) })
}

/** yyyyMMddHHmm in Korea, nine hours ahead the whole year. */
const koreanMinute = (nowMs: number) =>
  new Date(nowMs + 9 * 3_600_000).toISOString().replaceAll(/[-T:]/g, '').slice(0, 12)

const handlers: Readonly<Record<string, Handler>> = {
  links,
  balance,
  campaigns,
  submit,
  reports,
  forget,
  report,
  download,
  stats,
}

/** Answers calls to Naver's Search Ad API. Never throws a refusal: it becomes the reply. */
export function naverFake(sandbox: SandboxState): (request: Request, call: Call) => Reply {
  const state: NaverState = { sandbox, jobs: new Map(), lastId: 0 }
  return (request, call) => {
    try {
      checkLicense(state, request, call.fired)
      throwFired(call.fired)
      const handler = handlers[call.route.split('.')[1]!]!
      return handler(state, request, call)
    } catch (error) {
      if (isMillraceError(error, 'DOMAIN_DAY_INVALID')) return naverRefusalReply(naverCoded(400, 1007, error.message))
      if (error instanceof NaverRefusal) return naverRefusalReply(error)
      throw error
    }
  }
}
