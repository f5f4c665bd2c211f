import fc from 'fast-check'
import { expect, test } from 'vitest'
import { identifier, joined, quoted, rendered, sql, trusted } from './fragment.ts'

test('values become parameters in the order they stand, wherever they are woven in', () => {
  const inner = sql`${identifier('currency')} <> ${'KRW'}`
  const whole = sql`select ${1} from ${trusted('"a stage"')} where ${joined([inner, sql`cost < ${'-1'}`], ' and ')} limit ${20}`
  expect(rendered(whole)).toEqual({
    text: 'select $1 from "a stage" where "currency" <> $2 and cost < $3 limit $4',
    values: [1, 'KRW', '-1', 20],
  })
})

test('lists and nulls are values too', () => {
  expect(rendered(sql`a = any(${['x', 'y']}) or b is not distinct from ${null}`)).toEqual({
    text: 'a = any($1) or b is not distinct from $2',
    values: [['x', 'y'], null],
  })
  expect(rendered(joined([], ' or ')).text).toBe('')
})

test('no value, whatever it holds, ever stands in the text', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: 'binary' }), (value) => {
      expect(rendered(sql`clicks > ${value}`)).toEqual({ text: 'clicks > $1', values: [value] })
    }),
    { seed: 1 },
  )
})

test('no name, whatever it holds, ends its own quotes', () => {
  const name = fc.string({ minLength: 1, maxLength: 15 }).filter((text) => !text.includes('\0'))
  fc.assert(
    fc.property(name, (text) => {
      const inside = quoted(text).slice(1, -1)
      expect(inside.replaceAll('""', '')).not.toContain('"')
      expect(inside.replaceAll('""', '"')).toBe(text)
    }),
    { seed: 2 },
  )
})

test.each(['', 'a\0b', '가'.repeat(22)])('the name %j is refused: the server would read another', (name) => {
  expect(() => quoted(name)).toThrow(/name/)
})
