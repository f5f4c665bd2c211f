import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimal, fromUnits } from '../domain/decimal.ts'
import { dayEndMs, dayStartMs } from '../domain/day.ts'
import { microsText, unitsText } from './amount.ts'
import { arrivalAt, convertedShare } from './arrival.ts'
import { campaignState } from './campaign.ts'
import { dayNumber, dayText } from './day-number.ts'
import { noFigures } from './figures.ts'
import { openReport, truthRows, unchanged } from './report.ts'
import type { WorldAccount } from './world.ts'
import { makeWorld } from './world.ts'

const nowMs = Date.parse('2026-11-22T12:00:00Z')
const settledMs = Number.POSITIVE_INFINITY
const today = dayNumber('2026-11-22')

const truthAt = (account: WorldAccount, day: number, asOfMs: number) =>
  truthRows(openReport(account, asOfMs, unchanged, nowMs), day)

describe('the world of a seed', () => {
  test('is the same twice, and another for another seed', () => {
    expect(makeWorld(7)).toEqual(makeWorld(7))
    expect(makeWorld(8).accounts[0]!.accountId).not.toBe(makeWorld(7).accounts[0]!.accountId)
  })

  test('has three accounts a platform, ids that no number can hold, and at least five delivering campaigns each', () => {
    const { accounts } = makeWorld(1)
    expect(accounts.map(({ platform, currency, zone }) => `${platform} ${currency} ${zone}`)).toEqual([
      'google_ads KRW Asia/Seoul',
      'google_ads USD America/Los_Angeles',
      'google_ads EUR Europe/Berlin',
      'meta_ads KRW Asia/Seoul',
      'meta_ads USD America/Los_Angeles',
      'meta_ads EUR Europe/Berlin',
    ])
    for (const account of accounts) {
      const beyond = account.campaigns.filter(({ campaignId }) => BigInt(campaignId) > BigInt(Number.MAX_SAFE_INTEGER))
      expect(beyond.length).toBeGreaterThan(0)
      for (const { campaignId } of account.campaigns) expect(BigInt(campaignId)).toBeLessThan(2n ** 63n)
      for (let day = today - 30; day < today; day++)
        expect(truthAt(account, day, settledMs).length).toBeGreaterThanOrEqual(5)
    }
  })

  test('lists paused, removed and never delivering campaigns at any time of the year', () => {
    for (const account of makeWorld(3).accounts) {
      const statuses = new Set<string>()
      for (let day = today - 400; day < today; day += 10) {
        const listed = account.campaigns.map((one) => campaignState(one, day)).filter((one) => one.listed)
        expect(listed.length).toBeGreaterThanOrEqual(8)
        expect(listed.length).toBeLessThanOrEqual(14)
        for (const { status } of listed) statuses.add(status)
      }
      expect([...statuses].sort()).toEqual(['enabled', 'paused', 'removed'])
    }
  })

  test('gives a campaign-day the same figures alone, in any order and from another copy of the world', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: -300, max: 0 }),
        (a, c, back) => {
          const [one, other] = [makeWorld(11).accounts[a]!, makeWorld(11).accounts[a]!]
          const alone = noFigures()
          openReport(one, settledMs, unchanged, nowMs).add(alone, one.campaigns[c]!, today + back)
          const walked = noFigures()
          const report = openReport(other, settledMs, unchanged, nowMs)
          for (let day = today + back + 5; day > today + back; day--) report.add(noFigures(), other.campaigns[c]!, day)
          report.add(walked, other.campaigns[c]!, today + back)
          expect(walked).toEqual(alone)
        },
      ),
      { seed: 3, numRuns: 60 },
    )
  })

  test('has bulk accounts whose every campaign delivers on every day', () => {
    const [account] = makeWorld(1, { bulk: { accounts: 5, campaigns: 200 } }).accounts
    for (let day = today - 10; day < today; day++) expect(truthAt(account!, day, settledMs)).toHaveLength(200)
  })
})

describe('arrival', () => {
  test('shows nothing of a day before it begins, a part while it runs, and only adds conversions until it is settled', () => {
    const account = makeWorld(1).accounts[1]!
    const day = dayText(today - 1)
    const startMs = dayStartMs(day, account.zone)
    expect(truthAt(account, today - 1, startMs)).toEqual([])
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 31 * 24 * 4 }), fc.integer({ min: 0, max: 200 }), (quarters, more) => {
        const [early, late] = [quarters, quarters + more].map((n) =>
          arrivalAt(today - 1, account.zone, startMs + n * 900_000),
        )
        for (const power of [2, 3, 4])
          expect(convertedShare(late!, power)).toBeGreaterThanOrEqual(convertedShare(early!, power))
        expect(late!.delivered).toBeGreaterThanOrEqual(early!.delivered)
      }),
      { seed: 5, numRuns: 200 },
    )
  })

  test('ends: 28 days after its end a day answers its settled truth, and one instant before does not', () => {
    for (const account of makeWorld(1).accounts) {
      const day = today - 40
      const endMs = dayEndMs(dayText(day), account.zone)
      const late = endMs + 28 * 86_400_000
      expect(truthAt(account, day, late)).toEqual(truthAt(account, day, settledMs))
      expect(truthAt(account, day, endMs)).not.toEqual(truthAt(account, day, settledMs))
    }
  })

  test('divides a day of 23 hours and one of 25 by their own length', () => {
    const zone = makeWorld(1).accounts[1]!.zone
    for (const [text, hours] of [
      ['2026-03-08', 23],
      ['2026-11-01', 25],
    ] as const) {
      const startMs = dayStartMs(dayText(dayNumber(text)), zone)
      const half = arrivalAt(dayNumber(text), zone, startMs + (hours / 2) * 3_600_000)
      expect(half.elapsed).toBeCloseTo(0.5, 10)
    }
  })

  test('takes credits back from a cost of days ago, now and then more than the cost', () => {
    const account = makeWorld(1).accounts[0]!
    const rows = Array.from({ length: 200 }, (_, index) => truthAt(account, today - 60 - index, settledMs)).flat()
    expect(rows.filter(({ cost }) => cost.startsWith('-')).length).toBeGreaterThan(0)
    const meta = makeWorld(1).accounts[3]!
    const metaRows = Array.from({ length: 200 }, (_, index) => truthAt(meta, today - 60 - index, settledMs)).flat()
    expect(metaRows.filter(({ cost }) => cost.startsWith('-'))).toEqual([])
  })
})

describe('amounts', () => {
  test('are written without a rounding error', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e15, max: 1e15 }), fc.integer({ min: 0, max: 6 }), (units, digits) => {
        const text = unitsText(units, digits)
        expect(decimal(text)).toBe(fromUnits(BigInt(units), digits))
        expect(microsText(Math.trunc(units / 1e6), Math.min(digits, 2))).toBe(
          String(BigInt(Math.trunc(units / 1e6)) * 10n ** BigInt(6 - Math.min(digits, 2))),
        )
      }),
      { seed: 9, numRuns: 2000 },
    )
  })

  test('of won have no decimals and of Google conversions have', () => {
    const account = makeWorld(1).accounts[0]!
    const rows = truthAt(account, today - 40, settledMs)
    expect(rows.every(({ cost }) => !cost.includes('.'))).toBe(true)
    expect(rows.some(({ conversions }) => conversions.includes('.'))).toBe(true)
    const meta = truthAt(makeWorld(1).accounts[3]!, today - 40, settledMs)
    expect(meta.every(({ conversions }) => !conversions.includes('.'))).toBe(true)
  })
})
