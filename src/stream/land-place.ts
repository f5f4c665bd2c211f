/** Widest numbers of a place: offsets and micros below 2^53, events of one record, milliseconds until the year 33658. */
const slots = { off: 16, place: 6, ms: 15, value: 16, cost: 16 } as const

const blank = (width: number): string => ' '.repeat(width)

interface Numbers {
  readonly offset: number
  readonly place: number
}

/** How the counters read an event. */
export interface Reading {
  readonly type: number
  readonly ms: number
  readonly valueMicros: number
  readonly costMicros: number
  readonly isIvt: boolean
  readonly isSkewed: boolean
}

const zero = 48

/** A whole number, right-aligned before `end`; numbers above 31 bits go by sevens of digits, because divisions of doubles cost. */
function putDigits(out: Uint8Array, end: number, value: number): void {
  let at = end
  let rest = value
  for (; rest >= 1e9; rest = Math.floor(rest / 1e7)) {
    let low = rest % 1e7
    for (let digit = 0; digit < 7; digit += 1) {
      const next = (low / 10) | 0
      out[(at -= 1)] = zero + low - next * 10
      low = next
    }
  }
  let small = rest | 0
  do {
    const next = (small / 10) | 0
    out[(at -= 1)] = zero + small - next * 10
    small = next
  } while (small > 0)
}

/**
 * The text before a record's own fields, made once for a batch, with blanks where each record's numbers go: JSON allows them, and a
 * copy with some digits put in costs a fifth of a text made anew.
 */
export class PlaceText {
  readonly #text: Uint8Array
  readonly #ends: Readonly<Record<'off' | 'place' | 'type' | 'ms' | 'value' | 'cost' | 'ivt' | 'skewed', number>>
  readonly #placeBytes: number

  constructor(partition: number, appendMs: number) {
    let text = `{"_part":${partition},"_append_ms":${appendMs}`
    const slot = (name: string, width: number): number => {
      text += `,"${name}":${blank(width)}`
      return text.length
    }
    const place = { off: slot('_off', slots.off), place: slot('_place', slots.place) }
    this.#placeBytes = text.length
    this.#ends = {
      ...place,
      type: slot('_type', 1),
      ms: slot('_ms', slots.ms),
      value: slot('_value_micros', slots.value),
      cost: slot('_cost_micros', slots.cost),
      ivt: slot('_ivt', 1),
      skewed: slot('_skewed', 1),
    }
    this.#text = new TextEncoder().encode(`${text},`)
  }

  /** Of a record that is no event; returns where its own text goes on, before a comma. */
  putPlace(out: Uint8Array, at: number, { offset, place }: Numbers): number {
    out.set(this.#placeBytes === this.#text.length ? this.#text : this.#text.subarray(0, this.#placeBytes), at)
    putDigits(out, at + this.#ends.off, offset)
    putDigits(out, at + this.#ends.place, place)
    return at + this.#placeBytes
  }

  /** Of an event; returns where its own fields go on, after a comma. */
  putReading(out: Uint8Array, at: number, { offset, place }: Numbers, reading: Reading): number {
    out.set(this.#text, at)
    putDigits(out, at + this.#ends.off, offset)
    putDigits(out, at + this.#ends.place, place)
    putDigits(out, at + this.#ends.type, reading.type)
    putDigits(out, at + this.#ends.ms, reading.ms)
    putDigits(out, at + this.#ends.value, reading.valueMicros)
    putDigits(out, at + this.#ends.cost, reading.costMicros)
    out[at + this.#ends.ivt - 1] = reading.isIvt ? zero + 1 : zero
    out[at + this.#ends.skewed - 1] = reading.isSkewed ? zero + 1 : zero
    return at + this.#text.length
  }
}
