import { dayAt } from '../domain/day.ts'
import { campaignState } from './campaign.ts'
import type { CampaignStatus, WorldCampaign } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber } from './day-number.ts'
import type { KakaoQuestion } from './kakao-report.ts'
import { accountRows, campaignRows } from './kakao-report.ts'
import { KakaoRefusal, kakaoRefusalReply, kakaoRefused, limitExceeded, wrongParameter } from './kakao-reply.ts'
import { kakaoToken } from './kakao-shape.ts'
import { openReport } from './report.ts'
import type { Reply, Request } from './reply.ts'
import { jsonReply } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import type { FiredFaults } from './scenario.ts'
import type { WorldAccount } from './world.ts'

/** What the fake of one sandbox remembers: when a report was last asked for, by account, or by `app` for several at once. */
interface KakaoState {
  readonly sandbox: SandboxState
  readonly lastMs: Map<string, number>
}

type Handler = (state: KakaoState, request: Request, call: Call) => Reply

function checkToken({ sandbox }: KakaoState, { headers }: Request, fired: FiredFaults): void {
  const token = headers['authorization']?.replace(/^Bearer /, '')
  if (fired.has('token_expired')) throw new KakaoRefusal(401, -401, 'this access token is already expired')
  if (fired.has('token_revoked')) sandbox.tokens.revoked.add('kakao')
  if (sandbox.tokens.revoked.has('kakao') || token !== kakaoToken(sandbox.credentials.stamp))
    throw new KakaoRefusal(401, -401, 'this access token does not exist')
}

function throwFired(fired: FiredFaults): void {
  const throttle = fired.get('status_429')
  const wait = throttle?.retryAfterSeconds
  if (throttle) throw limitExceeded(wait === undefined ? {} : { 'retry-after': String(wait) })
  if (fired.has('status_500')) throw new KakaoRefusal(500, -1, 'internal server error')
  if (fired.has('status_503')) throw new KakaoRefusal(503, -9798, '서비스 점검중입니다.')
  if (fired.has('version_sunset')) throw new KakaoRefusal(400, -9, 'deprecated api')
  if (fired.has('permission_lost')) throw kakaoRefused(9004, '해당 광고계정에 대한 권한이 없습니다.')
  if (fired.has('account_suspended')) throw kakaoRefused(9010, '관리자 정지된 광고계정입니다.')
}

const isKakao = ({ platform }: WorldAccount) => platform === 'kakao_moment'

function accountOf({ sandbox }: KakaoState, id: string | undefined): WorldAccount {
  if (id === undefined) throw new KakaoRefusal(400, -8, 'adAccountId header is required')
  const found = sandbox.world.accounts.find((one) => isKakao(one) && one.accountId === id)
  if (!found) throw kakaoRefused(9004, '해당 광고계정에 대한 권한이 없습니다.')
  return found
}

/** An id as Kakao writes it: a JSON number. */
const accountNode = ({ accountId, name }: WorldAccount) => ({
  id: Number(accountId),
  name,
  memberType: 'MASTER',
  config: 'ON',
})

const accounts: Handler = ({ sandbox }, { query }) => {
  const [page, size] = [Number(query.get('page') ?? 0), Number(query.get('size') ?? 25)]
  const all = sandbox.world.accounts.filter(isKakao)
  const content = all.slice(page * size, (page + 1) * size).map(accountNode)
  return jsonReply(200, { content, page, size: content.length, totalElements: all.length })
}

const account: Handler = (state, _, { account: id }) => jsonReply(200, accountNode(accountOf(state, id)))

const configs = { enabled: 'ON', paused: 'OFF', removed: 'DEL' } as const satisfies Record<CampaignStatus, string>

function todayOf({ sandbox }: KakaoState, { zone }: WorldAccount): DayNumber {
  return dayNumber(dayAt(sandbox.clock.nowMs(), zone))
}

const campaignNode = (campaign: WorldCampaign, today: DayNumber) => {
  const { name, status } = campaignState(campaign, today)
  return {
    id: Number(campaign.campaignId),
    name,
    config: configs[status],
    userConfig: configs[status],
    systemConfig: 'ON',
  }
}

/** Deleted campaigns are listed for those who ask for them, however long they are gone. */
const campaigns: Handler = (state, { query }, { account: id }) => {
  const of = accountOf(state, id)
  const today = todayOf(state, of)
  const wanted = query.get('config')
  const content = of.campaigns
    .filter(({ firstDay }) => firstDay <= today)
    .map((campaign) => campaignNode(campaign, today))
    .filter(({ config }) => wanted === null || config === wanted)
  return jsonReply(200, { content })
}

const goals = ['CONVERSION', 'VISITING', 'VIEW'] as const

const campaign: Handler = (state, { path }, { account: id }) => {
  const of = accountOf(state, id)
  const found = of.campaigns.find(({ campaignId }) => campaignId === path.split('/').at(-1))
  if (!found) throw kakaoRefused(33003, '존재하지 않는 캠페인입니다.')
  return jsonReply(200, {
    ...campaignNode(found, todayOf(state, of)),
    campaignTypeGoal: {
      campaignType: found.salt % 2 === 0 ? 'TALK_BIZ_BOARD' : 'DISPLAY',
      goal: goals[found.salt % goals.length],
    },
    dailyBudgetAmount: found.salt % 4 === 0 ? null : found.dailyBudgetCoins,
  })
}

const spacingMs = 5_000

/** One report in five seconds. A clock that stands still has no five seconds: there the limit is not kept. */
function takeTurn({ sandbox, lastMs }: KakaoState, key: string): void {
  if (sandbox.clock.stands()) return
  const nowMs = sandbox.clock.nowMs()
  if (nowMs - (lastMs.get(key) ?? Number.NEGATIVE_INFINITY) < spacingMs) throw limitExceeded()
  lastMs.set(key, nowMs)
}

const knownGroups = new Set([
  'BASIC',
  'ADDITION',
  'MESSAGE',
  'MESSAGE_ADDITION',
  'MESSAGE_CLICK',
  'PLUS_FRIEND',
  'VIDEO',
  'PIXEL_SDK_CONVERSION',
])
const rangeDaysMax = 31

function dayParam(query: URLSearchParams, name: string): DayNumber {
  const parts = /^(\d{4})(\d\d)(\d\d)$/.exec(query.get(name) ?? '')
  if (!parts) throw wrongParameter(name)
  return dayNumber(parts.slice(1).join('-'))
}

function questionOf(state: KakaoState, { query }: Request, { account: id, fired }: Call): KakaoQuestion {
  const of = accountOf(state, id)
  const groups = new Set((query.get('metricsGroup') ?? 'BASIC').split(','))
  const removed = fired.get('schema_drift_removed')
  if (removed?.mode === 'error' || [...groups].some((one) => !knownGroups.has(one)))
    throw wrongParameter('metricsGroup')
  const [start, end] = [dayParam(query, 'start'), dayParam(query, 'end')]
  if (end < start || end - start >= rangeDaysMax) throw kakaoRefused(60001, '조회 기간은 31일 이내여야 합니다.')
  const report = openReport(of, state.sandbox.clock.nowMs(), state.sandbox.scenario.changes())
  // Today is left out of whatever range names it.
  const days = Array.from({ length: end - start + 1 }, (_, at) => start + at).filter((day) => day < report.today)
  return { report, days, groups, fired }
}

function rowsReply(rows: readonly string[]): Reply {
  const headers = { 'content-type': 'application/json;charset=UTF-8' }
  return { status: 200, headers, body: `{"code":200,"message":"Success","data":[${rows.join(',')}]}` }
}

const accountReport: Handler = (state, request, call) => {
  const question = questionOf(state, request, call)
  takeTurn(state, call.account ?? 'app')
  return rowsReply(accountRows(question))
}

const campaignReport: Handler = (state, request, call) => {
  const question = questionOf(state, request, call)
  const ids = (request.query.get('campaignId') ?? '').split(',').filter(Boolean)
  if (ids.length === 0 || ids.length > 5) throw wrongParameter('campaignId')
  takeTurn(state, ids.length === 1 ? (call.account ?? 'app') : 'app')
  return rowsReply(
    campaignRows(
      question.report.account.campaigns.filter(({ campaignId }) => ids.includes(campaignId)),
      question,
    ),
  )
}

const handlers: Readonly<Record<string, Handler>> = {
  accounts,
  account,
  campaigns,
  campaign,
  account_report: accountReport,
  campaign_report: campaignReport,
}

const version = 'v4'

/** Answers calls to Kakao Moment. Never throws a refusal: it becomes the reply. */
export function kakaoFake(sandbox: SandboxState): (request: Request, call: Call) => Reply {
  const state: KakaoState = { sandbox, lastMs: new Map() }
  return (request, call) => {
    try {
      checkToken(state, request, call.fired)
      if (call.version !== version) throw new KakaoRefusal(400, -9, 'deprecated api')
      throwFired(call.fired)
      return handlers[call.route.split('.')[1]!]!(state, request, call)
    } catch (error) {
      if (error instanceof KakaoRefusal) return kakaoRefusalReply(error)
      throw error
    }
  }
}
