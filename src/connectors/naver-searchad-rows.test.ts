import { describe, expect, test } from 'vitest'
import { day } from '../domain/day.ts'
import { decimal } from '../domain/decimal.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import { naverSignature } from './naver-searchad-client.ts'
import { naverEntity, naverMapping, naverRows, withoutVat } from './naver-searchad-rows.ts'

const file = { report: 'AD', date: day('2026-11-10'), accountId: '1234567', costBasis: 'net' } as const
const place = '1234567\tcmp-1\tgrp-1\t-\tnad-1\tbsn-1\t8753\tM'
const ad = `20261110\t${place}\t1000\t20\t1100\t2000\t0\n`

const broken = (detail: string) =>
  new MillraceError('CONNECTORS_ANSWER_CUT', { platform: 'naver_searchad', host: 'x', detail })
const rowsOf = (text: string, of: Parameters<typeof naverRows>[1]) => naverRows(text, of, broken)

const codeOf = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (isMillraceError(error)) return error.code
    throw error
  }
  return 'none'
}

test('the signature is the one of the documented samples, over the path without its query', () => {
  const at = { timestampMs: 1_700_000_000_000, method: 'GET', path: '/ncc/campaigns' }
  // Computed by hand: printf '1700000000000.GET./ncc/campaigns' | openssl dgst -sha256 -hmac secret -binary | base64
  expect(naverSignature('secret', at)).toBe('9eQw3iPVTMIl3cgVonp2ltPK6kBGHuGeRLFPC4u7iOw=')
  expect(naverSignature('secret', { ...at, path: '/ncc/campaigns?ids=1' })).not.toBe(
    '9eQw3iPVTMIl3cgVonp2ltPK6kBGHuGeRLFPC4u7iOw=',
  )
})

describe('lines without a header', () => {
  test('become rows by their place; a dash is nothing', () => {
    const [row] = rowsOf(ad, file)
    expect(row).toMatchObject({ date: '2026-11-10', campaign_id: 'cmp-1', keyword_id: null, pc_mobile: 'M' })
    expect(row).toMatchObject({ impressions: '1000', clicks: '20', cost: '1100', rank_sum: '2000', net_cost: '1100' })
    expect(row).toMatchObject({ conversion_type: null, purchases: null })
  })

  test('the first line is a row, and nothing else is: an empty file has none', () => {
    expect(rowsOf(ad + ad.replace('\t1000\t', '\t999\t'), file).length).toBe(2)
    expect(rowsOf('', file)).toEqual([])
    expect(rowsOf(`\uFEFF${ad.replace('\n', '\r\n')}`, file)[0]).toMatchObject({ date: '2026-11-10', views: '0' })
  })

  test('only purchases count, direct and indirect, by word and by the number of before 2024-07-03', () => {
    const of = (method: number, type: string) => `20261110\t${place}\t${method}\t${type}\t3\t90000\n`
    const lines = of(1, 'purchase') + of(2, 'purchase') + of(1, 'add_to_cart') + of(1, '1') + of(1, '3')
    const rows = rowsOf(lines, { ...file, report: 'AD_CONVERSION' })
    expect(rows.map((row) => row['purchases'])).toEqual(['3', '3', null, '3', null])
    expect(rows.map((row) => row['conversion_count'])).toEqual(['3', '3', '3', '3', '3'])
  })

  test('a line twice is taken once', () => {
    expect(rowsOf(ad + ad, file).length).toBe(1)
  })

  test('a cut last line, a line too short and a line of another day are each their own error', () => {
    expect(codeOf(() => rowsOf(ad.slice(0, -6), file))).toBe('CONNECTORS_ANSWER_CUT')
    expect(codeOf(() => rowsOf(ad.replace('\t1000', ''), file))).toBe('CONNECTORS_SCHEMA_DRIFT')
    expect(codeOf(() => rowsOf(ad.replace('20261110', '20261111'), file))).toBe('CONNECTORS_SCHEMA_DRIFT')
    expect(rowsOf(ad.replace('\n', '\tnew\n'), file).length).toBe(1)
  })
})

test('VAT is taken off to the millionth: ten elevenths, also of a credit', () => {
  expect([1100, 100, 1, -1100, -1].map((won) => withoutVat(decimal(String(won))))).toEqual([
    '1000',
    '90.909091',
    '0.909091',
    '-1000',
    '-0.909091',
  ])
  expect(rowsOf(ad, { ...file, costBasis: 'gross' })[0]).toMatchObject({ cost: '1100', net_cost: '1000' })
})

test('a campaign’s budget counts only when it is used, and a paused one says by whom', () => {
  const node = {
    nccCampaignId: 'cmp-1',
    name: '브랜드',
    campaignTp: 'WEB_SITE',
    status: 'PAUSED',
    statusReason: 'CAMPAIGN_PAUSED',
  }
  const entity = naverEntity({ ...node, useDailyBudget: true, dailyBudget: 50_000 }, '1')
  expect(entity).toMatchObject({
    status: 'paused',
    statusRaw: 'PAUSED/CAMPAIGN_PAUSED',
    dailyBudget: '50000',
    objectiveRaw: 'WEB_SITE',
  })
  expect(naverEntity({ ...node, useDailyBudget: false, dailyBudget: 50_000 }, '1').dailyBudget).toBeNull()
  expect(naverEntity({ ...node, status: 'ELIGIBLE', delFlag: true }, '1').status).toBe('removed')
})

// Which column each canonical number is.
const sources = [
  ['cost', 'net_cost'],
  ['impressions', 'impressions'],
  ['clicks', 'clicks'],
  ['linkClicks', 'clicks'],
  ['videoViews', 'views'],
  ['conversions', 'purchases'],
  ['conversionValue', 'purchase_sales'],
] as const
test.each(sources)('%s is the column %s', (metric, column) => {
  expect(naverMapping[metric]).toMatchObject({ from: 'column', column })
})
