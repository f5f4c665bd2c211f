/** Takes secrets out of whatever may reach a person: messages of platforms, causes, logs. */
export interface Redactor {
  text(value: string): string
  /** The same for every string inside a parsed JSON value. */
  deep(value: unknown): unknown
  /** The error itself when it holds no secret, otherwise one with the same name and a cleaned message. */
  cause(error: unknown): unknown
  /** Secrets that appear later, such as a freshly issued access token. */
  add(secret: string): void
}

/** Shorter texts would blank out ordinary words; no platform issues secrets that short. */
const secretLengthMin = 6

/**
 * Redacts by value, because platforms repeat tokens in their messages ("Malformed access token EAAB…"), and by form for
 * bearer tokens and `access_token=` in addresses, because a secret that this connection never knew may pass by as well.
 */
export function redactor(secrets: readonly (string | undefined)[]): Redactor {
  const known = new Set<string>()
  const add = (secret: string) => {
    if (secret.length < secretLengthMin) return
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) known.add(form)
  }
  for (const secret of secrets) if (secret !== undefined) add(secret)
  const text = (value: string): string => {
    let clean = value
    for (const secret of known) clean = clean.replaceAll(secret, '***')
    return clean.replaceAll(/(access_token=|Bearer\s+)[^\s&"']+/gi, '$1***')
  }
  const deep = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return value.map(deep)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [text(key), deep(member)]))
  }
  const cause = (error: unknown): unknown => {
    if (!(error instanceof Error)) return typeof error === 'string' ? text(error) : error
    const inner = error.cause === undefined ? undefined : cause(error.cause)
    const message = text(error.message)
    if (message === error.message && inner === error.cause && text(error.stack ?? '') === (error.stack ?? ''))
      return error
    const clean = new Error(message, inner === undefined ? {} : { cause: inner })
    clean.name = error.name
    return clean
  }
  return { text, deep, cause, add }
}
