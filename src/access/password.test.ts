import { expect, test } from 'vitest'
import { isMillraceError } from '../domain/errors.ts'
import { checkPassword } from './password.ts'

const reasonOf = (password: string) =>
  checkPassword(password, 'minji.kim').then(
    () => 'fine',
    (error: unknown) => (isMillraceError(error, 'ACCESS_PASSWORD_WEAK') ? error.facts['reason'] : error),
  )

test.each([
  ['motherfucker', 'common', 'a password of the public list'],
  ['1QAZ2wsx3edc', 'common', 'in whatever case'],
  ['basketball2026!', 'common', 'a word of the list with digits and signs behind it'],
  ['changemechangeme', 'common', 'a word of the list, said twice'],
  ['millrace12345', 'common', 'the name of the product'],
  ['qlalfqjsgh123', 'common', 'Korean on Latin keys'],
  ['sun4819#2076$5513', 'fine', 'a short word before many digits is no word of a list'],
  ['otters sort grey slates', 'fine', 'some words of one’s own'],
  ['minji.kim-2026', 'name', 'little more than the name'],
  ['short words', 'short', 'eleven signs'],
])('%s is %s: %s', async (password, reason) => {
  expect(await reasonOf(password)).toBe(reason)
})
