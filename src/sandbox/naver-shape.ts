import { textSeed } from './hash.ts'
import type { PlatformShape } from './platform-shape.ts'
import { anyDigits, digitsText } from './platform-shape.ts'

/** A license of the API manager, and the customer that it was issued to: one who manages all others and has no campaigns. */
export interface NaverLicense {
  readonly apiKey: string
  readonly secretKey: string
  readonly customerId: string
}

export function naverLicense(stamp: string): NaverLicense {
  const customerId = String(1_000_000 + (textSeed(`naver ${stamp}`) % 900_000))
  return { apiKey: `0100000000sandbox${stamp}`, secretKey: `AQAAAAsandbox${stamp}==`, customerId }
}

export const naverShape = {
  platform: 'naver_searchad',
  family: 'naver',
  routes: {
    links: { path: /^\/customer-links$/ },
    balance: { path: /^\/billing\/bizmoney$/ },
    campaigns: { path: /^\/ncc\/campaigns$/ },
    submit: { path: /^\/stat-reports$/, method: 'POST' },
    reports: { path: /^\/stat-reports$/ },
    forget: { path: /^\/stat-reports\/\d+$/, method: 'DELETE' },
    report: { path: /^\/stat-reports\/\d+$/ },
    download: { path: /^\/report-download$/ },
    stats: { path: /^\/stats$/ },
  },
  accountOf: ({ headers }) => headers['x-customer'],
  figures: { wholeConversions: true, creditBeyondCost: false, clicksAreLinkClicks: true },
  accountId: (random) => digitsText(7, random),
  campaignId: (_, random) => `cmp-a001-01-${anyDigits(15, random)}`,
  zone: 'Asia/Seoul',
  currency: 'KRW',
  costBasis: 'net',
  connection: (url, { stamp }) => ({ baseUrl: url, ...naverLicense(stamp) }),
  variables: { baseUrl: 'MILLRACE_NAVER_SEARCHAD_BASE_URL' },
} as const satisfies PlatformShape
