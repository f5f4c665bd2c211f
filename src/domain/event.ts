import { z } from 'zod'

/** What can happen to an ad. The first three are counted; the others are kept in the log and in the lake. */
export const eventTypes = [
  'impression',
  'click',
  'conversion',
  'viewable',
  'video_start',
  'video_first_quartile',
  'video_midpoint',
  'video_third_quartile',
  'video_complete',
] as const

export type EventType = (typeof eventTypes)[number]

/** Invalid traffic, MRC's words: none, general (known robots), sophisticated (found by behaviour). Flagged, never dropped. */
export const ivtClasses = ['none', 'givt', 'sivt'] as const

/**
 * Kinds of fields.
 * `text`: from `min` (else 0) to `max` UTF-16 units. `choice`: one of the words. `instant`: a JSON number, milliseconds since 1970, or seconds
 * when below 10^11; fractions of a millisecond are cut. `money`: a JSON number or a decimal text in units of the currency, kept in
 * millionths, half away from zero. `count`: a whole JSON number. `object`: kept as it is, never looked into by the counters.
 */
export type EventField =
  | {
      readonly kind: 'text'
      readonly min?: number
      readonly max: number
      readonly required?: true
      readonly pattern?: string
    }
  | { readonly kind: 'choice'; readonly of: readonly string[]; readonly required?: true }
  | { readonly kind: 'instant'; readonly required?: true }
  | { readonly kind: 'money' }
  | { readonly kind: 'count'; readonly max: number }
  | { readonly kind: 'object' }

/**
 * Event schema `millrace/ad_event/1-0-0`, the one source of the zod schema, of the JSON Schema and of the compiled scanner.
 * Additive only: a later version may add optional fields and words to a choice, never remove, rename or narrow one.
 * Unknown fields are kept and not looked at. An optional field may be null, which means absent.
 */
export const eventFields = {
  event_id: { kind: 'text', min: 1, max: 64 },
  event_type: { kind: 'choice', of: eventTypes, required: true },
  platform: { kind: 'text', max: 32 },
  account_id: { kind: 'text', max: 64 },
  campaign_id: { kind: 'text', min: 1, max: 64, required: true },
  adgroup_id: { kind: 'text', max: 64 },
  ad_id: { kind: 'text', max: 64 },
  creative_id: { kind: 'text', max: 64 },
  placement: { kind: 'text', max: 256 },
  user_id: { kind: 'text', max: 128 },
  click_id: { kind: 'text', max: 256 },
  timestamp: { kind: 'instant', required: true },
  sent_at: { kind: 'instant' },
  received_at: { kind: 'instant' },
  device: { kind: 'text', max: 32 },
  geo: { kind: 'text', max: 16 },
  value: { kind: 'money' },
  currency: { kind: 'text', max: 3, pattern: '^[A-Z]{3}$' },
  cost_micros: { kind: 'count', max: 1_000_000_000_000 },
  consent: { kind: 'object' },
  ua: { kind: 'text', max: 512 },
  ip: { kind: 'text', max: 45 },
  source: { kind: 'text', max: 64 },
  schema: { kind: 'text', max: 64 },
  landing_url: { kind: 'text', max: 2048 },
  ivt: { kind: 'choice', of: ivtClasses },
  ivt_reason: { kind: 'text', max: 64 },
  write_key_id: { kind: 'text', max: 64 },
} as const satisfies Readonly<Record<string, EventField>>

export type EventFieldName = keyof typeof eventFields

/** Bounds of an instant: years 2000 to 2100, in seconds and in milliseconds; what lies between them is neither. */
export const instantBounds = {
  secondsMin: 946_684_800,
  secondsMax: 4_102_444_800,
  msMin: 946_684_800_000,
  msMax: 4_102_444_800_000,
} as const

/** A conversion's value at most, in units: its micros stay below 2^53 with room for a flush of them. */
export const valueMax = 1_000_000_000

/** An event's bytes at most; what is longer is refused unread. */
export const eventBytesMax = 32_768

const decimalText = /^\d{1,10}(?:\.\d{1,30})?$/

const instant = z
  .number()
  .min(instantBounds.secondsMin)
  .max(instantBounds.msMax)
  .refine((value) => value <= instantBounds.secondsMax || value >= instantBounds.msMin, 'neither seconds nor ms')

const money = z.union([
  z.number().min(0).max(valueMax),
  z
    .string()
    .regex(decimalText)
    .refine((text) => Number(text) <= valueMax, 'too large'),
])

const text = (field: { readonly min?: number; readonly max: number }) =>
  z
    .string()
    .min(field.min ?? 0)
    .max(field.max)
    // Postgres keeps no text with a NUL in it: one such event would stop its partition for ever.
    .regex(/^[^\0]*$/)

type SchemaOf = { readonly [Kind in EventField['kind']]: (field: Extract<EventField, { kind: Kind }>) => z.ZodType }

const schemaOf: SchemaOf = {
  text: (field) => (field.pattern ? text(field).regex(new RegExp(field.pattern)) : text(field)),
  choice: (field) => z.enum(field.of),
  instant: () => instant,
  money: () => money,
  count: (field) => z.number().int().min(0).max(field.max),
  object: () => z.record(z.string(), z.unknown()),
}

/** TypeScript cannot see that a field's kind picks the function of that very kind. */
const fieldSchema = (field: EventField): z.ZodType => (schemaOf[field.kind] as (field: EventField) => z.ZodType)(field)

const isRequired = (field: EventField): boolean => 'required' in field

function shapeOf(): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(eventFields).map(([name, field]) => {
      const schema = fieldSchema(field)
      return [name, isRequired(field) ? schema : schema.nullish()]
    }),
  )
}

/** What the zod schema reads. Numbers are JavaScript numbers here; exact money is taken from the text by `stream/read-event.ts`. */
export interface AdEvent {
  readonly event_id?: string | null
  readonly event_type: EventType
  readonly platform?: string | null
  readonly account_id?: string | null
  readonly campaign_id: string
  readonly timestamp: number
  readonly sent_at?: number | null
  readonly received_at?: number | null
  readonly value?: number | string | null
  readonly currency?: string | null
  readonly cost_micros?: number | null
  readonly source?: string | null
  readonly ivt?: (typeof ivtClasses)[number] | null
  readonly [field: string]: unknown
}

/** The schema as zod; unknown fields pass. */
export const adEvent = z.looseObject(shapeOf()) as unknown as z.ZodType<AdEvent>

const eventSchemaId = 'millrace/ad_event/1-0-0'

/** The schema as JSON Schema 2020-12, for producers in other languages and for `docs/guide/stream.md`. */
export function eventJsonSchema(): object {
  return { $id: eventSchemaId, title: 'Ad event', ...z.toJSONSchema(adEvent, { io: 'input' }) }
}
