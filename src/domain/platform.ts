import { MillraceError } from './errors.ts'

/** The platforms by the names that they call themselves. The order is the order of screens and reports. */
export const platforms = [
  'google_ads',
  'meta_ads',
  'tiktok_ads',
  'linkedin_ads',
  'microsoft_ads',
  'naver_searchad',
  'kakao_moment',
] as const

export type Platform = (typeof platforms)[number]

/** Reads a platform's name; `facebook_ads`, the seed's word for Meta, is accepted. Throws DOMAIN_PLATFORM_UNKNOWN. */
export function platform(name: string): Platform {
  const wanted = name === 'facebook_ads' ? 'meta_ads' : name
  const found = platforms.find((one) => one === wanted)
  if (!found) throw new MillraceError('DOMAIN_PLATFORM_UNKNOWN', { name, known: platforms.join(', ') })
  return found
}

/** The entity levels that a fact can be about. */
export const levels = ['campaign', 'ad_group', 'ad', 'asset_group'] as const

export type Level = (typeof levels)[number]
