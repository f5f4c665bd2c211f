import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { catalogue } from '../domain/errors.ts'
import { errorsPage } from './errors-page.ts'

test('docs/errors.md is what the catalogue says; write it anew with: node src/cli/errors-page.ts --write', () => {
  expect(readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorsPage(catalogue))
})

test('a bar or a line break in a text does not break the table', () => {
  const text = { what: 'a|b', why: 'c\nd', fix: 'e' }
  const page = errorsPage({ X_Y: { exit: 'usage', retryable: true, facts: ['n'], en: text, ko: text } })
  expect(page.trimEnd().split('\n').at(-1)).toBe('| `X_Y` | a\\|b. c d | `n` | e | yes | 2 |')
})
