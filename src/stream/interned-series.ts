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
  #used = 0
  #entries = 0
  readonly #all: Series[] = []
  readonly #byText = new Map<string, number>()

  get all(): readonly Series[] {
    return this.#all
  }

  /** Number of the series whose parts lie in `u8`; all of them are ASCII. */
  // oxlint-disable-next-line max-params -- eight numbers, because an object an event would cost more than all of this
  intern(
    u8: Uint8Array,
    platformFrom: number,
    platformTo: number,
    accountFrom: number,
    accountTo: number,
    campaignFrom: number,
    campaignTo: number,
    currencyFrom: number,
    currencyTo: number,
  ): number {
    let hash = 0x811c9dc5
    for (let at = campaignFrom; at < campaignTo; at += 1) hash = Math.imul(hash ^ (u8[at] as number), 0x01000193)
    for (let at = accountFrom; at < accountTo; at += 1) hash = Math.imul(hash ^ (u8[at] as number), 0x01000193)
    // Two bytes tell the platforms apart well enough for a hash; the comparison below is of all bytes.
    if (platformFrom < platformTo) hash = Math.imul(hash ^ (u8[platformFrom] as number), 0x01000193)
    if (currencyFrom < currencyTo) hash = Math.imul(hash ^ (u8[currencyFrom] as number), 0x01000193)
    hash ^= hash >>> 15
    const lengths =
      ((platformTo - platformFrom) << 24) |
      ((accountTo - accountFrom) << 16) |
      ((campaignTo - campaignFrom) << 8) |
      (currencyTo - currencyFrom)
    const mask = this.#slots.length - 1
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] as number) - 1
      if (entry < 0) break
      if (this.#hashes[entry] !== hash || this.#lengths[entry] !== lengths) continue
      let known = this.#offsets[entry] as number
      const bytes = this.#bytes
      let same = true
      for (let at = campaignFrom; at < campaignTo; at += 1) same = same && bytes[known++] === u8[at]
      for (let at = platformFrom; at < platformTo; at += 1) same = same && bytes[known++] === u8[at]
      for (let at = accountFrom; at < accountTo; at += 1) same = same && bytes[known++] === u8[at]
      for (let at = currencyFrom; at < currencyTo; at += 1) same = same && bytes[known++] === u8[at]
      if (same) return this.#numbers[entry] as number
    }
    const parts = [
      u8.subarray(campaignFrom, campaignTo),
      u8.subarray(platformFrom, platformTo),
      u8.subarray(accountFrom, accountTo),
      u8.subarray(currencyFrom, currencyTo),
    ]
    return this.#add(hash, lengths, parts)
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
  }
}
