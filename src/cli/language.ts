import type { Language } from '../domain/errors.ts'

/** A text in every language that the program speaks. */
export type Said = Readonly<Record<Language, string>>

type Env = Readonly<Record<string, string | undefined>>

/** The flag, else `MILLRACE_LANG`, else what the system's locale says; English for any language that we do not speak. */
export function languageOf(flag: string | undefined, env: Env): Language {
  const wanted = flag ?? env['MILLRACE_LANG'] ?? (env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || 'en')
  return /^ko\b|^ko_/i.test(wanted) ? 'ko' : 'en'
}

/** The language before the arguments are parsed: help and mistakes in the arguments want one, too. */
export function languageOfArguments(argv: readonly string[], env: Env): Language {
  const at = argv.indexOf('--lang')
  const joined = argv.find((word) => word.startsWith('--lang='))?.slice('--lang='.length)
  return languageOf(joined ?? (at < 0 ? undefined : argv[at + 1]), env)
}
