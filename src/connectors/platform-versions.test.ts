import { describe, expect, test } from 'vitest'
import { adapters } from '../adapters.ts'
import { addDays, day } from '../domain/day.ts'
import { platforms } from '../domain/platform.ts'
import { nextVersions, platformVersions, versionStanding, versionsCheckedOn, warningDays } from './platform-versions.ts'

const google = platformVersions.google_ads ?? []
const sunset = day('2026-10-07')

describe('how a version stands', () => {
  test('is served, ending for ninety days, ended on the day itself', () => {
    const on = (offset: number) => versionStanding(google, 'v22', addDays(sunset, offset))
    expect(on(-91)).toEqual({ kind: 'served' })
    expect(on(-90)).toEqual({ kind: 'ending', sunset, daysLeft: 90, next: 'v23' })
    expect(on(-1)).toEqual({ kind: 'ending', sunset, daysLeft: 1, next: 'v23' })
    expect(on(0)).toEqual({ kind: 'ended', sunset, next: 'v23' })
    expect(warningDays).toBe(90)
  })

  test('without an announced end is served, in no table is unknown', () => {
    expect(versionStanding(google, 'v26', day('2026-11-27'))).toEqual({ kind: 'served' })
    expect(versionStanding(google, 'v99', day('2026-11-27'))).toEqual({ kind: 'unknown' })
  })

  test('what is fallen forward to is the nearest that is served', () => {
    expect(nextVersions(google, 'v19', day('2026-11-27'))).toEqual(['v23', 'v24', 'v25', 'v26'])
    expect(nextVersions(google, 'v20', day('2026-06-01'))[0]).toBe('v21')
    expect(nextVersions(google, 'v26', day('2026-11-27'))).toEqual([])
    expect(nextVersions(google, 'v99', day('2026-11-27'))).toEqual([])
  })
})

describe('the table', () => {
  test.each(Object.entries(platformVersions))(
    '%s: every version once, ends in the order of the versions',
    (_, versions) => {
      expect(new Set(versions.map(({ version }) => version)).size).toBe(versions.length)
      const ends = versions.flatMap(({ sunset: end }) => end ?? [])
      expect(ends).toEqual(ends.toSorted())
      // A version without an end comes after all that have one.
      expect(versions.slice(0, ends.length).every(({ sunset: end }) => end !== null)).toBe(true)
    },
  )

  test.each(platforms.filter((one) => Object.hasOwn(adapters.connector, one) && platformVersions[one]))(
    '%s: the version that a connection has by default was served for longer than the warning time when the table was checked',
    async (platform) => {
      const load = adapters.connector[platform as keyof typeof adapters.connector] as () => Promise<{
        adapter: { options: { shape: { apiVersion?: { parse(value: undefined): string } } } }
      }>
      const { apiVersion } = (await load()).adapter.options.shape
      const standing = versionStanding(
        platformVersions[platform] ?? [],
        apiVersion?.parse(undefined) ?? '',
        versionsCheckedOn,
      )
      expect(apiVersion === undefined ? { kind: 'served' } : standing).toEqual({ kind: 'served' })
    },
  )
})
