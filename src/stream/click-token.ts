import { createHmac, timingSafeEqual } from 'node:crypto'
import { MillraceError } from '../domain/errors.ts'
import type { Senders } from './collect-keys.ts'
import { isObject } from './segment-event.ts'

/** What a click redirect says: where to, and what is counted. */
export interface Click {
  readonly url: string
  readonly campaignId: string
  readonly platform?: string | undefined
  readonly accountId?: string | undefined
  readonly adId?: string | undefined
}

/** A header takes visible ASCII only; anything else could end it and begin another. */
const locationText = /^https?:\/\/[\x21-\x7e]+$/
const urlMax = 2_048

const signature = (secret: string, text: string): Buffer => createHmac('sha256', secret).update(text).digest()

/**
 * `name.payload.signature`: the sender's name, JSON in base64url, and HMAC-SHA-256 of both by its click secret. Throws STREAM_TOKEN_REFUSED for
 * an address that no redirect may have.
 */
export function clickToken(sender: string, secret: string, click: Click): string {
  if (!isAddress(click.url)) throw new MillraceError('STREAM_TOKEN_REFUSED', { reason: 'address' })
  const text = `${sender}.${Buffer.from(JSON.stringify(click)).toString('base64url')}`
  return `${text}.${signature(secret, text).toString('base64url')}`
}

/** The click of a token. Throws STREAM_TOKEN_REFUSED for one that was not signed by that sender's secret, or that leads to no web address. */
export function readClickToken(token: string, senders: Senders): { readonly click: Click; readonly sender: string } {
  const [name = '', payload = '', signed = '', ...rest] = token.split('.')
  const secret = senders.ofName(name)?.clickSecret
  const given = Buffer.from(signed, 'base64url')
  // Without a secret there is something to compare all the same: how long it takes says nothing about names.
  const wanted = signature(secret ?? 'none', `${name}.${payload}`)
  const isSigned = given.length === wanted.length && timingSafeEqual(given, wanted)
  if (secret === undefined || rest.length > 0 || !isSigned)
    throw new MillraceError('STREAM_TOKEN_REFUSED', { reason: 'signature' })
  const click = clickOf(Buffer.from(payload, 'base64url').toString('utf8'))
  if (!click || !isAddress(click.url)) throw new MillraceError('STREAM_TOKEN_REFUSED', { reason: 'address' })
  return { click, sender: name }
}

/** Undefined for what is signed and is no click. */
function clickOf(text: string): Click | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) && typeof value['campaignId'] === 'string' ? (value as unknown as Click) : undefined
  } catch {
    return undefined
  }
}

const isAddress = (url: unknown): boolean =>
  typeof url === 'string' && url.length <= urlMax && locationText.test(url) && URL.canParse(url)
