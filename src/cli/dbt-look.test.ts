import { expect, test } from 'vitest'
import { ignoredOf } from './dbt-look.ts'

test.each([
  [['--select', 'a'], [], ['--select', 'a']],
  [
    ['--ignore-columns', 'x', 'y', '--select', 'a'],
    ['x', 'y'],
    ['--select', 'a'],
  ],
  [
    ['--ignore-columns', 'x,y', '--vars', '{}'],
    ['x', 'y'],
    ['--vars', '{}'],
  ],
  [
    ['--ignore-columns', 'x', '--select', 'a', '--ignore-columns', 'y'],
    ['x', 'y'],
    ['--select', 'a'],
  ],
])('columns that a comparison leaves out: %j', (args, ignored, rest) => {
  expect(ignoredOf(args)).toEqual({ ignored, rest })
})
