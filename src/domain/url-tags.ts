import type { Platform } from './platform.ts'

/** What an entity says about the addresses that its ads lead to, as the platform has it. */
export interface UrlFields {
  /** Google, Microsoft: an address with `{lpurl}` for the landing page. */
  readonly trackingTemplate: string | null
  /** Google, Microsoft: parameters that are added to every landing page. */
  readonly finalUrlSuffix: string | null
  /** Meta: parameters that are added to every link of a creative. */
  readonly urlTags: string | null
}

/**
 * Platforms whose campaigns tell no address, with why: their clicks are not judged, which is said wherever the others' are, so that
 * an empty cell is not taken for a fault of the campaign.
 */
export const addressesUntold: Readonly<Partial<Record<Platform, { readonly en: string; readonly ko: string }>>> = {
  linkedin_ads: {
    en: 'not judged: campaign groups have no address; it is in the post behind each creative, two calls each',
    ko: '판정 안 함: 캠페인 그룹에는 주소가 없고, 소재마다 게시물까지 두 번 호출해야 알 수 있음',
  },
  kakao_moment: {
    en: 'not judged: campaigns have no address; it is told of one creative at a time, a call each',
    ko: '판정 안 함: 캠페인에는 주소가 없고, 소재 하나마다 한 번 호출해야 알 수 있음',
  },
}

/**
 * Pure: of the addresses of a campaign's ads the one that stands for all: the emptiest, then the first by alphabet. A campaign leads
 * back as far as its worst ad does, and looking twice says the same. Undefined without ads, of which nothing is known.
 */
export function worstAddress(ofAds: readonly string[]): string | undefined {
  const parametersOfAd = (text: string) => (text.includes('?') ? text.slice(text.indexOf('?')) : '')
  const isAddress = ofAds.some((text) => text.includes('://'))
  const weight = (text: string) => (isAddress ? parametersOfAd(text) : text)
  return ofAds.toSorted((a, b) => (weight(a) === weight(b) ? (a < b ? -1 : 1) : weight(a) < weight(b) ? -1 : 1))[0]
}

/** What the landing page is told of a click. */
export interface UtmReading {
  /** `utm_source`, `utm_campaign`, …, with what is known of the entity filled in. */
  readonly parameters: Readonly<Record<string, string>>
  /** Placeholders that only the click fills in: the keyword, the device, the placement. */
  readonly atClick: readonly string[]
  /** Placeholders that no platform knows: a slip of the pen, which the landing page would get as it stands. */
  readonly unknown: readonly string[]
  /** There is a source, and the campaign's id or its present name is among the values: a click finds its way back. */
  readonly isResolved: boolean
}

interface Known {
  readonly campaignId: string
  readonly campaignName: string
}

interface Macros {
  readonly shape: RegExp
  readonly known: Readonly<Record<string, (entity: Known) => string>>
  readonly atClick: ReadonlySet<string>
}

const valueTrack: Macros = {
  shape: /\{([A-Za-z_][\w+:]*)\}/g,
  known: { campaignid: ({ campaignId }) => campaignId, lpurl: () => '' },
  atClick: new Set(
    'adgroupid creative keyword matchtype network device devicemodel placement target targetid loc_physical_ms loc_interest_ms feeditemid gclid gbraid wbraid random adtype merchant_id product_id product_partition_id querystring adid orderitemid msclkid'.split(
      ' ',
    ),
  ),
}

/** Placeholders by platform: Google's ValueTrack, which Microsoft takes too, Meta's dynamic parameters, TikTok's and LinkedIn's. */
const macros: Readonly<Partial<Record<Platform, Macros>>> = {
  google_ads: valueTrack,
  microsoft_ads: valueTrack,
  meta_ads: {
    shape: /\{\{([a-z_.]+)\}\}/g,
    known: { 'campaign.id': ({ campaignId }) => campaignId, 'campaign.name': ({ campaignName }) => campaignName },
    atClick: new Set(['adset.id', 'adset.name', 'ad.id', 'ad.name', 'placement', 'site_source_name']),
  },
  tiktok_ads: {
    shape: /__([A-Z_]+)__/g,
    known: { CAMPAIGN_ID: ({ campaignId }) => campaignId, CAMPAIGN_NAME: ({ campaignName }) => campaignName },
    atClick: new Set(['AID', 'AID_NAME', 'CID', 'CID_NAME', 'PLACEMENT', 'CLICKID']),
  },
  linkedin_ads: {
    shape: /\{\{([A-Z_]+)\}\}/g,
    known: { CAMPAIGN_ID: ({ campaignId }) => campaignId, CAMPAIGN_NAME: ({ campaignName }) => campaignName },
    atClick: new Set(['CREATIVE_ID', 'ACCOUNT_ID', 'ACCOUNT_NAME', 'CAMPAIGN_GROUP_ID', 'CAMPAIGN_GROUP_NAME']),
  },
}

/** The parameters of a text that is an address, a template with `{lpurl}`, or parameters alone. */
function parametersOf(text: string): readonly (readonly [string, string])[] {
  const query = text.includes('?') ? text.slice(text.indexOf('?') + 1) : /^[^=&]*:\/\/|^\{/.test(text) ? '' : text
  return query
    .split('#')[0]!
    .replace(/^[?&]/, '')
    .split('&')
    .filter((pair) => pair.includes('='))
    .map((pair) => [pair.slice(0, pair.indexOf('=')), decoded(pair.slice(pair.indexOf('=') + 1))] as const)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    // A stray percent sign is what the landing page gets, too.
    return text
  }
}

/**
 * Reads the UTM parameters of an entity's address fields, with macros expanded as far as the entity is known; later fields win, as the
 * platforms add them: template, then suffix, then tags. Null when there is nothing to read. Pure.
 */
export function readUtm(platform: Platform, fields: UrlFields | null | undefined, entity: Known): UtmReading | null {
  if (!fields) return null
  const texts = [fields.trackingTemplate, fields.finalUrlSuffix, fields.urlTags].filter((one) => one !== null)
  const { shape, known, atClick } = macros[platform] ?? { shape: /(?!)/g, known: {}, atClick: new Set<string>() }
  const later = new Set<string>()
  const unknown = new Set<string>()
  const expanded = (text: string) =>
    text.replaceAll(shape, (whole, name: string) => {
      const plain = platform === 'microsoft_ads' ? name.toLowerCase() : name
      const value = known[plain]
      if (value) return value(entity)
      // `{ifmobile:…}` and an advertiser's own `{_name}` are filled in at the click.
      const isLater = atClick.has(plain) || plain.startsWith('_') || plain.includes(':')
      if (isLater) later.add(plain)
      else unknown.add(plain)
      return whole
    })
  const parameters: Record<string, string> = {}
  for (const text of texts)
    for (const [name, value] of parametersOf(text))
      if (name.startsWith('utm_') && value !== '') parameters[name] = expanded(value)
  const names = new Set([entity.campaignId, entity.campaignName])
  const isResolved =
    parameters['utm_source'] !== undefined &&
    [parameters['utm_campaign'], parameters['utm_id']].some((value) => value !== undefined && names.has(value))
  return { parameters, atClick: [...later], unknown: [...unknown], isResolved }
}
