import { dayAt } from '../domain/day.ts'
import { unitsText } from './amount.ts'
import { adGroupsOf } from './ads.ts'
import type { CampaignStatus, WorldCampaign } from './campaign.ts'
import { campaignState } from './campaign.ts'
import type { DayNumber } from './day-number.ts'
import { dayNumber } from './day-number.ts'
import { openReport } from './report.ts'
import type { Reply, Request } from './reply.ts'
import type { Call, SandboxState } from './sandbox-state.ts'
import type { FiredFaults } from './scenario.ts'
import { shapes } from './shapes.ts'
import { TiktokRefusal, tiktokReply, tooManyRequests, wrongParameter } from './tiktok-error.ts'
import { jsonList, reportData, tiktokQuestion } from './tiktok-report.ts'
import type { WorldAccount } from './world.ts'

const newestVersion = 'v1.3'

function tiktokAccounts(state: SandboxState): readonly WorldAccount[] {
  return state.world.accounts.filter((account) => account.platform === 'tiktok_ads')
}

const credentialsOf = (state: SandboxState) => shapes.tiktok_ads.connection('', state.credentials)

function checkToken(state: SandboxState, request: Request, fired: FiredFaults): void {
  const token = request.headers['access-token']
  if (token === undefined || token === '') throw new TiktokRefusal(40104, 'Access token is empty.')
  if (fired.has('token_expired')) throw new TiktokRefusal(40102, 'Access token has expired.')
  if (fired.has('token_revoked')) state.tokens.revoked.add('tiktok')
  if (state.tokens.revoked.has('tiktok') || token !== credentialsOf(state).accessToken)
    throw new TiktokRefusal(40105, 'Access token is incorrect or has been revoked.')
}

/** The refusals that a scenario asks for, in TikTok's own words. */
function throwFired(fired: FiredFaults): void {
  const retry = fired.get('status_429')
  if (retry) throw tooManyRequests(retry.retryAfterSeconds ?? 1)
  if (fired.has('status_500')) throw new TiktokRefusal(50000, 'System error')
  if (fired.has('status_503')) throw new TiktokRefusal(50002, 'Error processing request on TikTok side.')
}

function checkVersion(version: string, fired: FiredFaults): void {
  if (version === newestVersion && !fired.has('version_sunset')) return
  throw wrongParameter(`The API version ${version} is deprecated. Please use a newer version.`)
}

function denied(id: string): TiktokRefusal {
  return new TiktokRefusal(40001, `No permission to operate advertiser ${id}. Please check whether it is authorized.`)
}

function accountOf(state: SandboxState, request: Request, fired: FiredFaults): WorldAccount {
  const id = request.query.get('advertiser_id')
  if (id === null) throw wrongParameter('advertiser_id: Missing data for required field.')
  const found = tiktokAccounts(state).find((account) => account.accountId === id)
  if (!found || fired.has('permission_lost') || fired.has('account_suspended')) throw denied(id)
  return found
}

function answerGranted(state: SandboxState, request: Request): object {
  const { appId, appSecret } = credentialsOf(state)
  if (request.query.get('app_id') !== appId || request.query.get('secret') !== appSecret)
    throw new TiktokRefusal(40101, 'The app_id or secret is incorrect.')
  return {
    list: tiktokAccounts(state).map(({ accountId, name }) => ({ advertiser_id: accountId, advertiser_name: name })),
  }
}

/** Advertisers that the token does not reach are left out without a word. */
function answerAdvertisers(state: SandboxState, request: Request): object {
  const wanted = jsonList(request.query, 'advertiser_ids')
  if (wanted.length === 0 || wanted.length > 100)
    throw wrongParameter('advertiser_ids: Length must be between 1 and 100.')
  const list = tiktokAccounts(state).filter(({ accountId }) => wanted.includes(accountId))
  return {
    list: list.map(({ accountId, name, currency, zone }) => ({
      advertiser_id: accountId,
      name,
      currency,
      timezone: zone,
      display_timezone: zone,
      status: state.scenario.stands('account_suspended', accountId) ? 'STATUS_LIMIT' : 'STATUS_ENABLE',
      role: 'ROLE_ADVERTISER',
    })),
  }
}

const operationStatus: Readonly<Record<CampaignStatus, string>> = {
  enabled: 'ENABLE',
  paused: 'DISABLE',
  removed: 'DISABLE',
}

const secondaryStatus: Readonly<Record<CampaignStatus, string>> = {
  enabled: 'CAMPAIGN_STATUS_ENABLE',
  paused: 'CAMPAIGN_STATUS_DISABLE',
  removed: 'CAMPAIGN_STATUS_DELETE',
}

/** One in four campaigns has a budget for its lifetime, one in four none of its own. */
function budgetJson(campaign: WorldCampaign, digits: number): object {
  const amount = (times: number) => Number(unitsText(campaign.dailyBudgetCoins * times, digits))
  if (campaign.salt % 4 === 0) return { budget_mode: 'BUDGET_MODE_INFINITE', budget: 0 }
  if (campaign.salt % 4 === 1) return { budget_mode: 'BUDGET_MODE_TOTAL', budget: amount(30) }
  return { budget_mode: 'BUDGET_MODE_DAY', budget: amount(1) }
}

function campaignJson(campaign: WorldCampaign, account: WorldAccount, today: DayNumber): object {
  const { name, status } = campaignState(campaign, today)
  return {
    campaign_id: campaign.campaignId,
    advertiser_id: account.accountId,
    campaign_name: name,
    operation_status: operationStatus[status],
    secondary_status: secondaryStatus[status],
    objective_type: campaign.theme.tiktokObjective,
    ...budgetJson(campaign, account.digits),
  }
}

function pageOf(query: URLSearchParams): { readonly page: number; readonly pageSize: number } {
  const [page, pageSize] = [Number(query.get('page') ?? 1), Number(query.get('page_size') ?? 10)]
  if (!Number.isInteger(page) || page < 1) throw wrongParameter('page: Must be greater than or equal to 1.')
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 1_000)
    throw wrongParameter('page_size: Must be between 1 and 1000.')
  return { page, pageSize }
}

/** Deleted campaigns are listed only for those who ask for every status. */
function answerCampaigns(state: SandboxState, request: Request, account: WorldAccount): object {
  const today = dayNumber(dayAt(state.clock.nowMs(), account.zone))
  const wantsAll = (request.query.get('filtering') ?? '').includes('STATUS_ALL')
  const all = account.campaigns.filter((campaign) => {
    const { listed, status } = campaignState(campaign, today)
    return listed && (wantsAll || status !== 'removed')
  })
  const { page, pageSize } = pageOf(request.query)
  const fields = jsonList(request.query, 'fields')
  const shown = (node: object) => Object.entries(node).filter(([name]) => fields.length === 0 || fields.includes(name))
  return {
    list: all
      .slice((page - 1) * pageSize, page * pageSize)
      .map((campaign) => Object.fromEntries(shown(campaignJson(campaign, account, today)))),
    page_info: { page, page_size: pageSize, total_number: all.length, total_page: Math.ceil(all.length / pageSize) },
  }
}

/** Ads of the campaigns that are not deleted, each with the page that it leads to. */
function answerAds(state: SandboxState, request: Request, account: WorldAccount): object {
  const today = dayNumber(dayAt(state.clock.nowMs(), account.zone))
  const all = account.campaigns
    .filter((campaign) => campaignState(campaign, today).listed && campaignState(campaign, today).status !== 'removed')
    .flatMap((campaign) =>
      adGroupsOf(campaign).flatMap(({ groupId, ads }) =>
        ads.map(({ adId, name }) => ({
          ad_id: `18${adId}`,
          ad_name: name,
          adgroup_id: `18${groupId}`,
          campaign_id: campaign.campaignId,
          landing_page_url: `https://shop.example/${campaign.urlSuffix ? `?${campaign.urlSuffix}` : ''}`,
        })),
      ),
    )
  const { page, pageSize } = pageOf(request.query)
  const fields = jsonList(request.query, 'fields')
  return {
    list: all
      .slice((page - 1) * pageSize, page * pageSize)
      .map((node) => Object.fromEntries(Object.entries(node).filter(([name]) => fields.includes(name)))),
    page_info: { page, page_size: pageSize, total_number: all.length, total_page: Math.ceil(all.length / pageSize) },
  }
}

function answerReport(state: SandboxState, request: Request, account: WorldAccount, fired: FiredFaults): object {
  const report = openReport(account, state.clock.nowMs(), state.scenario.changes())
  return reportData(tiktokQuestion(request.query, report.today, fired), pageOf(request.query), report, fired)
}

function dataOf(state: SandboxState, request: Request, call: Call): object {
  if (call.route === 'tiktok.granted') return answerGranted(state, request)
  if (call.route === 'tiktok.advertisers') return answerAdvertisers(state, request)
  const account = accountOf(state, request, call.fired)
  if (call.route === 'tiktok.ads') return answerAds(state, request, account)
  return call.route === 'tiktok.campaigns'
    ? answerCampaigns(state, request, account)
    : answerReport(state, request, account, call.fired)
}

/** Answers a call of TikTok's Business API. Never throws a refusal: it becomes a reply with HTTP 200. */
export function answerTiktok(state: SandboxState, request: Request, call: Call): Reply {
  try {
    checkVersion(call.version, call.fired)
    checkToken(state, request, call.fired)
    throwFired(call.fired)
    return tiktokReply(0, 'OK', call.requestId, dataOf(state, request, call))
  } catch (error) {
    if (!(error instanceof TiktokRefusal)) throw error
    return tiktokReply(error.code, error.message, call.requestId, {})
  }
}
