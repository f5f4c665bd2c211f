import { seededRandom } from '../domain/clock.ts'
import type { WorldCampaign } from './campaign.ts'
import type { Figures } from './figures.ts'
import { mixTwo } from './hash.ts'
import { anyDigits } from './platform-shape.ts'

/** Which part of its campaign's figures is a group's or an ad's: from and until, 0 to 1. Parts of one campaign touch and do not overlap. */
export interface Share {
  readonly from: number
  readonly until: number
}

export interface WorldAd extends Share {
  /** Fourteen digits, the ad's own. */
  readonly adId: string
  /** At Google an ad may stand in two ad groups; then two ads of the world have one id there. */
  readonly sharedId: string
  readonly name: string
}

export interface WorldAdGroup extends Share {
  readonly groupId: string
  readonly name: string
  readonly ads: readonly WorldAd[]
}

const known = new WeakMap<WorldCampaign, readonly WorldAdGroup[]>()

/** One to three groups of one to three ads each, the same for a campaign on every machine. Asset groups of Performance Max are these, without their ads. */
export function adGroupsOf(campaign: WorldCampaign): readonly WorldAdGroup[] {
  const made = known.get(campaign) ?? makeGroups(campaign)
  known.set(campaign, made)
  return made
}

function makeGroups(campaign: WorldCampaign): readonly WorldAdGroup[] {
  const random = seededRandom(mixTwo(campaign.salt, 0x5eed))
  const counts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => 1 + Math.floor(random() * 3))
  const weights = counts.map((count) => Array.from({ length: count }, () => 0.2 + random()))
  const whole = weights.flat().reduce((sum, one) => sum + one, 0)
  const last = weights.flat().length
  let passed = 0
  let sum = 0
  /** The last part ends at 1 whatever the rounding: what is split is whole again. */
  const next = (weight: number): Share => {
    const from = sum / whole
    sum += weight
    passed += 1
    return { from, until: passed === last ? 1 : sum / whole }
  }
  const firstId = anyDigits(14, random)
  return weights.map((some, index): WorldAdGroup => {
    const ads = some.map((weight, at): WorldAd => {
      const adId = index === 0 && at === 0 ? firstId : anyDigits(14, random)
      const isShared = index === 1 && at === 0 && campaign.salt % 2 === 0
      return { ...next(weight), adId, sharedId: isShared ? firstId : adId, name: `${'ABC'[index]}${at + 1}` }
    })
    const name = ['핵심 키워드', 'Lookalike 1%', 'Remainder, "all"'][index]!
    return { groupId: anyDigits(14, random), name, ads, from: ads[0]!.from, until: ads.at(-1)!.until }
  })
}

const sums = [
  'impressions',
  'clicks',
  'linkClicks',
  'costCoins',
  'videoViews',
  'viewThroughConversions',
  'reach',
] as const

/**
 * Leaves a part of a campaign-day's figures. Parts are cut at their borders, so that the parts of a whole sum to it exactly and a
 * group's are its ads'; whole conversions stay whole, and value goes with them.
 */
export function takeShare(figures: Figures, { from, until }: Share, wholeConversions: boolean): void {
  const part = (total: number) => Math.floor(total * until) - Math.floor(total * from)
  for (const name of sums) figures[name] = part(figures[name])
  const unit = wholeConversions ? 1_000_000 : 1
  const conversions = figures.conversionMicros / unit
  const [before, after] = [Math.floor(conversions * from), Math.floor(conversions * until)]
  const valueAt = (count: number) => (conversions === 0 ? 0 : Math.floor((figures.valueCoins * count) / conversions))
  figures.valueCoins = valueAt(after) - valueAt(before)
  figures.conversionMicros = (after - before) * unit
}
