import { describe, expect, test } from 'vitest'
import type { Platform } from './platform.ts'
import type { UrlFields } from './url-tags.ts'
import { readUtm, worstAddress } from './url-tags.ts'

const entity = { campaignId: '42', campaignName: '봄 세일' }
const nothing: UrlFields = { trackingTemplate: null, finalUrlSuffix: null, urlTags: null }
const read = (platform: Platform, fields: Partial<UrlFields>) => readUtm(platform, { ...nothing, ...fields }, entity)

describe('macros of each platform', () => {
  test.each([
    ['google_ads', { finalUrlSuffix: 'utm_source=google&utm_campaign={campaignid}&utm_term={keyword}' }, ['keyword']],
    [
      'google_ads',
      { trackingTemplate: 'https://t.example/?u={lpurl}&utm_source=google&utm_campaign={campaignid}&x={_own}' },
      [],
    ],
    ['google_ads', { trackingTemplate: '{lpurl}?utm_source=google&utm_id={campaignid}' }, []],
    ['microsoft_ads', { finalUrlSuffix: 'utm_source=bing&utm_campaign={CampaignId}&utm_term={keyword}' }, ['keyword']],
    [
      'meta_ads',
      { urlTags: 'utm_source=facebook&utm_campaign={{campaign.name}}&utm_content={{ad.name}}' },
      ['ad.name'],
    ],
    ['tiktok_ads', { urlTags: 'utm_source=tiktok&utm_campaign=__CAMPAIGN_ID__&utm_content=__CID__' }, ['CID']],
    ['linkedin_ads', { urlTags: 'utm_source=linkedin&utm_campaign={{CAMPAIGN_ID}}' }, []],
  ] as const)('%s %j', (platform, fields, atClick) => {
    const reading = read(platform, fields)
    expect(reading).toMatchObject({ atClick, unknown: [], isResolved: true })
    expect(Object.values(reading!.parameters)).toContain(platform === 'meta_ads' ? '봄 세일' : '42')
  })
})

test.each([
  ['no source', { finalUrlSuffix: 'utm_campaign={campaignid}' }],
  ['another campaign’s id', { finalUrlSuffix: 'utm_source=google&utm_campaign=41' }],
  ['an old name', { finalUrlSuffix: 'utm_source=google&utm_campaign=겨울' }],
  ['nothing at all', { finalUrlSuffix: '' }],
  ['a template without parameters', { trackingTemplate: '{lpurl}' }],
  ['an empty value', { finalUrlSuffix: 'utm_source=&utm_campaign={campaignid}' }],
])('%s does not lead a click back', (_what, fields) => {
  expect(read('google_ads', fields)?.isResolved).toBe(false)
})

test('a placeholder that no platform knows is told, and stays as the landing page would get it', () => {
  expect(read('google_ads', { finalUrlSuffix: 'utm_source=google&utm_campaign={campaign_id}' })).toEqual({
    parameters: { utm_source: 'google', utm_campaign: '{campaign_id}' },
    atClick: [],
    unknown: ['campaign_id'],
    isResolved: false,
  })
})

test('of the addresses of ads the emptiest stands for the campaign, whatever their order', () => {
  const tagged = 'https://shop.example/a?utm_source=x&utm_campaign=1'
  const bare = 'https://shop.example/z'
  expect([worstAddress([tagged, bare]), worstAddress([bare, tagged])]).toEqual([bare, bare])
  expect([
    worstAddress(['utm_source=b', 'utm_source=a']),
    worstAddress(['utm_source=a', '']),
    worstAddress([]),
  ]).toEqual(['utm_source=a', '', undefined])
})

test('the suffix wins over the template; values are decoded; a stray percent sign harms nothing', () => {
  const reading = read('google_ads', {
    trackingTemplate: '{lpurl}?utm_source=a&utm_campaign=b',
    finalUrlSuffix: 'utm_campaign=%EB%B4%84+%EC%84%B8%EC%9D%BC&utm_content=100%&other=1#utm_medium=x',
  })
  expect(reading).toMatchObject({
    parameters: { utm_source: 'a', utm_campaign: '봄 세일', utm_content: '100%' },
    isResolved: true,
  })
})

test('an entity whose addresses nobody told is not judged', () => {
  expect(readUtm('kakao_moment', undefined, entity)).toBeNull()
  expect(readUtm('google_ads', null, entity)).toBeNull()
})
