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
  ['GET /nowhere', undefined],
]

describe('an address leads to one call of one platform', () => {
  test.for(calls)('%s is %s', ([line, route, account]) => {
    const target = targetOf(requested(line))
    expect([target?.route, target?.account]).toEqual([route, account])
  })
})
