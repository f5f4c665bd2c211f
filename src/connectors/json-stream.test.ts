import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Piece } from './json-stream.ts'
import { EnvelopeScanner } from './json-stream.ts'

const fault = (kind: string, detail: string) => new Error(`${kind}: ${detail}`)

/** Feeds the text in chunks that end at the given bytes. */
function scan(text: string, cuts: readonly number[] = [], batchBytes?: number): readonly Piece[] {
  const bytes = new TextEncoder().encode(text)
  const scanner = new EnvelopeScanner({ rowsKey: 'results', fault, ...(batchBytes !== undefined && { batchBytes }) })
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let from = 0
  const pieces = ends.flatMap((end) => {
    const found = scanner.push(bytes.subarray(from, end))
    from = end
    return found
  })
  scanner.end()
  return pieces
}

const rowsOf = (pieces: readonly Piece[]) => pieces.flatMap((piece) => (piece.kind === 'rows' ? piece.rows : []))
const envelopesOf = (pieces: readonly Piece[]) =>
  pieces.flatMap((piece) => (piece.kind === 'envelope' ? [piece.value] : []))

/** The oracle: JSON.parse, with every number as the text it was written as. */
const exact = (text: string): unknown =>
  JSON.parse(text, ((_key: string, value: unknown, { source }: { source?: string }) =>
    typeof value === 'number' ? source : value) as (this: unknown, key: string, value: unknown) => unknown)

const numberText = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
  fc.constantFrom(
    '-0',
    '0.10',
    '-2E-18',
    '1e+5',
    '9007199254740993',
    '120.000000',
    '0.1000000000000000055511151231257827',
  ),
)

/** JSON text with numbers in any notation, nested, with white space and every kind of string. */
const { value: jsonText } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(
      numberText,
      fc.constantFrom('true', 'false', 'null'),
      fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
      fc.constantFrom('"\\u0031\\"2"', '"{[,12"', '"\\\\"', '""', '"광고 💡"'),
    ),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[ ${items.join(' ,')}]`),
    fc
      .array(fc.tuple(fc.string(), tie('value')), { maxLength: 4 })
      .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(`k${key}`)}:\n${value}`).join(',')} }`),
  ),
}))

const envelopeText = fc
  .tuple(
    fc.option(fc.array(jsonText, { maxLength: 8 })),
    fc.array(fc.tuple(fc.string(), jsonText), { maxLength: 3 }),
    fc.nat(),
  )
  .map(([rows, members, position]) => {
    const parts = members.map(([key, value]) => `${JSON.stringify(`m${key}`)} : ${value}`)
    if (rows) parts.splice(position % (parts.length + 1), 0, `"results":[${rows.join(' , ')} ]`)
    return `{ ${parts.join(', ')} }`
  })

const answerText = fc.oneof(
  envelopeText,
  fc.array(envelopeText, { maxLength: 5 }).map((envelopes) => `[${envelopes.join(',\n')}\r\n]`),
)

describe('an answer cut into chunks anywhere', () => {
  test('gives the rows and envelopes that JSON.parse gives, with every number digit for digit', () => {
    fc.assert(
      fc.property(
        answerText,
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.constantFrom(1, 40, 100_000),
        (text, cuts, batchBytes) => {
          const pieces = scan(text, cuts, batchBytes)
          const wanted = [exact(text)].flat() as Record<string, unknown>[]
          expect(rowsOf(pieces)).toEqual(wanted.flatMap((one) => (one['results'] as unknown[] | undefined) ?? []))
          expect(envelopesOf(pieces)).toEqual(wanted.map((one) => ('results' in one ? { ...one, results: [] } : one)))
        },
      ),
      { seed: 20261122, numRuns: 3_000 },
    )
  })

  test('is refused as cut when its end is missing, wherever it is cut', () => {
    fc.assert(
      fc.property(answerText, fc.nat(), (text, at) => {
        const short = text.trimEnd()
        const cut = Buffer.from(short)
          .subarray(0, at % Buffer.byteLength(short))
          .toString('latin1')
        expect(() => scan(cut)).toThrow(/^cut: |^unreadable: /)
      }),
      { seed: 7, numRuns: 1_000 },
    )
  })
})

test('rows are handed out in batches before their envelope ends', () => {
  const rows = Array.from({ length: 100 }, (_, index) => `{"n":${index},"pad":"${'x'.repeat(50)}"}`)
  const pieces = scan(`[{"results":[${rows.join(',')}],"fieldMask":"n"}]`, [], 1_000)
  expect(pieces.length).toBeGreaterThan(6)
  expect(pieces.at(-1)).toEqual({ kind: 'envelope', value: { results: [], fieldMask: 'n' } })
})

test('a key named like the rows inside a row or another member is not taken for them', () => {
  const pieces = scan('{"a":{"results":[1]},"results":[{"results":[2]}],"b":["results",[3]]}')
  expect(rowsOf(pieces)).toEqual([{ results: ['2'] }])
  expect(envelopesOf(pieces)).toEqual([{ a: { results: ['1'] }, results: [], b: ['results', ['3']] }])
})

test('rows under a key written with escapes are not lost', () => {
  expect(rowsOf(scan('{"resu\\u006cts":[{"x":1}]}'))).toEqual([{ x: '1' }])
})

test.for([
  ['<html>502</html>', 'unreadable'],
  ['', 'cut'],
  ['[', 'cut'],
  ['[]x', 'unreadable'],
  ['{"results":[1}}', 'unreadable'],
  ['{"results":[tru]}', 'unreadable'],
  ['12', 'unreadable'],
  ['["a"]', 'unreadable'],
  ['[[1]]', 'unreadable'],
  ['{"a":1}}', 'unreadable'],
] as const)('%s is refused as %s', ([text, kind]) => {
  expect(() => scan(text)).toThrow(new RegExp(`^${kind}: `))
})

test('a byte order mark and white space around are let through', () => {
  expect(scan('\uFEFF [ ] \n')).toEqual([])
})
