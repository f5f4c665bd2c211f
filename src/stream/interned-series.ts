import { equal, hashed } from '../lake/byte-words.ts'
import type { Series } from './series.ts'

const decoder = new TextDecoder('latin1')
const startSlots = 1 << 10
const startBytes = 1 << 14

/** The seed's word for Meta; both words are one platform and so one series. */
const canonicalPlatform = (platform: string): string => (platform === 'facebook_ads' ? 'meta_ads' : platform)

/**
 * Numbers for series, by their bytes: 0, 1, 2 … in the order of first sight. A known series costs a hash and a comparison
 * of bytes; no string is made for it.
 */
export class InternedSeries {
  #slots = new Int32Array(startSlots)
  #hashes = new Int32Array(startSlots)
  /** Of entry i: where its key begins in `#bytes`, and the four lengths packed (platform, account, campaign, currency: 6 to 7 bits each). */
  #offsets = new Int32Array(startSlots)
  #lengths = new Int32Array(startSlots)
  #numbers = new Int32Array(startSlots)
  #bytes = new Uint8Array(startBytes)
  #view = new DataView(this.#bytes.buffer)
  #used = 0
  #entries = 0
  readonly #all: Series[] = []
  readonly #byText = new Map<string, number>()

  get all(): readonly Series[] {
    return this.#all
  }

  /** Number of the series whose parts lie in `view`; all of them are ASCII. */
  // oxlint-disable-next-line max-params -- nine numbers, because an object an event would cost more than all of this
  intern(
    view: DataView,
    platformFrom: number,
    platformTo: number,
    accountFrom: number,
    accountTo: number,
    campaignFrom: number,
    campaignTo: number,
    currencyFrom: number,
    currencyTo: number,
  ): number {
    let hash = hashed(view, campaignFrom, campaignTo, 0x811c9dc5)
    hash = hashed(view, accountFrom, accountTo, hash)
    hash = hashed(view, platformFrom, platformTo, hash)
    hash = hashed(view, currencyFrom, currencyTo, hash)
    hash ^= hash >>> 15
    const platformBytes = platformTo - platformFrom
    const accountBytes = accountTo - accountFrom
    const campaignBytes = campaignTo - campaignFrom
    const lengths = (platformBytes << 24) | (accountBytes << 16) | (campaignBytes << 8) | (currencyTo - currencyFrom)
    const slots = this.#slots
    const mask = slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = (slots[slot] as number) - 1
      if (entry < 0) break
      if (this.#hashes[entry] !== hash || this.#lengths[entry] !== lengths) continue
      const known = this.#view
      const at = this.#offsets[entry] as number
      if (
        equal(known, at, view, campaignFrom, campaignBytes) &&
        equal(known, at + campaignBytes, view, platformFrom, platformBytes) &&
        equal(known, at + campaignBytes + platformBytes, view, accountFrom, accountBytes) &&
        equal(known, at + campaignBytes + platformBytes + accountBytes, view, currencyFrom, currencyTo - currencyFrom)
      )
        return this.#numbers[entry] as number
    }
    const part = (from: number, to: number): Uint8Array =>
      new Uint8Array(view.buffer, view.byteOffset + from, to - from)
    return this.#add(hash, lengths, [
      part(campaignFrom, campaignTo),
      part(platformFrom, platformTo),
      part(accountFrom, accountTo),
      part(currencyFrom, currencyTo),
    ])
  }

  /** Number of a series given as text: the way of the slow path. */
  number(series: Series): number {
    const platform = canonicalPlatform(series.platform)
    const key = JSON.stringify([platform, series.accountId, series.campaignId, series.currency])
    const known = this.#byText.get(key)
    if (known !== undefined) return known
    this.#byText.set(key, this.#all.length)
    return this.#all.push({ ...series, platform }) - 1
  }

  #add(hash: number, lengths: number, parts: readonly Uint8Array[]): number {
    const [campaignId = '', platform = '', accountId = '', currency = ''] = parts.map((part) => decoder.decode(part))
    const number = this.number({ platform, accountId, campaignId, currency })
    const size = parts.reduce((sum, part) => sum + part.length, 0)
    if ((this.#entries + 1) * 2 > this.#slots.length) this.#growSlots()
    if (this.#used + size > this.#bytes.length) this.#growBytes(size)
    this.#hashes[this.#entries] = hash
    this.#lengths[this.#entries] = lengths
    this.#offsets[this.#entries] = this.#used
    this.#numbers[this.#entries] = number
    for (const part of parts) {
      this.#bytes.set(part, this.#used)
      this.#used += part.length
    }
    this.#place(this.#entries)
    this.#entries += 1
    return number
  }

  #place(entry: number): void {
    const mask = this.#slots.length - 1
    let slot = (this.#hashes[entry] as number) & mask
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask
    this.#slots[slot] = entry + 1
  }

  #growSlots(): void {
    const size = this.#slots.length * 2
    const grown = (old: Int32Array): Int32Array<ArrayBuffer> => {
      const next = new Int32Array(size)
      next.set(old)
      return next
    }
    this.#slots = new Int32Array(size)
    this.#hashes = grown(this.#hashes)
    this.#offsets = grown(this.#offsets)
    this.#lengths = grown(this.#lengths)
    this.#numbers = grown(this.#numbers)
    for (let entry = 0; entry < this.#entries; entry += 1) this.#place(entry)
  }

  #growBytes(needed: number): void {
    const next = new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + needed))
    next.set(this.#bytes)
    this.#bytes = next
    this.#view = new DataView(next.buffer)
  }
}
