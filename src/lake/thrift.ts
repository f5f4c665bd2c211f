/*
 * Thrift's compact protocol, as much of it as Parquet's headers and footer need
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md).
 */

const types = { i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const

/** A value with its wire type. `struct` holds its fields by their numbers, ascending. */
export type Thrift =
  | { readonly kind: 'i32' | 'i64'; readonly value: number }
  | { readonly kind: 'binary'; readonly value: string | Uint8Array }
  | { readonly kind: 'list'; readonly of: Thrift['kind']; readonly value: readonly Thrift[] }
  | { readonly kind: 'struct'; readonly value: readonly ThriftField[] }

export type ThriftField = readonly [number: number, value: Thrift]

export const i32 = (value: number): Thrift => ({ kind: 'i32', value })
export const i64 = (value: number): Thrift => ({ kind: 'i64', value })
export const binary = (value: string | Uint8Array): Thrift => ({ kind: 'binary', value })
export const list = (of: Thrift['kind'], value: readonly Thrift[]): Thrift => ({ kind: 'list', of, value })
export const struct = (...value: readonly ThriftField[]): Thrift => ({ kind: 'struct', value })

/** Seven bits a byte, the lowest first; whole numbers up to 2^53. */
export function varint(value: number): readonly number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  bytes.push(rest)
  return bytes
}

const zigzag = (value: number): readonly number[] => varint(value < 0 ? -2 * value - 1 : 2 * value)

/** Lists of up to this many have their length beside their type. */
const shortList = 14

function write(out: number[], thrift: Thrift): void {
  if (thrift.kind === 'binary') {
    const bytes = typeof thrift.value === 'string' ? Buffer.from(thrift.value) : thrift.value
    out.push(...varint(bytes.length), ...bytes)
  } else if (thrift.kind === 'list') {
    const { length } = thrift.value
    if (length <= shortList) out.push(length * 16 + types[thrift.of])
    else out.push(15 * 16 + types[thrift.of], ...varint(length))
    for (const one of thrift.value) write(out, one)
  } else if (thrift.kind === 'struct') {
    let last = 0
    for (const [number, value] of thrift.value) {
      // Fields of Parquet's structs lie close together: their numbers are always written as steps.
      out.push((number - last) * 16 + types[value.kind])
      write(out, value)
      last = number
    }
    out.push(0)
  } else out.push(...zigzag(thrift.value))
}

/** The bytes of a struct. */
export function thriftBytes(thrift: Thrift): Buffer {
  const out: number[] = []
  write(out, thrift)
  return Buffer.from(out)
}
