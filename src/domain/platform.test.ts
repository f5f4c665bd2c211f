import { describe, expect, test } from 'vitest'
import { platform, platforms } from './platform.ts'

describe('a platform', () => {
  test('is known by its own name, Meta also by its old one', () => {
    expect(platforms.map(platform)).toEqual(platforms)
    expect(platform('facebook_ads')).toBe('meta_ads')
  })

  test('an unknown one is answered with those that are known', () => {
    expect(() => platform('myspace_ads')).toThrow(/google_ads, meta_ads/)
  })
})
