import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EnvelopeScanner } from './json-stream.ts'
import type { FlatRows } from './row-template.ts'
import { RowReader } from './row-template.ts'

const flat: FlatRows = {
  paths: ['campaign.id', 'campaign.name', 'segments.date', 'metrics.cost', 'metrics.conversions'],
  fromCells: (cells) => [...cells],
}
const fault = (kind: string, detail: string) => new Error(`${kind}: ${detail}`)

/** The rows of an answer that is cut into chunks at the given bytes. */
function flatRows(answer: string, cuts: readonly number[] = []): readonly unknown[] {
  const bytes = new TextEncoder().encode(answer)
  const scanner = new EnvelopeScanner({ rowsKey: 'results', fault, flat })
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let from = 0
  const pieces = ends.flatMap((end) => {
    const found = scanner.push(bytes.slice(from, end))
    from = end
    return found
  })
  scanner.end()
  return pieces.flatMap((piece) => (piece.kind === 'rows' ? piece.rows : []))
}

/** The oracle: the row parsed as a whole, with every number as the text it was written as. */
function parsedRow(text: string): unknown {
  const value: unknown = JSON.parse(text, ((_key: string, member: unknown, { source }: { source?: string }) =>
    typeof member === 'number' ? source : member) as (this: unknown, key: string, value: unknown) => unknown)
  return new RowReader(flat).fromValue(value)
}

const scalar = fc.oneof(
  fc.constantFrom('null', 'true', 'false', '0', '-0.50', '1e+5', '9007199254740993', '"null"', '"true"', '""'),
  fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  fc.constantFrom('"\\u0031\\"2"', '"\\\\"', '"광고 💡"', '"]},{["'),
)
const anyValue = fc.oneof(
  { weight: 12, arbitrary: scalar },
  { weight: 1, arbitrary: fc.constantFrom('[]', '[1,{"a":"b"}]', '{}', '{"id":"7"}', '{"date":null}') },
)
const member = (name: string, value: fc.Arbitrary<string>) => value.map((text) => `"${name}":${text}`)
const objectOf = (...members: readonly fc.Arbitrary<string>[]) =>
  fc
    .tuple(fc.subarray(members.map((_, index) => index)), fc.tuple(...members), fc.constantFrom(',', ' , '))
    .map(([chosen, texts, comma]) => `{${chosen.map((index) => texts[index]).join(comma)}}`)
const campaign = objectOf(
  member('id', anyValue),
  member('name', anyValue),
  member('other', anyValue),
  member('id', scalar),
)
const rowText = objectOf(
  member('campaign', campaign),
  member('segments', objectOf(member('date', anyValue))),
  member('metrics', objectOf(member('cost', anyValue), member('conversions', anyValue))),
  member('campaign', anyValue),
  member('na\\u006de', scalar),
)

describe('a flat row', () => {
  test('is what JSON.parse makes of it, whatever rows come before it and wherever the answer is cut', () => {
    // Few forms and many rows of each, as in a real answer, so that most rows are read by the template of an earlier one.
    const rows = fc
      .array(rowText, { minLength: 1, maxLength: 6 })
      .chain((forms) => fc.array(fc.constantFrom(...forms), { maxLength: 30 }))
    fc.assert(
      fc.property(rows, fc.array(fc.nat(), { maxLength: 5 }), (texts, cuts) => {
        expect(flatRows(`[{"results":[${texts.join(',\n')}]}]`, cuts)).toEqual(texts.map(parsedRow))
      }),
      { seed: 11, numRuns: 400 },
    )
  })

  test('is what JSON.parse makes of it when it begins as the row before it and goes on otherwise', () => {
    const id = fc.constantFrom('1', '12', '123', '1.5', '"1"', '"12"', '"1\\u0032"', 'null', '"null"', 'true')
    const name = fc.constantFrom('"a"', '"ab"', '"a\\""', '"광"', '"광고"', '7', '77')
    const rows = fc
      .tuple(id, name, id, id)
      .map(
        ([one, two, three, four]) => `{"campaign":{"id":${one},"name":${two}},"metrics":{"cost":${three}},"x":${four}}`,
      )
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 40 }), fc.array(fc.nat(), { maxLength: 3 }), (texts, cuts) => {
        expect(flatRows(`[{"results":[${texts.join(',')}]}]`, cuts)).toEqual(texts.map(parsedRow))
      }),
      { seed: 12, numRuns: 400 },
    )
  })

  test('is read without JSON.parse when an earlier row had its form', () => {
    const row = (id: string) => new TextEncoder().encode(`{"campaign":{"id":"${id}","name":"광고 \\"A\\""},"x":1}`)
    const reader = new RowReader(flat)
    expect(reader.read(row('1'), 0)?.row).toEqual(['1', '광고 "A"', null, null, null])
    expect(reader.read(row('2'), 0)?.row).toEqual(['2', '광고 "A"', null, null, null])
    expect(reader.read(new TextEncoder().encode('{"campaign":{"id":["3"]}}'), 0)).toBeUndefined()
  })

  const good = '{"campaign":{"id":"1"},"x":true}'
  test.each([
    ['two rows without a comma', `{"results":[${good},${good} ${good}]}`],
    ['a comma too many', `{"results":[${good},,${good}]}`],
    ['a comma before the first row', `{"results":[,${good}]}`],
    ['a comma after the last row', `{"results":[${good},${good},]}`],
    ['letters between rows', `{"results":[${good},a${good}]}`],
    ['letters behind a row', `{"results":[${good}a,${good}]}`],
    ['a word that is none', `{"results":[${good},${good.replace('true', 'tru')}]}`],
    ['an escape that is none', `{"results":[${good},${good.replace('"1"', '"\\x"')}]}`],
    ['a control character in a string', `{"results":[${good},${good.replace('"1"', '"\n"')}]}`],
  ])('%s is refused as malformed, in one piece or cut anywhere', (_what, answer) => {
    for (let cut = 0; cut < answer.length; cut += 1) expect(() => flatRows(answer, [cut])).toThrow(/malformed/)
  })
})
