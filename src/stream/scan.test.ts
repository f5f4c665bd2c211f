import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { eventBytesMax, eventFields, eventJsonSchema, eventTypes } from '../domain/event.ts'
import { createColumns, hasId, invalidType, isIvt } from './columns.ts'
import { addToFingerprint, endFingerprint } from './fingerprint.ts'
import { InternedSeries } from './interned-series.ts'
import { instantMsOf, microsOf, readEvent } from './read-event.ts'
import { createScan, fingerprintOf } from './scan.ts'

const runs = process.env['MILLRACE_LONG'] ? 200_000 : 8_000

const bytesOf = (text: string) => new TextEncoder().encode(text)

/** What the scanner makes of one record. */
function scanned(line: Uint8Array, framed: boolean, behind: string) {
  const series = new InternedSeries()
  const columns = createColumns(4)
  // A record with a line feed inside is two records in a log of lines; only framed logs can hold it.
  const own = framed ? line : Uint8Array.from([...line, 10])
  // What lies behind the records in the same buffer is loaded with them, and must never be believed.
  const bytes = Uint8Array.from([...own, ...bytesOf(behind)]).subarray(0, own.length)
  const end = createScan(series)(bytes, 0, bytes.length, framed ? Int32Array.of(line.length) : null, 0, columns)
  const type = columns.type[0]
  if (type === invalidType) return { end, event: 'invalid' as const }
  const flags = columns.flags[0] ?? 0
  return {
    end,
    event: {
      type,
      ivt: (flags & isIvt) !== 0,
      timeMs: columns.timeMs[0],
      receivedMs: columns.receivedMs[0],
      valueMicros: columns.valueMicros[0],
      costMicros: columns.costMicros[0],
      print: (flags & hasId) === 0 ? null : [columns.low[0], columns.high[0]],
      series: series.all[columns.series[0] ?? 0],
    },
  }
}

/** What JSON.parse and zod make of it. */
function plainly(line: Uint8Array) {
  const event = readEvent(line)
  if ('reason' in event) return 'invalid' as const
  const print = event.id === null ? null : fingerprintOf(event.id, event.source)
  const platform = event.series.platform === 'facebook_ads' ? 'meta_ads' : event.series.platform
  return {
    type: event.type,
    ivt: event.ivt,
    timeMs: event.timeMs,
    receivedMs: event.receivedMs,
    valueMicros: event.valueMicros,
    costMicros: event.costMicros,
    print: print && [print.low, print.high],
    series: { ...event.series, platform },
  }
}

const someText = fc.oneof(
  fc.string({ unit: 'grapheme-ascii', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 70 }),
  fc.constantFrom(
    '',
    'KR',
    'camp_001',
    'a"b\\c',
    'x\0y',
    '\ud800',
    '\n',
    'USD',
    'usd',
    'US',
    'impression',
    'x'.repeat(64),
    'x'.repeat(65),
  ),
)

const numberText = fc.oneof(
  fc.double().map((value) => JSON.stringify(Number.isFinite(value) ? value : 0)),
  fc.integer({ min: 946_684_000_000, max: 4_102_444_900_000 }).map(String),
  fc.tuple(fc.integer({ min: 946_684_000, max: 4_102_444_900 }), fc.nat(9_999_999_999)).map(([a, b]) => `${a}.${b}`),
  fc
    .tuple(fc.nat(60_000), fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), maxLength: 12 }))
    .map(([a, b]) => (b ? `${a}.${b}` : `${a}`)),
  fc.constantFrom(
    '0',
    '-0',
    '-1',
    '1e3',
    '1.5E+2',
    '01',
    '1.',
    '.5',
    '1e400',
    '999999999.9999999',
    '1000000000',
    '1000000000.0000004',
    '0.0000005',
    '0.00000049999',
    '1767225600',
    '1767225600.123999',
    '1767225600123.9',
    '1000000000000',
    '1000000000001',
    '12.0',
    '123456789012345678',
    '9007199254740993',
  ),
)

const anyValue = fc.oneof(
  { weight: 6, arbitrary: someText.map((text) => JSON.stringify(text)) },
  { weight: 6, arbitrary: numberText },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'null',
      'true',
      'false',
      '{}',
      '[]',
      '{"a":[1]}',
      '"\\u0061"',
      '"\\uD83D\\uDE00"',
      'NaN',
      '"1.50"',
      '"1767225600"',
    ),
  },
)

const rightValues = new Map<string, fc.Arbitrary<string>>(
  Object.entries({
    event_type: fc.constantFrom(...eventTypes.map((type) => `"${type}"`)),
    timestamp: fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }).map(String),
    event_id: fc.uuid().map((id) => `"${id}"`),
    campaign_id: fc.nat(99).map((n) => `"camp_${n}"`),
    platform: fc.constantFrom('"google_ads"', '"facebook_ads"', '"meta_ads"'),
    currency: fc.constantFrom('"KRW"', '"USD"'),
    ivt: fc.constantFrom('"none"', '"givt"', '"sivt"'),
    value: fc.tuple(fc.nat(60_000), fc.nat(999_999_999)).map(([a, b]) => `${a}.${b}`),
    sent_at: fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }).map(String),
    received_at: fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }).map(String),
    consent: fc.constantFrom('{}', '{"tcf":"x","gpc":true}'),
    cost_micros: fc.nat(1_000_000).map(String),
  }),
)

const plainText = fc
  .string({ unit: fc.constantFrom(...'abXY_- 019'.split('')), maxLength: 16 })
  .map((text) => JSON.stringify(text))

const names = [...Object.keys(eventFields), 'unknown', 'Timestamp', 'event_idx', '__proto__']

const entry = fc
  .constantFrom(...names)
  .chain((name) =>
    fc
      .oneof({ weight: 15, arbitrary: rightValues.get(name) ?? plainText }, { weight: 1, arbitrary: anyValue })
      .map((value): readonly [string, string] => [name, value]),
  )

/** Without anything behind it a record is too near the end of its buffer and read the plain way. */
const behinds = [
  '',
  ...['"}', '}\n', '\n', '1}\n', '":1}\n', 'ession"}\n'].map((text) => text.padEnd(80, '{"event_type":"click"}\n')),
]

const space = fc.constantFrom('', '', '', '', ' ', '  ', '\t')

/** An object that is mostly right: the required fields in any order, others between, sometimes something broken. */
const record = fc
  .record({
    required: fc.tuple(
      ...(['event_type', 'campaign_id', 'timestamp'] as const).map((name) =>
        fc
          .oneof({ weight: 20, arbitrary: rightValues.get(name) ?? anyValue }, { weight: 1, arbitrary: anyValue })
          .map((value): readonly [string, string] => [name, value]),
      ),
    ),
    others: fc.array(entry, { maxLength: 6 }),
    order: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
    colon: space,
    comma: space,
    drop: fc.nat(30),
  })
  .map(({ required, others, order, colon, comma, drop }) => {
    const kept = [...required, ...others].filter((_, index) => index !== drop)
    const sorted = kept.map((one, index) => [order[index] ?? 0, one] as const).sort(([a], [b]) => a - b)
    return `{${sorted.map(([, [name, value]]) => `${JSON.stringify(name)}:${colon}${value}`).join(`,${comma}`)}}`
  })

/** Bytes changed, cut or doubled somewhere. */
const broken = fc
  .tuple(record, fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'twice', 'none', 'none', 'none'))
  .map(([text, at, byte, how]) => {
    const bytes = bytesOf(text)
    const place = at % Math.max(1, bytes.length)
    if (how === 'set') bytes[place] = byte
    if (how === 'cut') return bytes.slice(0, place)
    return how === 'twice' ? Uint8Array.from([...bytes, ...bytes.slice(place)]) : bytes
  })

describe('the compiled scanner', () => {
  test('says of every record what JSON.parse and zod say of it', () => {
    let valid = 0
    fc.assert(
      fc.property(broken, fc.boolean(), fc.constantFrom(...behinds), (line, framed, behind) => {
        fc.pre(framed || !line.includes(10))
        const { event, end } = scanned(line, framed, behind)
        if (event !== 'invalid') valid += 1
        expect(event).toEqual(plainly(line))
        expect(end).toBe(framed ? line.length : line.length + 1)
      }),
      { seed: 5, numRuns: runs },
    )
    // Else the property would say little: most of what is tried has to be right.
    expect(valid).toBeGreaterThan(runs / 4)
  })

  test('finds every record of a segment, whatever lies between them', () => {
    const good = '{"event_type":"click","campaign_id":"c","timestamp":1767225600000}'
    const lines = [good, 'not json', '', good, '{"a":', `{"x":"${'y'.repeat(eventBytesMax)}"}`, good]
    const bytes = bytesOf(`${lines.join('\n')}\n`)
    const columns = createColumns(100)
    expect(createScan(new InternedSeries())(bytes, 0, bytes.length, null, 0, columns)).toBe(bytes.length)
    expect(columns.rows).toBe(lines.length)
    expect([...columns.type.subarray(0, 7)].map((type) => type === 1)).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
      true,
    ])
    const decoder = new TextDecoder()
    for (const [row, line] of lines.entries())
      expect(decoder.decode(bytes.subarray(columns.start[row], columns.end[row]))).toBe(line)
  })

  test('stops when the columns are full and goes on from there', () => {
    const bytes = bytesOf('{"event_type":"click","campaign_id":"c","timestamp":1767225600000}\n'.repeat(10))
    const columns = createColumns(4)
    const scan = createScan(new InternedSeries())
    const rows: number[] = []
    for (let at = 0; at < bytes.length;) {
      at = scan(bytes, at, bytes.length, null, 0, columns)
      rows.push(columns.rows)
    }
    expect(rows).toEqual([4, 4, 2])
  })
})

describe('reading an event', () => {
  const readReason = (text: string | Uint8Array) => {
    const read = readEvent(typeof text === 'string' ? bytesOf(text) : text)
    return 'reason' in read ? read.reason : 'accepted'
  }
  const event = (more: string) => `{"event_type":"conversion","campaign_id":"c","timestamp":1767225600${more}}`

  test.for([
    ['null', 'not_an_object'],
    ['[]', 'not_an_object'],
    ['{', 'not_json'],
    ['', 'not_json'],
    [event(',"value":NaN'), 'not_json'],
    [event(',"value":-1'), /^value: /],
    [event(',"value":"1e3"'), /^value: /],
    [event(',"currency":"usd"'), /^currency: /],
    [event(',"cost_micros":1.5'), /^cost_micros: /],
    ['{"event_type":"buy","campaign_id":"c","timestamp":1767225600}', /^event_type: /],
    ['{"event_type":"click","campaign_id":"c\\u0000","timestamp":1767225600}', /^campaign_id: /],
    ['{"event_type":"click","campaign_id":"","timestamp":1767225600}', /^campaign_id: /],
    ['{"event_type":"click","campaign_id":7,"timestamp":1767225600}', /^campaign_id: /],
    ['{"event_type":"click","campaign_id":"c","timestamp":"1767225600"}', /^timestamp: /],
    ['{"event_type":"click","campaign_id":"c","timestamp":17672256000}', /^timestamp: /],
    [event(`,"x":${'['.repeat(5000)}${']'.repeat(5000)}`), 'too_deep'],
    [event(`,"placement":"${'['.repeat(200)}"`), 'accepted'],
    [event(`,"x":"${'y'.repeat(eventBytesMax)}"`), 'too_long'],
    [event(',"value":null,"unknown":{"a":[1]},"consent":{"tcf":"x"}'), 'accepted'],
  ] as const)('case %#', ([text, reason]) => expect(readReason(text)).toMatch(reason))

  test('bytes that are no UTF-8 are refused', () =>
    expect(readReason(Uint8Array.of(0x7b, 0xff, 0x7d))).toBe('not_utf8'))

  test('money and time are read digit for digit', () => {
    expect(microsOf('23456.78912345678')).toBe(23_456_789_123)
    expect(microsOf('0.0000005')).toBe(1)
    expect(microsOf('0.00000049')).toBe(0)
    expect(microsOf('1e3')).toBe(1_000_000_000)
    expect(microsOf('8.115')).toBe(8_115_000)
    expect(instantMsOf('1767225600.9999')).toBe(1_767_225_600_999)
    expect(instantMsOf('1767225600123.9')).toBe(1_767_225_600_123)
  })

  test('the device’s clock is corrected by how far the collector saw it off', () => {
    const read = readEvent(bytesOf(event(',"sent_at":1767225610,"received_at":1767229210000')))
    expect(read).toMatchObject({ timeMs: 1_767_229_200_000 })
  })

  test('the JSON Schema has every field, the required ones required, and lets others pass', () => {
    const schema = eventJsonSchema() as { properties: object; required: string[]; additionalProperties: unknown }
    expect(Object.keys(schema.properties)).toEqual(Object.keys(eventFields))
    expect(schema.required).toEqual(['event_type', 'campaign_id', 'timestamp'])
    expect(schema.additionalProperties).toEqual({})
  })
})

test('structured ids share no fingerprint, and either half alone is as good as chance', () => {
  const count = 200_000
  const halves = [new Set<number>(), new Set<number>()] as const
  const whole = new Set<string>()
  for (let index = 0; index < count; index += 1) {
    const bytes = bytesOf(`019b76da-a800-7000-8000-${index.toString(16).padStart(12, '0')}`)
    const print = { low: 0, high: 0 }
    addToFingerprint(bytes, 0, bytes.length, print)
    endFingerprint(print, bytes.length)
    halves[0].add(print.low)
    halves[1].add(print.high)
    whole.add(`${print.low} ${print.high}`)
  }
  expect(whole.size).toBe(count)
  // By chance n²/2^33, here about 4.7 pairs share 32 bits.
  for (const half of halves) expect(count - half.size).toBeLessThan(25)
})
