import type { BriefReport } from './brief-message.ts'

const days = [{ date: '2026-11-21', state: 'published', completeness: 'provisional', problem: null }] as const

/** A morning with one account out, one total that differs and a currency without conversions. */
export const briefSample: BriefReport = {
  date: '2026-11-21',
  asOf: '2026-11-22T00:00:00.000Z',
  verdict: { in: 'no', right: 'no', published: 2, expected: 3, warned: 1, restated: 12 },
  cards: { quality: { passed: 57, judged: 58 } },
  accounts: [
    { platform: 'google_ads', accountId: '1234567890', name: '한빛 <상점>', totals: 'equal', days },
    { platform: 'google_ads', accountId: '2345678901', name: 'Shop & Co', totals: 'different', days },
    {
      platform: 'meta_ads',
      accountId: '22',
      name: 'EU',
      totals: 'unknown',
      days: [{ date: '2026-11-21', state: 'failed', completeness: null, problem: 'The token was revoked <190/458>' }],
    },
  ],
  money: [
    {
      currency: 'KRW',
      cost: '1240000',
      costBefore: '1280000.5',
      costMedian: '1199999',
      conversions: '437.25',
      conversionsBefore: '412',
      cpa: '2835.90',
      cpaBefore: '3106.79',
      roas: '4.1',
      roasBefore: null,
    },
    {
      currency: 'USD',
      cost: '10.5',
      costBefore: null,
      costMedian: null,
      conversions: '0',
      conversionsBefore: null,
      cpa: null,
      cpaBefore: null,
      roas: '0',
      roasBefore: null,
    },
  ],
  movers: [{ currency: 'KRW', campaignName: '가을 검색 <b>', costChange: '-312000', conversionsChange: '21' }],
  actions: [
    {
      kind: 'incident',
      platform: 'meta_ads',
      accountId: '22',
      about: '01a21ce1-8599-7e10-8316-dcdfa6556acc',
      date: '2026-11-21',
      what: 'run.load',
      money: '412.50',
      currency: 'USD',
    },
    {
      kind: 'load',
      platform: 'meta_ads',
      accountId: '23',
      about: 'meta_ads/23',
      date: '2026-11-21',
      what: 'missing',
      money: null,
      currency: null,
    },
    {
      kind: 'renew',
      platform: null,
      accountId: null,
      about: 'meta',
      date: '2026-11-25',
      what: 'accessToken',
      money: null,
      currency: null,
    },
  ],
}
