/** A value of Thrift's compact protocol, as far as Parquet's metadata needs it. A struct's fields stand in the order of their ids. */
export type Thrift =
  | { readonly kind: 'i32' | 'i64'; readonly value: number }
  /** Text, or bytes as they are. */
  | { readonly kind: 'text'; readonly value: string | Uint8Array }
  | { readonly kind: 'list'; readonly of: keyof typeof typeCodes; readonly items: readonly Thrift[] }
  | { readonly kind: 'struct'; readonly fields: readonly (readonly [id: number, value: Thrift])[] }

const typeCodes = { i32: 5, i64: 6, text: 8, list: 9, struct: 12 } as const

export const i32 = (value: number): Thrift => ({ kind: 'i32', value })
export const i64 = (value: number): Thrift => ({ kind: 'i64', value })
export const text = (value: string | Uint8Array): Thrift => ({ kind: 'text', value })
export const struct = (...fields: readonly (readonly [number, Thrift])[]): Thrift => ({ kind: 'struct', fields })
export const list = (of: keyof typeof typeCodes, items: readonly Thrift[]): Thrift => ({ kind: 'list', of, items })

/** The bytes of a struct, after https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. Numbers up to 2^53. */
export function compactBytes(value: Thrift): Buffer {
  const bytes: number[] = []
  write(value, bytes)
  return Buffer.from(bytes)
}

function write(thrift: Thrift, bytes: number[]): void {
  switch (thrift.kind) {
    case 'i32':
    case 'i64':
      return writeVarint(bytes, thrift.value < 0 ? -2 * thrift.value - 1 : 2 * thrift.value)
    case 'text': {
      const encoded = typeof thrift.value === 'string' ? Buffer.from(thrift.value) : thrift.value
      writeVarint(bytes, encoded.length)
      for (const byte of encoded) bytes.push(byte)
      return
    }
    case 'list': {
      const { length } = thrift.items
      bytes.push((Math.min(length, 15) << 4) | typeCodes[thrift.of])
      if (length >= 15) writeVarint(bytes, length)
      for (const item of thrift.items) write(item, bytes)
      return
    }
    case 'struct': {
      let last = 0
      for (const [id, field] of thrift.fields) {
        bytes.push(((id - last) << 4) | typeCodes[field.kind])
        last = id
        write(field, bytes)
      }
      bytes.push(0)
    }
  }
}

/** Seven bits a byte, the lowest first. */
export function writeVarint(bytes: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80)
    rest = Math.floor(rest / 0x80)
  }
  bytes.push(rest)
}
