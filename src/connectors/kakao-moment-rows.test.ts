import { describe, expect, test } from 'vitest'
import { decimal } from '../domain/decimal.ts'
import { isSilent, kakaoEntity, kakaoMapping, kakaoRow, kakaoTotals } from './kakao-moment-rows.ts'

/** As json-stream hands it over: numbers are the digits that stood on the wire. */
const wire = (metrics: Readonly<Record<string, string>>) => ({
  start: '2026-11-10',
  end: '2026-11-10',
  dimensions: { campaign_id: '39861506' },
  metrics: { imp: '1000', click: '20', ctr: '2.0', cost: '1500.0', ...metrics },
})

const bought = {
  conv_purchase_1d: '2',
  conv_purchase_7d: '3',
  conv_purchase_p_1d: '20000.0',
  conv_purchase_p_7d: '30000.0',
}

describe('a row', () => {
  test('has its numbers as they came, and null where the pixel sent none', () => {
    expect(kakaoRow(wire({}))).toEqual({
      start: '2026-11-10',
      end: '2026-11-10',
      campaign_id: '39861506',
      imp: '1000',
      click: '20',
      cost: '1500.0',
      conv_purchase_1d: null,
      conv_purchase_7d: null,
      conv_purchase_p_1d: null,
      conv_purchase_p_7d: null,
    })
  })

  test('without anything is silent; one that only sold is not', () => {
    expect(isSilent(kakaoRow(wire({ imp: '0', click: '0', cost: '0.0' })))).toBe(true)
    expect(isSilent(kakaoRow(wire({ imp: '0', click: '0', cost: '0.0', conv_purchase_7d: '1' })))).toBe(false)
  })

  // Which field of Kakao's each canonical number is.
  const sources = [
    ['cost', 'cost', 'cost'],
    ['impressions', 'imp', 'imp'],
    ['clicks', 'click', 'click'],
    ['linkClicks', 'click', 'click'],
    ['conversions', 'conv_purchase_1d', 'conv_purchase_7d'],
    ['conversionValue', 'conv_purchase_p_1d', 'conv_purchase_p_7d'],
  ] as const
  test.each(sources)('%s is %s, or %s in the window of a week', (metric, day, week) => {
    expect(kakaoMapping('1d')[metric]).toMatchObject({ from: 'column', column: day })
    expect(kakaoMapping('7d')[metric]).toMatchObject({ from: 'column', column: week })
  })

  test('sums to totals in the words of canonical metrics', () => {
    const rows = [kakaoRow(wire(bought)), kakaoRow(wire({}))]
    expect(kakaoTotals(rows, '1d')).toEqual({
      cost: decimal('3000'),
      impressions: decimal('2000'),
      clicks: decimal('40'),
      conversions: decimal('2'),
      conversionValue: decimal('20000'),
    })
  })
})

describe('a campaign', () => {
  const node = { id: '39861506', name: '비즈보드 전환', config: 'ON', systemConfig: 'ON' }
  const detail = {
    dailyBudgetAmount: '50000',
    campaignTypeGoal: { campaignType: 'TALK_BIZ_BOARD', goal: 'CONVERSION' },
  }

  test('has budget and goal from its detail, and none without it', () => {
    expect(kakaoEntity(node, detail, '1')).toMatchObject({
      name: '비즈보드 전환',
      status: 'active',
      dailyBudget: '50000',
      objectiveRaw: 'TALK_BIZ_BOARD/CONVERSION',
    })
    expect(kakaoEntity(node, undefined, '1')).toMatchObject({ dailyBudget: null, objectiveRaw: '' })
    expect(kakaoEntity(node, { ...detail, dailyBudgetAmount: null }, '1').dailyBudget).toBeNull()
  })

  test('is paused by its switch or by Kakao’s, removed when it is deleted', () => {
    const status = (change: object) => {
      const { status: canonical, statusRaw } = kakaoEntity({ ...node, ...change }, undefined, '1')
      return [canonical, statusRaw]
    }
    expect(status({ config: 'OFF' })).toEqual(['paused', 'OFF'])
    expect(status({ systemConfig: 'ADMIN_STOP' })).toEqual(['paused', 'ON/ADMIN_STOP'])
    expect(status({ config: 'DEL' })).toEqual(['removed', 'DEL'])
    expect(status({ config: 'NEW' })).toEqual(['unknown', 'NEW'])
  })
})
