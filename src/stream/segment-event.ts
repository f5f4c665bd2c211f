/** A JSON object as it was parsed, of unknown fields. */
export type Json = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Names of events in Segment's words (Spec: Ecommerce, Advertising) and plain ones, lower case. */
const typeByName: Readonly<Record<string, string>> = {
  impression: 'impression',
  'ad impression': 'impression',
  'ad viewed': 'impression',
  'ad started': 'impression',
  click: 'click',
  'ad click': 'click',
  'ad clicked': 'click',
  'promotion clicked': 'click',
  conversion: 'conversion',
  purchase: 'conversion',
  'order completed': 'conversion',
}

const kept = [
  'platform',
  'account_id',
  'campaign_id',
  'adgroup_id',
  'ad_id',
  'creative_id',
  'placement',
  'click_id',
  'device',
  'geo',
  'currency',
  'cost_micros',
  'consent',
  'source',
  'landing_url',
  'ivt',
] as const

const camel = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** An instant as Segment writes it, ISO 8601, as milliseconds; a number stays one, anything else goes on as it is and is refused. */
function instantOf(value: unknown): unknown {
  if (typeof value !== 'string') return value
  const atMs = Date.parse(value)
  return Number.isNaN(atMs) ? value : atMs
}

const named = (object: Json, name: string): unknown => (Object.hasOwn(object, name) ? object[name] : undefined)
const within = (object: Json, name: string): Json => {
  const inner = named(object, name)
  return isObject(inner) ? inner : {}
}

/**
 * A message of Segment's HTTP API (track) as our event; `ignored` for the kinds that say nothing about an ad (identify, page, screen, group, alias).
 * Fields come from `properties`, in snake or camel case; the id from `messageId`. Nothing is checked here: the schema does that.
 */
export function eventOfSegment(message: Json, sentAt: unknown): Json | 'ignored' {
  const type = named(message, 'type') ?? 'track'
  if (type !== 'track') return 'ignored'
  const properties = within(message, 'properties')
  const context = within(message, 'context')
  const name = named(message, 'event')
  const eventType = named(properties, 'event_type') ?? typeByName[String(name).toLowerCase()] ?? name
  const fields = kept.map((field) => [field, named(properties, field) ?? named(properties, camel(field))] as const)
  const event: Record<string, unknown> = {
    ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)),
    event_id: named(message, 'messageId'),
    event_type: eventType,
    timestamp: instantOf(named(message, 'originalTimestamp') ?? named(message, 'timestamp')),
    sent_at: instantOf(named(message, 'sentAt') ?? sentAt),
    user_id: named(message, 'userId') ?? named(message, 'anonymousId'),
    value: named(properties, 'revenue') ?? named(properties, 'value'),
    ua: named(context, 'userAgent'),
    ip: named(context, 'ip'),
  }
  event['landing_url'] ??= named(within(context, 'page'), 'url')
  return event
}
