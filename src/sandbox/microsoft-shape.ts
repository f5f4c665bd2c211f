import type { PlatformShape } from './platform-shape.ts'
import { digitsText } from './platform-shape.ts'

const operation = (service: string, name: string) => ({
  path: new RegExp(String.raw`^\/${service}\/(?<version>v\d+)\/${name}$`),
  method: 'POST',
})

export const microsoftShape = {
  platform: 'microsoft_ads',
  family: 'microsoft',
  routes: {
    token: { path: /^\/(?:common|consumers|organizations|[\w-]{36})\/oauth2\/v2\.0\/token$/, method: 'POST' },
    user: operation('CustomerManagement', 'User/Query'),
    accounts: operation('CustomerManagement', 'Accounts/Search'),
    campaigns: operation('CampaignManagement', 'Campaigns/QueryByAccountId'),
    submit: operation('Reporting', 'GenerateReport/Submit'),
    poll: operation('Reporting', 'GenerateReport/Poll'),
    download: { path: /^\/bingadsreports\/[^/]+\.zip$/, method: 'GET' },
  },
  accountOf: ({ headers }) => headers['customeraccountid'],
  figures: { wholeConversions: false, creditBeyondCost: false, clicksAreLinkClicks: true },
  accountId: (random) => digitsText(9, random),
  // Longs: most are short, some are not.
  campaignId: (index, random) => digitsText(index % 3 === 0 ? 18 : 9, random),
  connection: (url, { stamp }) => ({
    baseUrl: url,
    oauthUrl: `${url}/common/oauth2/v2.0/token`,
    clientId: `00000000-sandbox-${stamp}`,
    clientSecret: `sandbox~microsoft~${stamp}~secret`,
    refreshToken: `M.C5_sandbox.${stamp}.refresh.0`,
    developerToken: `SANDBOX${stamp}DEVTOKEN`,
  }),
  variables: { baseUrl: 'MILLRACE_MICROSOFT_BASE_URL', oauthUrl: 'MILLRACE_MICROSOFT_OAUTH_URL' },
} as const satisfies PlatformShape
