/** What the public list does not know: this product's own words, and Korean ones typed on Latin keys. */
const ownWords: readonly string[] = [
  'millrace',
  'postgres',
  'correcthorsebatterystaple',
  'dlfwjsdlfwjs',
  'qlalfqjsgh',
  'rkskekfkak',
]

let known: Promise<ReadonlySet<string>> | undefined

/** Some fifty thousand passwords that people were found to use, as the zxcvbn estimators count them; read when the first is asked for. */
async function commonWords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  return new Set([...dictionary['passwords-common'], ...ownWords])
}

/**
 * Whether lists of guesses have it: as it is, one of their words said twice or more, or one with digits and signs behind it that are no
 * longer than the word itself. `password` in lower case.
 */
export async function isCommonPassword(password: string): Promise<boolean> {
  const words = await (known ??= commonWords())
  const stem = password.replace(/[\W\d_]+$/u, '')
  return [password, ...(stem.length * 2 >= password.length ? [stem] : [])].some(
    (one) => words.has(one) || words.has(/^(.+?)\1+$/u.exec(one)?.[1] ?? one),
  )
}
