import type { PlatformShape } from './platform-shape.ts'
import { anyDigits, digitsText } from './platform-shape.ts'

export const kakaoToken = (stamp: string) => `kakao-business-sandbox-${stamp}`

const version = String.raw`^\/openapi\/(?<version>v\d+)`

export const kakaoShape = {
  platform: 'kakao_moment',
  family: 'kakao',
  routes: {
    accounts: { path: new RegExp(String.raw`${version}\/adAccounts\/pages$`) },
    account_report: { path: new RegExp(String.raw`${version}\/adAccounts\/report$`) },
    account: { path: new RegExp(String.raw`${version}\/adAccounts\/(?<account>\d+)$`) },
    campaign_report: { path: new RegExp(String.raw`${version}\/campaigns\/report$`) },
    campaigns: { path: new RegExp(String.raw`${version}\/campaigns$`) },
    campaign: { path: new RegExp(String.raw`${version}\/campaigns\/\d+$`) },
  },
  accountOf: ({ headers }) => headers['adaccountid'],
  figures: { wholeConversions: true, creditBeyondCost: false, clicksAreLinkClicks: true },
  accountId: (random) => digitsText(6, random),
  /** Ids rise in the order in which campaigns are made. */
  campaignId: (index, random) => `3${String(index).padStart(3, '0')}${anyDigits(4, random)}`,
  zone: 'Asia/Seoul',
  currency: 'KRW',
  costBasis: 'net',
  connection: (url, { stamp }) => ({ baseUrl: url, accessToken: kakaoToken(stamp) }),
  variables: { baseUrl: 'MILLRACE_KAKAO_MOMENT_BASE_URL' },
} as const satisfies PlatformShape
