import type { PlatformShape } from './platform-shape.ts'
import { anyDigits, digitsText } from './platform-shape.ts'

const version = String.raw`^(?:\/(?<version>v\d+\.\d+))?`
const insights = new RegExp(String.raw`${version}\/act_(?<account>[^/]+)\/insights\/?$`)

export const metaShape = {
  platform: 'meta_ads',
  family: 'meta',
  routes: {
    exchange: { path: new RegExp(String.raw`${version}\/oauth\/access_token\/?$`) },
    debug_token: { path: new RegExp(String.raw`${version}\/debug_token\/?$`), method: 'GET' },
    accounts: { path: new RegExp(String.raw`${version}\/me\/adaccounts\/?$`) },
    businesses: { path: new RegExp(String.raw`${version}\/me\/businesses\/?$`) },
    owned: { path: new RegExp(String.raw`${version}\/(?<account>\d+)\/owned_ad_accounts\/?$`) },
    clients: { path: new RegExp(String.raw`${version}\/(?<account>\d+)\/client_ad_accounts\/?$`) },
    campaigns: { path: new RegExp(String.raw`${version}\/act_(?<account>[^/]+)\/campaigns\/?$`) },
    adsets: { path: new RegExp(String.raw`${version}\/act_(?<account>[^/]+)\/adsets\/?$`) },
    ads: { path: new RegExp(String.raw`${version}\/act_(?<account>[^/]+)\/ads\/?$`) },
    // The same edge, asked to be worked at or read: Meta tells them apart by the method.
    job_submit: { path: insights, method: 'POST' },
    insights: { path: insights },
    account: { path: new RegExp(String.raw`${version}\/act_(?<account>[^/]+)\/?$`) },
    job_insights: { path: new RegExp(String.raw`${version}\/(?<account>\d+)\/insights\/?$`) },
    job: { path: new RegExp(String.raw`${version}\/(?<account>\d+)\/?$`) },
  },
  figures: { wholeConversions: true, creditBeyondCost: false, clicksAreLinkClicks: false },
  accountId: (random) => digitsText(15, random),
  /** 18 digits, beyond 2^53, as Meta's campaigns have today. */
  campaignId: (_, random) => `1202${anyDigits(14, random)}`,
  connection: (url, { metaAccessToken }) => ({ baseUrl: url, accessToken: metaAccessToken }),
  variables: { baseUrl: 'MILLRACE_META_BASE_URL' },
} as const satisfies PlatformShape
