import type { AdEvent, EventFieldName } from '../domain/event.ts'
import { adEvent, eventBytesMax, eventTypes } from '../domain/event.ts'
import { decimal } from '../domain/decimal.ts'
import type { Series } from './series.ts'

/** One event read the plain way: JSON.parse and zod. What the compiled scanner must agree with, and where it sends what it does not know. */
export interface ReadEvent {
  /** Index into `eventTypes`. */
  readonly type: number
  readonly ivt: boolean
  readonly timeMs: number
  /** 0 when the event does not say. */
  readonly receivedMs: number
  readonly id: string | null
  readonly source: string
  readonly series: Series
  readonly valueMicros: number
  readonly costMicros: number
}

export interface Refused {
  /** A `DeadLetter.reason`. */
  readonly reason: string
}

/** Fields whose number is taken from the text, digit for digit: a double has lost cents by the time JSON.parse is done. */
type NumberField = Extract<EventFieldName, 'timestamp' | 'sent_at' | 'received_at' | 'value'>
type NumberTexts = Partial<Record<NumberField, string>>

/** A JSON number below 10^11 is seconds, else milliseconds; smaller fractions are cut. */
export function instantMsOf(text: string): number {
  const [whole = '0', fraction = ''] = decimal(text).split('.')
  const value = Number(whole)
  return value >= 100_000_000_000 ? value : value * 1000 + Number(fraction.slice(0, 3).padEnd(3, '0'))
}

/** Units to whole micros, half away from zero; never negative here. */
export function microsOf(text: string): number {
  const [whole = '0', fraction = ''] = decimal(text).split('.')
  const up = fraction.charCodeAt(6) >= 53 ? 1 : 0
  return Number(whole) * 1_000_000 + Number(fraction.slice(0, 6).padEnd(6, '0')) + up
}

/** The time it happened: the device's clock is corrected by how far the collector saw it off (sent and received are the same moment). */
function correctedTimeMs(timeMs: number, sentMs: number, receivedMs: number): number {
  return sentMs > 0 && receivedMs > 0 ? receivedMs - (sentMs - timeMs) : timeMs
}

interface Parsed {
  readonly value: unknown
  readonly numbers: NumberTexts
}

type SourceReviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown

const parseWithSource = JSON.parse as unknown as (text: string, reviver: SourceReviver) => unknown

function parsed(text: string): Parsed {
  const found: { holder: unknown; key: string; source: string }[] = []
  const value = parseWithSource(text, function keep(key, inner, { source }) {
    if (typeof inner === 'number' && source !== undefined) found.push({ holder: this, key, source })
    return inner
  })
  const own = found.filter((one) => one.holder === value)
  return { value, numbers: Object.fromEntries(own.map((one) => [one.key, one.source])) }
}

function issueOf(error: {
  readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]
}): string {
  const [first] = error.issues
  const field = first?.path.join('.') ?? ''
  return field === '' ? 'not_an_object' : `${field}: ${first?.message ?? 'invalid'}`
}

function moneyText(event: AdEvent, numbers: NumberTexts): string | undefined {
  return typeof event.value === 'string' ? event.value : event.value == null ? undefined : numbers.value
}

function built(event: AdEvent, numbers: NumberTexts): ReadEvent {
  const instant = (field: 'timestamp' | 'sent_at' | 'received_at'): number =>
    event[field] == null ? 0 : instantMsOf(numbers[field] ?? '0')
  const receivedMs = instant('received_at')
  const value = moneyText(event, numbers)
  return {
    type: eventTypes.indexOf(event.event_type),
    ivt: (event.ivt ?? 'none') !== 'none',
    timeMs: correctedTimeMs(instant('timestamp'), instant('sent_at'), receivedMs),
    receivedMs,
    id: event.event_id ?? null,
    source: event.source ?? '',
    series: {
      // Half a surrogate pair has no UTF-8: the stores would make two such names one.
      platform: (event.platform ?? '').toWellFormed(),
      accountId: (event.account_id ?? '').toWellFormed(),
      campaignId: event.campaign_id.toWellFormed(),
      currency: event.currency ?? '',
    },
    valueMicros: value === undefined ? 0 : microsOf(value),
    costMicros: event.cost_micros ?? 0,
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Deeper than this is hostile: JSON.parse would recurse for it, and no field of the schema nests more than a handful of levels. */
const depthMax = 64

function isDeep(bytes: Uint8Array): boolean {
  let depth = 0
  let inText = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (inText && byte === 0x5c) at += 1
    else if (byte === 0x22) inText = !inText
    else if (inText) continue
    else if (byte === 0x5b || byte === 0x7b) depth += 1
    else if (byte === 0x5d || byte === 0x7d) depth -= 1
    if (depth > depthMax) return true
  }
  return false
}

/** Reads one record, or says why it cannot be read. Never throws for anything the record holds. */
export function readEvent(bytes: Uint8Array): ReadEvent | Refused {
  if (bytes.length > eventBytesMax) return { reason: 'too_long' }
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return { reason: 'not_utf8' }
  }
  if (isDeep(bytes)) return { reason: 'too_deep' }
  let json: Parsed
  try {
    json = parsed(text)
  } catch {
    return { reason: 'not_json' }
  }
  const checked = adEvent.safeParse(json.value)
  return checked.success ? built(checked.data, json.numbers) : { reason: issueOf(checked.error) }
}
