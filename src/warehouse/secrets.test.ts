import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { standingClock } from '../domain/clock.ts'
import { openTestWarehouse } from './fixture.ts'
import { newKeyText, secretKey } from './secret-cipher.ts'
import { forgetSecrets, keepSecret, keptSecrets, secretsOf } from './secrets.ts'
import type { Warehouse } from './warehouse.ts'

const clock = standingClock(Date.UTC(2026, 10, 27))
const planted = '1//planted-refresh-token-비밀'

describe('a key', () => {
  test('is 32 bytes as base64 or hex; anything else is refused without being shown', () => {
    const hex = 'ab'.repeat(32)
    expect(secretKey(hex).id).toBe(secretKey(Buffer.from(hex, 'hex').toString('base64')).id)
    expect(secretKey(newKeyText()).id).not.toBe(secretKey(newKeyText()).id)
    for (const wrong of ['short-but-telling', 'a'.repeat(44), newKeyText().slice(4)]) {
      const refused = () => secretKey(wrong)
      expect(refused).toThrow(expect.objectContaining({ code: 'WAREHOUSE_SECRET_KEY_INVALID' }))
      expect(refused).not.toThrow(wrong)
    }
  })

  test('opens what it closed under the same name only, and never closes the same text the same way', () => {
    const key = secretKey(newKeyText())
    const at = { connection: 'google', name: 'refreshToken' }
    const one = key.seal(at, planted)
    expect(key.unseal(at, one)).toBe(planted)
    expect(Buffer.from(key.seal(at, planted).sealed)).not.toEqual(Buffer.from(one.sealed))
    const moved = () => key.unseal({ ...at, connection: 'meta' }, one)
    expect(moved).toThrow(expect.objectContaining({ code: 'WAREHOUSE_SECRET_BROKEN' }))
    for (let bit = 0; bit < one.sealed.length * 8; bit += 7) {
      const altered = Uint8Array.from(one.sealed)
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => key.unseal(at, { ...one, sealed: altered })).toThrow(
        expect.objectContaining({ code: 'WAREHOUSE_SECRET_BROKEN' }),
      )
    }
  })
})

describe('kept secrets', () => {
  let warehouse: Warehouse
  beforeAll(async () => {
    warehouse = await openTestWarehouse()
  })
  afterAll(() => warehouse[Symbol.asyncDispose]())

  const key = secretKey(newKeyText())

  test('are read back, listed without value, and stand in no column as they are', async () => {
    const at = { connection: 'google', name: 'refreshToken' }
    await keepSecret(warehouse, key, clock, at, { value: planted, expiresAtMs: Date.UTC(2026, 11, 4) })
    expect(await secretsOf(warehouse, key, clock, 'google').read('refreshToken')).toEqual({
      value: planted,
      expiresAtMs: Date.UTC(2026, 11, 4),
    })
    expect(await secretsOf(warehouse, key, clock, 'meta').read('refreshToken')).toBeUndefined()
    const listed = await keptSecrets(warehouse)
    expect(listed).toMatchObject([{ ...at, keyId: key.id }])
    const [row] = await warehouse.query<{ whole: string; bytes: string }>(
      `select connection_secret::text as whole, encode(sealed, 'escape') as bytes from connection_secret`,
    )
    expect(`${row?.whole}${row?.bytes}${JSON.stringify(listed)}`).not.toContain('planted')
  })

  test('of a lost key say so with the way out, and can be replaced and removed without it', async () => {
    const other = secretKey(newKeyText())
    const secrets = secretsOf(warehouse, other, clock, 'google')
    await expect(secrets.read('refreshToken')).rejects.toMatchObject({
      code: 'WAREHOUSE_SECRET_LOCKED',
      exitCode: 7,
      message: expect.stringContaining('millrace connectors auth google') as string,
    })
    await keepSecret(
      warehouse,
      other,
      clock,
      { connection: 'google', name: 'refreshToken' },
      { value: 'new', expiresAtMs: null },
    )
    expect((await secrets.read('refreshToken'))?.value).toBe('new')
    expect(await forgetSecrets(warehouse, 'google')).toBe(1)
  })

  test('are rotated by one process at a time: whoever waited is handed what the first one got', async () => {
    const secrets = secretsOf(warehouse, key, clock, 'microsoft')
    await secrets.rotate('refreshToken', () => Promise.resolve({ value: 'token-0', expiresAtMs: null }))
    let dead = 0
    let alive = 0
    // A platform that accepts each refresh token once, as Microsoft may.
    const exchange = async (held: string) => {
      if (held !== `token-${alive}`) dead += 1
      await new Promise((resolve) => setTimeout(resolve, 5))
      alive += 1
      return { value: `token-${alive}`, expiresAtMs: null }
    }
    await Promise.all(
      Array.from({ length: 6 }, () => secrets.rotate('refreshToken', (current) => exchange(current?.value ?? ''))),
    )
    expect({ dead, kept: (await secrets.read('refreshToken'))?.value }).toEqual({ dead: 0, kept: 'token-6' })
  })

  test('stay as they were when renewing fails, or when nothing had to change', async () => {
    const secrets = secretsOf(warehouse, key, clock, 'microsoft')
    await expect(secrets.rotate('refreshToken', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
    expect(await secrets.rotate('refreshToken', () => Promise.resolve(undefined))).toMatchObject({ value: 'token-6' })
  })
})
