import type { PlatformShape } from './platform-shape.ts'
import { anyDigits, digitsText } from './platform-shape.ts'

export const googleShape = {
  platform: 'google_ads',
  family: 'google',
  // Google's versions are `v26`, Meta's `v26.0`: so both platforms can live at one address.
  routes: {
    token: { path: /^(?:\/oauth2\/v[34])?\/token$/ },
    authorize: { path: /^\/o\/oauth2\/v2\/auth$/, method: 'GET' },
    revoke: { path: /^\/revoke$/, method: 'POST' },
    fields: { path: /^\/(?<version>v\d+)\/googleAdsFields:search$/, method: 'POST' },
    field: { path: /^\/(?<version>v\d+)\/googleAdsFields\/[\w.]+$/, method: 'GET' },
    accessible: { path: /^\/(?<version>v\d+)\/customers:listAccessibleCustomers$/ },
    search: { path: /^\/(?<version>v\d+)\/customers\/(?<account>[^/]+)\/googleAds:search$/ },
    stream: { path: /^\/(?<version>v\d+)\/customers\/(?<account>[^/]+)\/googleAds:searchStream$/ },
  },
  figures: { wholeConversions: false, creditBeyondCost: true, clicksAreLinkClicks: true },
  accountId: (random) => digitsText(10, random),
  /** 11 digits and now and then the 19 of a full int64. */
  campaignId(index, random) {
    const length = [11, 19, 10, 11][index % 4]!
    return length === 19 ? `1${anyDigits(18, random)}` : `2${anyDigits(length - 1, random)}`
  },
  connection: (url, { clientId, clientSecret, refreshToken, loginCustomerId }) => ({
    baseUrl: url,
    oauthUrl: `${url}/token`,
    authorizeUrl: `${url}/o/oauth2/v2/auth`,
    clientId,
    clientSecret,
    refreshToken,
    loginCustomerId,
  }),
  variables: {
    baseUrl: 'MILLRACE_GOOGLE_ADS_BASE_URL',
    oauthUrl: 'MILLRACE_GOOGLE_OAUTH_URL',
    authorizeUrl: 'MILLRACE_GOOGLE_AUTHORIZE_URL',
  },
} as const satisfies PlatformShape
