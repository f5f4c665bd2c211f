import { describe, expect, test } from 'vitest'
import type { Request } from './reply.ts'
import { targetOf } from './routing.ts'

/** A call by its method and address, as the transport hands it over. */
function requested(line: string, headers: Readonly<Record<string, string>> = {}): Request {
  const [method = 'GET', address = '/'] = line.split(' ')
  const url = new URL(address, 'http://sandbox')
  return {
    method,
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    search: url.search,
    headers,
    body: '',
  }
}

const calls: readonly (readonly [line: string, route: string | undefined, account?: string | undefined])[] = [
  ['POST /token', 'google.token'],
  ['GET /o/oauth2/v2/auth?client_id=x', 'google.authorize'],
  ['POST /revoke', 'google.revoke'],
  ['POST /v26.0/oauth/access_token', 'meta.exchange'],
  ['GET /v26.0/debug_token?input_token=x', 'meta.debug_token'],
  ['POST /v26/customers/123/googleAds:search', 'google.search', '123'],
  ['POST /v26/customers/12-3/googleAds:searchStream', 'google.stream', '12-3'],
  ['GET /v26/customers:listAccessibleCustomers', 'google.accessible'],
  ['GET /me/adaccounts', 'meta.accounts'],
  ['GET /v26.0/act_5/campaigns', 'meta.campaigns', '5'],
  ['GET /v26.0/act_5/insights', 'meta.insights', '5'],
  ['POST /v26.0/act_5/insights', 'meta.job_submit', '5'],
  ['GET /v26.0/act_5', 'meta.account', '5'],
  ['GET /v26.0/77', 'meta.job', '77'],
  ['GET /v26.0/77/insights', 'meta.job_insights', '77'],
  ['GET /open_api/v1.3/report/integrated/get/?advertiser_id=7', 'tiktok.report', '7'],
  ['GET /open_api/v1.3/campaign/get/?advertiser_id=7', 'tiktok.campaigns', '7'],
  ['GET /open_api/v1.3/advertiser/info/?advertiser_ids=%5B%227%22%5D', 'tiktok.advertisers', '7'],
  ['GET /open_api/v1.3/advertiser/info/?advertiser_ids=%5B%227%22,%228%22%5D', 'tiktok.advertisers'],
  ['POST /oauth/v2/accessToken', 'linkedin.token'],
  ['GET /rest/adAccounts?q=search', 'linkedin.accounts'],
  ['GET /rest/adAccounts/5/adCampaignGroups?q=search', 'linkedin.groups', '5'],
  ['GET /rest/adAccounts/5', 'linkedin.account', '5'],
  ['GET /rest/adAnalytics?accounts=List(urn%3Ali%3AsponsoredAccount%3A5)', 'linkedin.analytics', '5'],
  ['POST /common/oauth2/v2.0/token', 'microsoft.token'],
  ['POST /Reporting/v13/GenerateReport/Submit', 'microsoft.submit'],
  ['GET /Reporting/v13/GenerateReport/Submit', undefined],
  ['GET /bingadsreports/7.zip?sig=1', 'microsoft.download'],
  ['POST /stat-reports', 'naver.submit', '7'],
  ['GET /stat-reports', 'naver.reports', '7'],
  ['GET /stat-reports/700000001', 'naver.report', '7'],
  ['DELETE /stat-reports/700000001', 'naver.forget', '7'],
  ['GET /report-download?authtoken=x&fileVersion=v2', 'naver.download', '7'],
  ['GET /openapi/v4/adAccounts/pages?page=0', 'kakao.accounts', '8'],
  ['GET /openapi/v4/adAccounts/123', 'kakao.account', '123'],
  ['GET /openapi/v4/adAccounts/report?start=20261101', 'kakao.account_report', '8'],
  ['GET /openapi/v4/campaigns/report?campaignId=1', 'kakao.campaign_report', '8'],
  ['GET /openapi/v4/campaigns/1', 'kakao.campaign', '8'],
  ['GET /nowhere', undefined],
]

describe('an address leads to one call of one platform', () => {
  test.for(calls)('%s is %s', ([line, route, account]) => {
    const target = targetOf(requested(line, { 'x-customer': '7', adaccountid: '8' }))
    expect([target?.route, target?.account]).toEqual([route, account])
  })
})
