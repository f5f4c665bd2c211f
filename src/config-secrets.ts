/** Names of options whose value is a secret even when it was written down plainly. */
const secretName = /secret|token|passw|credential|private|accesskey|apikey|dsn|^key$/i

const mask = '••••'

/** Learns what must never be shown. The configuration hands over every secret it reads, before anything else is done with it. */
export interface SecretKeeper {
  add(value: string): void
}

export function isSecretName(name: string): boolean {
  return secretName.test(name.replaceAll(/[_-]/g, ''))
}

/** The password of a URL such as postgres://user:password@host/db, as it is written there; undefined when there is none. */
export function passwordOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  return new URL(text).password || undefined
}

/** The value as `config print` shows it: a password inside a URL is covered, a secret altogether. */
export function masked(name: string, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (isSecretName(name)) return mask
  const password = passwordOf(value)
  return password === undefined ? value : value.replace(/(:\/\/[^:@/]*:)[^@]*@/, `$1${mask}@`)
}
