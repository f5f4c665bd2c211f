import { Buffer } from 'node:buffer'

/** Collects runs of bytes until they are whole enough to be decoded; grows by doubling and is used again after `clear`. */
export class ByteWriter {
  #bytes = Buffer.allocUnsafe(4096)
  #length = 0

  get length(): number {
    return this.#length
  }

  append(from: Uint8Array, start: number, end: number): void {
    if (end <= start) return
    this.#reserve(end - start)
    this.#bytes.set(start === 0 && end === from.length ? from : from.subarray(start, end), this.#length)
    this.#length += end - start
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length] = value
    this.#length += 1
  }

  /** The bytes as UTF-8 text. A character cut by the caller's boundary cannot occur: callers cut at ASCII bytes only. */
  text(): string {
    return this.#bytes.toString('utf8', 0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const wider = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + more))
    this.#bytes.copy(wider, 0, 0, this.#length)
    this.#bytes = wider
  }
}
