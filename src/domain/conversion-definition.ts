import { MillraceError } from './errors.ts'
import type { Platform } from './platform.ts'

/**
 * What counts as a conversion. `first_of`: the first listed action that a row has, so that overlapping counts of one purchase are
 * never added. `sum`: all listed actions, which must not contain one another.
 */
export interface ConversionDefinition {
  /** What is counted, for people: `purchase`, `lead`. */
  readonly goal: string
  readonly pick: 'first_of' | 'sum'
  readonly actionTypes: readonly string[]
  /** Attribution windows whose counts are added; `default` is the account's own and stands alone. */
  readonly windows: readonly string[]
}

/** Definitions by name. `seed_purchase` counts as the course chapter does: the action `purchase` and nothing else. */
export const definitionPresets = {
  purchase: {
    goal: 'purchase',
    pick: 'first_of',
    actionTypes: ['omni_purchase', 'offsite_conversion.fb_pixel_purchase', 'purchase'],
    windows: ['default'],
  },
  seed_purchase: { goal: 'purchase', pick: 'first_of', actionTypes: ['purchase'], windows: ['default'] },
  lead: {
    goal: 'lead',
    pick: 'first_of',
    actionTypes: ['lead', 'offsite_conversion.fb_pixel_lead', 'onsite_conversion.lead_grouped'],
    windows: ['default'],
  },
} as const satisfies Readonly<Record<string, ConversionDefinition>>

export type DefinitionPreset = keyof typeof definitionPresets

/** What is in force where nobody said anything; a platform that tells no actions has its own primary conversions and no definition. */
export const definitionDefaults: Readonly<Partial<Record<Platform, ConversionDefinition>>> = {
  meta_ads: definitionPresets.purchase,
}

/** Events that Meta counts in every channel; each has the names below. */
const metaEvents = [
  'purchase',
  'lead',
  'add_to_cart',
  'initiated_checkout',
  'initiate_checkout',
  'complete_registration',
  'view_content',
  'search',
  'add_payment_info',
  'add_to_wishlist',
  'level_achieved',
  'rate',
  'spend_credits',
  'tutorial_completion',
  'achievement_unlocked',
] as const

/** Names of one event by channel; channels do not overlap with one another. */
function channelsOf(event: string): readonly string[] {
  return [
    `offsite_conversion.fb_pixel_${event}`,
    `app_custom_event.fb_mobile_${event}`,
    `onsite_web_${event}`,
    `onsite_web_app_${event}`,
    `onsite_conversion.${event}`,
    `web_in_store_${event}`,
    `offline_conversion.${event}`,
  ]
}

/** Engagement contains its own parts. */
const engagement: Readonly<Record<string, readonly string[]>> = {
  page_engagement: [
    'post_engagement',
    'like',
    'link_click',
    'comment',
    'post_reaction',
    'post',
    'video_view',
    'photo_view',
  ],
  post_engagement: ['link_click', 'comment', 'post_reaction', 'post', 'video_view', 'photo_view'],
}

/**
 * Whether Meta counts something of `part` within `whole`. `omni_x` is x in all channels, `x` in those that it can tell apart; custom
 * conversions are rules over pixel events. (Meta, Insights API, action types.)
 */
function contains(whole: string, part: string): boolean {
  if (whole === part) return false
  for (const event of metaEvents) {
    const channels = channelsOf(event)
    if (whole === `omni_${event}` && (part === event || channels.includes(part))) return true
    if (whole === event && channels.includes(part)) return true
    if (whole === event && part === `${channels[4]}_grouped`) return true
  }
  const isCustom = (one: string) =>
    one.startsWith('offsite_conversion.custom.') || one === 'offsite_conversion.fb_pixel_custom'
  const isPixel = (one: string) => one.startsWith('offsite_conversion.')
  if (isCustom(part) && isPixel(whole)) return true
  return engagement[whole]?.includes(part) === true
}

/** Pairs of actions of which one contains the other, or that may be the same event; none may be added. */
export function overlapsOf(actionTypes: readonly string[]): readonly (readonly [string, string])[] {
  return actionTypes.flatMap((one, at) =>
    actionTypes
      .slice(at + 1)
      .filter((other) => contains(one, other) || contains(other, one))
      .map((other) => [one, other] as const),
  )
}

const windowShape = /^(default|\d+d_(click|view|ev))$/

/** Windows that contain one another: 7d_click is 1d_click and more. */
function windowsOverlap(windows: readonly string[]): boolean {
  const kinds = windows.map((one) => (one === 'default' ? 'default' : one.slice(one.indexOf('_') + 1)))
  return new Set(kinds).size < kinds.length || (kinds.includes('default') && kinds.length > 1)
}

/** Refuses what would count one conversion twice, or nothing. Throws DOMAIN_DEFINITION_INVALID, DOMAIN_DEFINITION_OVERLAP. */
export function checkDefinition(definition: ConversionDefinition): void {
  const { goal, pick, actionTypes, windows } = definition
  const invalid = (reason: string) => new MillraceError('DOMAIN_DEFINITION_INVALID', { goal, reason })
  if (actionTypes.length === 0) throw invalid('it names no action')
  if (new Set(actionTypes).size < actionTypes.length) throw invalid('it names an action twice')
  if (windows.length === 0) throw invalid('it names no attribution window')
  const strange = windows.find((one) => !windowShape.test(one))
  if (strange !== undefined) throw invalid(`"${strange}" is not an attribution window such as 7d_click or default`)
  if (windowsOverlap(windows)) throw invalid(`the windows ${windows.join(' and ')} contain one another`)
  const [first] = pick === 'sum' ? overlapsOf(actionTypes) : []
  if (first) throw new MillraceError('DOMAIN_DEFINITION_OVERLAP', { goal, one: first[0], other: first[1] })
}

/** Whether two definitions count the same. */
export function sameDefinition(a: ConversionDefinition | null, b: ConversionDefinition | null): boolean {
  const text = (one: ConversionDefinition | null) =>
    one && JSON.stringify([one.goal, one.pick, one.actionTypes, [...one.windows].sort()])
  return text(a) === text(b)
}
