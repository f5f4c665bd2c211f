import type { PlatformShape } from './platform-shape.ts'
import { digitsText } from './platform-shape.ts'

export const linkedinShape = {
  platform: 'linkedin_ads',
  family: 'linkedin',
  // The version travels in a header.
  routes: {
    token: { path: /^\/oauth\/v2\/accessToken$/, method: 'POST' },
    accounts: { path: /^\/rest\/adAccounts$/ },
    groups: { path: /^\/rest\/adAccounts\/(?<account>[^/]+)\/adCampaignGroups$/ },
    account: { path: /^\/rest\/adAccounts\/(?<account>[^/]+)$/ },
    analytics: { path: /^\/rest\/adAnalytics$/ },
  },
  accountOf: ({ search }) => /urn%3Ali%3AsponsoredAccount%3A(\d+)/i.exec(search)?.[1],
  figures: { wholeConversions: true, creditBeyondCost: false, clicksAreLinkClicks: false },
  accountId: (random) => digitsText(9, random),
  // Longs: most are short, some are beyond 2^53.
  campaignId: (index, random) => digitsText(index % 3 === 0 ? 17 : 9, random),
  // Reports know days of UTC only.
  zone: 'UTC',
  connection: (url, { stamp }) => ({
    baseUrl: url,
    oauthUrl: `${url}/oauth/v2/accessToken`,
    accessToken: `AQSandbox-linkedin-${stamp}-access`,
    clientId: `86sandbox${stamp}`,
    clientSecret: `WPL_AP1.sandbox.${stamp}.secret`,
    refreshToken: `AQSandbox-linkedin-${stamp}-refresh`,
  }),
  variables: { baseUrl: 'MILLRACE_LINKEDIN_BASE_URL', oauthUrl: 'MILLRACE_LINKEDIN_OAUTH_URL' },
} as const satisfies PlatformShape
