import { MillraceError } from '../domain/errors.ts'

const segment = /^[A-Za-z0-9_=-][A-Za-z0-9._=-]*$/

/** S3 allows 1,024 bytes, and file systems 255 a segment; both less what a temporary name adds. */
const keyCharactersMax = 900
const segmentCharactersMax = 200

/**
 * Checks a key: segments of [A-Za-z0-9._=-] that do not begin with a point. So no key leaves the lake (`..`), none is hidden from
 * a listing, and none needs escaping in a URL, in SQL or in a file name. Throws LAKE_KEY_INVALID.
 */
export function checkKey(key: string): string {
  const refuse = (reason: string) => keyRefused(key.slice(0, segmentCharactersMax), reason)
  if (key.length > keyCharactersMax) throw refuse(`It is longer than ${keyCharactersMax} characters`)
  for (const part of key.split('/')) {
    if (!segment.test(part)) throw refuse('Each segment is made of A-Z a-z 0-9 . _ = - and does not begin with a point')
    if (part.length > segmentCharactersMax) throw refuse(`A segment is longer than ${segmentCharactersMax} characters`)
  }
  return key
}

/** Checks the prefix of a listing: nothing at all, or a whole number of segments with or without the last slash. */
export function checkPrefix(prefix: string): string {
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix
  return bare === '' ? '' : checkKey(bare)
}

/** Any text as one segment: what a segment may not hold becomes `=` and two hexadecimal digits a byte, as in quoted-printable. */
export function keySegment(text: string): string {
  const encoded = [...Buffer.from(text, 'utf8')].map((byte, index) => {
    const character = String.fromCharCode(byte)
    const plain = /[A-Za-z0-9_-]/.test(character) || (character === '.' && index > 0)
    return plain ? character : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  })
  return encoded.join('')
}

/** The text that a segment was made from. */
export function segmentText(text: string): string {
  const bytes = text.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

export function keyRefused(key: string, reason: string): MillraceError {
  return new MillraceError('LAKE_KEY_INVALID', { key, reason })
}
