import { describe, expect, test } from 'vitest'
import { differencesOf, usualTolerances } from './reconcile-platform.ts'

const row = (over: Readonly<Record<string, unknown>>) => ({
  platform: 'meta_ads',
  account_id: 'a',
  campaign_id: 'c',
  other_zone: false,
  other_currency: false,
  batch_impressions: '1000',
  batch_clicks: '100',
  batch_conversions: '5.5',
  live_impressions: '1000',
  live_clicks: '100',
  live_conversions: '6',
  ivt_impressions: '0',
  ivt_clicks: '0',
  ivt_conversions: '0',
  ...over,
})

describe('a platform’s figures beside the live ones', () => {
  test.each([
    ['equal figures', {}, []],
    ['nine in a hundred off', { live_impressions: '1090' }, []],
    ['eleven in a hundred off', { live_impressions: '1110' }, [['impressions', 'unexplained']]],
    [
      'invalid traffic makes it',
      { live_impressions: '1200', ivt_impressions: '180' },
      [['impressions', 'ivt_filtering']],
    ],
    ['days of two zones', { live_clicks: '60', other_zone: true }, [['clicks', 'time_zone']]],
    ['another currency', { live_clicks: '60', other_currency: true }, [['clicks', 'currency']]],
    [
      'conversions are dated by the click',
      { batch_conversions: '40', live_conversions: '20' },
      [['conversions', 'attribution_date']],
    ],
    ['a handful is not measured', { batch_conversions: '9', live_conversions: '1' }, []],
    ['the platform has none', { batch_clicks: '0', live_clicks: '30' }, [['clicks', 'unexplained']]],
  ])('%s', (_, over, found) => {
    expect(differencesOf(row(over), usualTolerances).map(({ metric, reason }) => [metric, reason])).toEqual(found)
  })
})
