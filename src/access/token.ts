import { createHash, randomBytes } from 'node:crypto'

const secretBytes = 32

/** What is kept of a key or a session: enough to know it again, useless to whoever reads the database. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** 256 random bits as text that fits a header, a cookie and an address. */
export function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url')
}

/** `mr_<id>_<secret>`: found by its id, and found again in a leaked text by its beginning. */
export function newKey(): { readonly keyId: string; readonly key: string } {
  const keyId = randomBytes(8).toString('hex')
  return { keyId, key: `mr_${keyId}_${newSecret()}` }
}

/** The id inside a key; undefined when the text is none. */
export function keyIdOf(key: string): string | undefined {
  return /^mr_([0-9a-f]{16})_[\w-]{43}$/.exec(key)?.[1]
}
