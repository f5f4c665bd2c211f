import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import type { NamingRule } from '../domain/naming.ts'
import { compileRule, readName } from './naming.ts'

const rule = (pattern: string, enums: NamingRule['enums'] = {}, name = 'r'): NamingRule => ({
  name,
  platform: null,
  level: 'campaign',
  pattern,
  enums,
})
const countries = { country: ['KR', 'US'], objective: ['sales', 'leads'] }
const usual = rule('{country}_{objective}_{audience}_{yyyymm}', countries)
const read = (name: string, ...rules: readonly NamingRule[]) => readName(rules.map(compileRule), name)

test('a name is taken apart by its pattern', () => {
  expect(read('KR_sales_봄 신규_202605', usual)).toEqual({
    outcome: 'matched',
    rule: 'r',
    segments: { country: 'KR', objective: 'sales', audience: '봄 신규', yyyymm: '202605' },
  })
})

test('signs that mean something to an expression mean themselves', () => {
  const odd = rule('[{country}]-{what}|{rest*}', { country: ['K.R'] })
  expect(read('[K.R]-a b|c-d|e', odd)).toMatchObject({ segments: { country: 'K.R', what: 'a b', rest: 'c-d|e' } })
  expect(read('[KxR]-a|c', odd)).toMatchObject({ outcome: 'violation', segment: 'country' })
  expect(read('[K.R]-a-b|c', odd)).toMatchObject({ outcome: 'violation', segment: '"|"', found: '-b|c' })
})

test('the first rule that fits wins', () => {
  const loose = rule('{anything*}', {}, 'loose')
  expect(read('KR_sales_new_202605', loose, usual).rule).toBe('loose')
  expect(read('KR_sales_new_202605', usual, loose).rule).toBe('r')
})

describe('a name that no rule fits leaves the nearest one at a segment', () => {
  test.each([
    ['JP_sales_new_202605', 'country', 'JP_sales_new_202605'],
    ['KR_brand_new_202605', 'objective', 'brand_new_202605'],
    ['KR_sales_new_202613', 'yyyymm', '202613'],
    ['KR_sales_new', '"_"', ''],
    ['KR_sales__202605', 'audience', '_202605'],
    ['KR_sales_new_202605_x', 'end', '_x'],
    ['', 'country', ''],
  ])('%s', (name, segment, found) => {
    expect(read(name, usual)).toEqual({ outcome: 'violation', rule: 'r', segment, found })
  })

  test('the one that it follows furthest', () => {
    const other = rule('{brand}-{objective}', { brand: ['Acme'], objective: ['sales'] }, 'other')
    expect(read('Acme-leads', usual, other)).toMatchObject({ rule: 'other', segment: 'objective', found: 'leads' })
  })
})

describe('a pattern that matches two ways', () => {
  test('is told with both readings, and believed in neither', () => {
    expect(read('a_b_c', rule('{left*}_{right*}'))).toEqual({
      outcome: 'ambiguous',
      rule: 'r',
      readings: [
        { left: 'a_b', right: 'c' },
        { left: 'a', right: 'b_c' },
      ],
    })
    expect(read('a_b', rule('{left*}_{right*}')).outcome).toBe('matched')
  })

  test('by values of which one begins another', () => {
    const two = rule('{kind}{rest*}', { kind: ['A', 'AB'] })
    expect(read('ABC', two)).toMatchObject({ outcome: 'ambiguous' })
    expect(read('AC', two)).toMatchObject({ outcome: 'matched' })
  })

  /** All readings, found by trying every way to cut the name. */
  function readings(pieces: readonly (readonly string[] | null)[], signs: readonly string[], text: string): number {
    const [piece, ...rest] = pieces
    if (piece === undefined) return text === '' ? 1 : 0
    let count = 0
    for (let end = 1; end <= text.length; end += 1) {
      const part = text.slice(0, end)
      const sign = rest.length > 0 ? (signs[0] ?? '') : ''
      if ((piece === null || piece.includes(part)) && text.slice(end).startsWith(sign))
        count += readings(rest, signs.slice(1), text.slice(end + sign.length))
    }
    return count
  }

  test('exactly when there are two readings, for any text', () => {
    const kinds = ['a', 'ab', 'b', 'ba'] as const
    const property = fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', '_'), maxLength: 9 }),
      fc.subarray([...kinds], { minLength: 1 }),
      fc.constantFrom('_', ''),
      (text, values, sign) => {
        const pattern = rule(`{kind}${sign}{left*}_{right*}`, { kind: values })
        const count = readings([values, null, null], [sign, '_'], text)
        expect(read(text, pattern).outcome).toBe(count === 0 ? 'violation' : count === 1 ? 'matched' : 'ambiguous')
      },
    )
    fc.assert(property, { seed: 10, numRuns: 1_000 })
  })
})

describe('what is no rule', () => {
  test.each([
    [rule('campaign'), 'its pattern has no {segment}'],
    [rule('{a}_{a}'), 'it has the segment {a} twice'],
    [rule('{a}_{b}', { c: ['x'] }), 'it lists values of {c}, which its pattern does not have'],
    [rule('{a}_{b}', { a: [] }), '{a} has no values, or an empty one'],
    [rule('{a}{b}'), 'two segments without a list of values stand side by side, with no sign between them'],
    [rule('{a*}_{b*}_{c*}'), 'more than 2 segments have a star'],
    [rule('{A}_{b}'), 'a brace in its pattern belongs to no segment: a segment is {lower_case}, or {lower_case*}'],
  ])('%o', (given, reason) => {
    let refused: unknown
    try {
      compileRule(given)
    } catch (error) {
      refused = isMillraceError(error, 'UNIFY_NAMING_INVALID') && error.facts['reason']
    }
    expect(refused).toBe(reason)
  })
})

test('a hostile name is read in no time that grows with it', () => {
  const wide = rule('{a*}_{b*}_{yyyymm}')
  expect(read('_'.repeat(100_000), wide).outcome).toBe('violation')
})
