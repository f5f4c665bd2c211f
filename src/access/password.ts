import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { MillraceError } from '../domain/errors.ts'
import { isCommonPassword } from './password-common.ts'

/** OWASP's first choice for scrypt: 128 MiB and about a third of a second a guess. A power of two. */
const scryptCostDefault = 2 ** 17

const blockSize = 8
const hashBytes = 32
const lengthMin = 12
const lengthMax = 256

interface Derived {
  readonly password: string
  readonly salt: Buffer
  readonly cost: number
}

function derive({ password, salt, cost }: Derived): Promise<Buffer> {
  // Twice what the formula needs, 128 · N · r: Node's own limit is below the default's need.
  const maxmem = 256 * cost * blockSize
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, hashBytes, { N: cost, r: blockSize, p: 1, maxmem }, (error, hash) =>
      error ? reject(error) : resolve(hash),
    )
  })
}

/** `scrypt$N$salt$hash`; the cost is kept with it, so that a later default makes no old password wrong. */
export async function hashPassword(password: string, cost = scryptCostDefault): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive({ password, salt, cost })
  return ['scrypt', cost, salt.toString('base64url'), hash.toString('base64url')].join('$')
}

/** Takes the time of a hash also when there is none, so that an answer's delay does not say which names exist. */
export async function isPassword(password: string, kept: string | null, cost = scryptCostDefault): Promise<boolean> {
  const [kind, costKept, salt, hash] = kept?.split('$') ?? []
  if (kind !== 'scrypt' || costKept === undefined || salt === undefined || hash === undefined) {
    await derive({ password, salt: Buffer.alloc(16), cost })
    return false
  }
  const wanted = Buffer.from(hash, 'base64url')
  const found = await derive({ password, salt: Buffer.from(salt, 'base64url'), cost: Number(costKept) })
  return found.length === wanted.length && timingSafeEqual(found, wanted)
}

/** Length before all, no rules of signs and digits (NIST SP 800-63B §3.1.1.2). Throws ACCESS_PASSWORD_WEAK. */
export async function checkPassword(password: string, name: string): Promise<void> {
  const asked = password.normalize('NFKC').toLowerCase()
  const reason = weakness(asked, name.toLowerCase()) ?? ((await isCommonPassword(asked)) ? 'common' : undefined)
  if (reason !== undefined) throw new MillraceError('ACCESS_PASSWORD_WEAK', { reason, lengthMin, lengthMax })
}

function weakness(password: string, name: string): string | undefined {
  const { length } = Array.from(password)
  if (length < lengthMin) return 'short'
  if (length > lengthMax) return 'long'
  if (new Set(password).size < 5) return 'repeated'
  if (password.includes(name) && length - name.length < lengthMin / 2) return 'name'
  return undefined
}
