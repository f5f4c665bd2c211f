import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { MillraceError } from '../domain/errors.ts'

/** Where a secret stands: part of what is authenticated, so that a row copied under another name does not open. */
export interface SecretAddress {
  readonly connection: string
  readonly name: string
}

export interface SealedSecret {
  readonly keyId: string
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
}

export interface SecretKey {
  /** Tells keys apart without saying anything about them. */
  readonly id: string
  seal(address: SecretAddress, text: string): SealedSecret
  /** Throws WAREHOUSE_SECRET_LOCKED for another key's secret, WAREHOUSE_SECRET_BROKEN for an altered one. */
  unseal(address: SecretAddress, secret: SealedSecret): string
}

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16

/** A new key as text: what a key file holds. */
export function newKeyText(): string {
  return randomBytes(keyBytes).toString('base64')
}

function bytesOf(text: string): Buffer | undefined {
  const clean = text.trim()
  if (/^[0-9a-f]{64}$/i.test(clean)) return Buffer.from(clean, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(clean)) return undefined
  const bytes = Buffer.from(clean, 'base64')
  return bytes.length === keyBytes ? bytes : undefined
}

/** AES-256-GCM by a key of 32 bytes, written as base64 or as 64 hex digits. Throws WAREHOUSE_SECRET_KEY_INVALID. */
export function secretKey(text: string): SecretKey {
  const key = bytesOf(text)
  if (!key) throw new MillraceError('WAREHOUSE_SECRET_KEY_INVALID', { length: text.trim().length })
  const id = createHmac('sha256', key).update('millrace secret key').digest('hex').slice(0, 16)
  const boundTo = ({ connection, name }: SecretAddress) => Buffer.from(JSON.stringify([connection, name]))
  return {
    id,
    seal(address, text) {
      // Never twice the same under one key: the mode gives everything away when it is.
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes }).setAAD(boundTo(address))
      return {
        keyId: id,
        nonce,
        sealed: Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]),
      }
    },
    unseal(address, { keyId, nonce, sealed }) {
      if (keyId !== id) throw new MillraceError('WAREHOUSE_SECRET_LOCKED', { ...address })
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
        decipher.setAAD(boundTo(address)).setAuthTag(sealed.subarray(-tagBytes))
        return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new MillraceError('WAREHOUSE_SECRET_BROKEN', { ...address }, { cause })
      }
    },
  }
}
