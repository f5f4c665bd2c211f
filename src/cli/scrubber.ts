/** Shorter ones, and words that stand in every second message, would blacken half of the output and protect nothing. */
const lengthMin = 4
const innocent: ReadonlySet<string> = new Set(['postgres', 'millrace', 'localhost', 'sandbox', 'true', 'false', 'null'])

const mask = '••••'

/**
 * What must never be shown. The configuration registers every secret that it reads; the output layer passes every line through
 * `scrub`, so that a secret inside another program's error message is caught as well.
 */
export class Scrubber {
  #values: readonly string[] = []

  add(value: string): void {
    if (value.length < lengthMin || innocent.has(value)) return
    // The forms in which a value travels: as it is, in a URL, inside JSON.
    const forms = [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]
    // The longest first: a secret that begins like another must not be half covered.
    this.#values = [...new Set([...this.#values, ...forms])].sort((one, other) => other.length - one.length)
  }

  scrub(text: string): string {
    return this.#values.reduce((covered, value) => covered.replaceAll(value, mask), text)
  }
}
