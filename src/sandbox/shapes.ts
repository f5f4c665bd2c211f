import type { Platform } from '../domain/platform.ts'
import { platforms } from '../domain/platform.ts'
import { googleShape } from './google-shape.ts'
import { kakaoShape } from './kakao-shape.ts'
import { linkedinShape } from './linkedin-shape.ts'
import { metaShape } from './meta-shape.ts'
import { microsoftShape } from './microsoft-shape.ts'
import { naverShape } from './naver-shape.ts'
import type { PlatformShape } from './platform-shape.ts'
import { tiktokShape } from './tiktok-shape.ts'

/**
 * The platforms that the sandbox plays. A new one is a line here, a line in fakes.ts, and its own files; everything else of the
 * sandbox, and the configuration's way to it, follows from its shape.
 */
export const shapes = {
  google_ads: googleShape,
  meta_ads: metaShape,
  tiktok_ads: tiktokShape,
  linkedin_ads: linkedinShape,
  microsoft_ads: microsoftShape,
  naver_searchad: naverShape,
  kakao_moment: kakaoShape,
} as const satisfies Partial<Record<Platform, PlatformShape>>

export type SandboxPlatform = keyof typeof shapes

type Shape = (typeof shapes)[SandboxPlatform]

export type Family = Shape['family']

/** A call by its platform and what it is for: `google.stream`. */
export type Route = {
  [P in SandboxPlatform]: `${(typeof shapes)[P]['family']}.${keyof (typeof shapes)[P]['routes'] & string}`
}[SandboxPlatform]

/** In the order in which platforms are told. */
export const sandboxPlatforms = platforms.filter((one): one is SandboxPlatform => Object.hasOwn(shapes, one))

export const shapeOf = (platform: SandboxPlatform): PlatformShape => shapes[platform]

export const families: readonly Family[] = sandboxPlatforms.map((platform) => shapes[platform].family)

export const routes: readonly Route[] = sandboxPlatforms.flatMap((platform) => {
  const { family, routes: patterns } = shapeOf(platform)
  return Object.keys(patterns).map((name) => `${family}.${name}` as Route)
})
