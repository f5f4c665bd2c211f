import type { PlatformShape } from './platform-shape.ts'
import { anyDigits } from './platform-shape.ts'

const route = (name: string) => ({ path: new RegExp(String.raw`^\/open_api\/(?<version>v\d+\.\d+)\/${name}\/$`) })

/** The one advertiser that a call names; calls about several are about none. */
function named(text: string | null): string | undefined {
  const [first, ...rest] = (text ?? '').replaceAll(/[[\]"\s]/g, '').split(',')
  return first && rest.length === 0 ? first : undefined
}

export const tiktokShape = {
  platform: 'tiktok_ads',
  family: 'tiktok',
  routes: {
    granted: route('oauth2\\/advertiser\\/get'),
    advertisers: route('advertiser\\/info'),
    campaigns: route('campaign\\/get'),
    ads: route('ad\\/get'),
    report: route('report\\/integrated\\/get'),
  },
  accountOf: ({ query }) => named(query.get('advertiser_id')) ?? named(query.get('advertiser_ids')),
  figures: { wholeConversions: true, creditBeyondCost: false, clicksAreLinkClicks: true },
  // 19 digits, beyond 2^53.
  accountId: (random) => `7${anyDigits(18, random)}`,
  campaignId: (_, random) => `18${anyDigits(15, random)}`,
  connection: (url, { stamp }) => ({
    baseUrl: url,
    accessToken: `sandbox-tiktok-${stamp}-access-token`,
    appId: `7${stamp}000`,
    appSecret: `sandbox-tiktok-${stamp}-app-secret`,
  }),
  variables: { baseUrl: 'MILLRACE_TIKTOK_BASE_URL' },
} as const satisfies PlatformShape
