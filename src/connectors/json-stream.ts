import { ByteWriter } from './byte-writer.ts'
import type { FlatRows } from './row-template.ts'
import { RowReader } from './row-template.ts'

/** What comes out of a streamed answer: rows in batches as they arrive, then the object they stood in, without them. */
export type Piece =
  | { readonly kind: 'rows'; readonly rows: readonly unknown[] }
  | { readonly kind: 'envelope'; readonly value: Readonly<Record<string, unknown>> }

export interface EnvelopeOptions {
  /** The member of an envelope that holds the rows: `results` at Google, `data` at Meta. */
  readonly rowsKey: string
  /** How many bytes of rows are parsed at once; the memory that a stream needs is a small multiple of it. */
  readonly batchBytes?: number
  /** Rows are wanted as flat ones of some of their members; left out: as they are. */
  readonly flat?: FlatRows | undefined
  /** Makes the error for an answer that ends too early or is not the JSON it should be. */
  readonly fault: (kind: 'cut' | 'unreadable', detail: string, cause?: unknown) => Error
}

const quote = 0x22
const backslash = 0x5c
const openObject = 0x7b
const openArray = 0x5b
const closeArray = 0x5d
const comma = 0x2c

/** No row and no envelope of an ad platform is near this; beyond it memory would be the sender's to decide. */
const elementBytesMax = 64 * 1024 * 1024
const batchBytesDefault = 256 * 1024
const flatBatchRows = 512

const other = 0
const string = 1
const open = 2
const close = 3
const separator = 4
const number = 5
const space = 6

const kindOf = new Uint8Array(256)
kindOf[quote] = string
kindOf[openObject] = kindOf[openArray] = open
kindOf[0x7d] = kindOf[closeArray] = close
kindOf[comma] = separator
for (const byte of [0x20, 0x09, 0x0a, 0x0d]) kindOf[byte] = space
for (const byte of Buffer.from('-0123456789')) kindOf[byte] = number

const partOfNumber = new Uint8Array(256)
for (const byte of Buffer.from('+-.0123456789eE')) partOfNumber[byte] = 1

/**
 * Splits an answer of the form `{"<rowsKey>":[row,…],…}` or `[{"<rowsKey>":[row,…],…},…]` into rows and envelopes while its bytes
 * arrive, so that an account is never in memory as a whole.
 *
 * Every number becomes a string of the very digits that stood on the wire: numbers are put in quotes before JSON.parse sees them.
 * A double would drop digits of money and of 19-digit ids, and JSON.parse with a reviver that keeps the source is six times slower.
 */
export class EnvelopeScanner {
  readonly #rowsKey: string
  readonly #batchBytes: number
  readonly #fault: EnvelopeOptions['fault']
  readonly #envelope = new ByteWriter()
  readonly #rows = new ByteWriter()
  #pieces: Piece[] = []
  #chunk: Uint8Array = new Uint8Array(0)
  /** Where in the chunk the bytes begin that no writer has taken yet. */
  #run = 0
  #depth = 0
  /** The depth inside an envelope: 1 when the answer is one, 2 when it is an array of them. */
  #inside = 1
  #state: 'before' | 'between' | 'envelope' | 'rows' | 'after' = 'before'
  #inString = false
  #escaped = false
  #inNumber = false
  #keyExpected = false
  #capturing = false
  #key = ''
  readonly #reader: RowReader | undefined
  #flatRows: unknown[] = []
  /** Whether the reader read the row that stands before the bytes at hand; and whether a row must come, because a comma promised it. */
  #rowRead = false
  #rowPromised = false

  constructor(options: EnvelopeOptions) {
    this.#rowsKey = options.rowsKey
    this.#reader = options.flat && new RowReader(options.flat)
    this.#batchBytes = options.batchBytes ?? batchBytesDefault
    this.#fault = options.fault
  }

  /** Takes the next bytes and gives what they completed. */
  push(chunk: Uint8Array): readonly Piece[] {
    this.#chunk = chunk
    this.#run = 0
    for (let at = 0; at < chunk.length; at += 1) {
      if (this.#inString) at = this.#passString(at)
      else if (this.#inNumber) at = this.#passNumber(at)
      else at = this.#passStructure(at)
    }
    if (this.#capturing) this.#key += latin1(chunk, this.#run, chunk.length)
    this.#take(chunk.length)
    if (this.#flatRows.length >= flatBatchRows) this.#emitFlatRows()
    if (Math.max(this.#rows.length, this.#envelope.length) > elementBytesMax) {
      throw this.#fault('unreadable', `one element is larger than ${elementBytesMax} bytes`)
    }
    return this.#taken()
  }

  /** To be called when no more bytes come. Throws the `cut` fault when the answer is not complete. */
  end(): void {
    if (this.#state !== 'after') throw this.#fault('cut', 'the JSON ends before its last bracket')
  }

  #passString(from: number): number {
    const chunk = this.#chunk
    let at = from
    if (this.#escaped) {
      this.#escaped = false
      at += 1
    }
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at]
      if (byte === quote) {
        this.#inString = false
        if (this.#capturing) this.#endKey(at)
        return at
      }
      if (byte === backslash) {
        at += 1
        if (at === chunk.length) this.#escaped = true
      }
    }
    return at
  }

  #passNumber(from: number): number {
    const chunk = this.#chunk
    let at = from
    while (at < chunk.length && partOfNumber[chunk[at]!] === 1) at += 1
    if (at === chunk.length) return at
    this.#inNumber = false
    this.#take(at)
    this.#writer()?.byte(quote)
    return at - 1
  }

  /** Runs over bytes between strings and numbers. */
  #passStructure(from: number): number {
    const chunk = this.#chunk
    for (let at = from; at < chunk.length; at += 1) {
      const kind = kindOf[chunk[at]!]
      if (kind === string) {
        this.#beginString(at)
        return at
      }
      if (kind === open) at = this.#open(at)
      else if (kind === close) this.#close(at)
      else if (kind === separator) this.#separate(at)
      else if (kind === number) {
        this.#beginNumber(at)
        return at - 1
      } else if (kind === other) this.#refuseOutside(at)
    }
    return chunk.length
  }

  #beginString(at: number): void {
    this.#refuseOutside(at)
    this.#inString = true
    if (this.#keyExpected && this.#state === 'envelope' && this.#depth === this.#inside) {
      this.#take(at)
      this.#capturing = true
      this.#key = ''
    }
  }

  #endKey(at: number): void {
    this.#key += latin1(this.#chunk, this.#run, at + 1)
    this.#key = this.#key.slice(1, -1)
    this.#capturing = false
    this.#keyExpected = false
  }

  #beginNumber(at: number): void {
    this.#refuseOutside(at)
    this.#take(at)
    this.#writer()?.byte(quote)
    this.#inNumber = true
  }

  /** Says where to go on: at the last byte that was passed. */
  #open(at: number): number {
    const byte = this.#chunk[at]
    if (this.#reader && this.#state === 'rows' && this.#depth === this.#inside + 1) {
      const end = this.#readRow(this.#reader, at)
      if (end > at) return end - 1
    }
    if (this.#state === 'before' && byte === openArray) {
      this.#inside = 2
      this.#state = 'between'
    } else if ((this.#state === 'before' || this.#state === 'between') && byte === openObject) {
      this.#state = 'envelope'
      this.#keyExpected = true
      this.#run = at
    } else if (this.#state !== 'envelope' && this.#state !== 'rows') {
      this.#refuseOutside(at)
    } else if (
      byte === openArray &&
      this.#depth === this.#inside &&
      this.#key === this.#rowsKey &&
      this.#state === 'envelope'
    ) {
      this.#take(at + 1)
      this.#state = 'rows'
      this.#rows.byte(openArray)
    }
    this.#depth += 1
    return at
  }

  /** Where the row that begins here ends, when the reader could read it; else -1. */
  #readRow(reader: RowReader, at: number): number {
    this.#take(at)
    if (this.#rowRead || !this.#rowsBlank()) return -1
    const read = reader.read(this.#chunk, at)
    if (!read) return -1
    this.#flatRows.push(read.row)
    this.#run = reader.end
    this.#rowRead = true
    return reader.end
  }

  /** Whether nothing waits to be parsed; white space that waits is forgotten. */
  #rowsBlank(): boolean {
    if (this.#rows.length === 1) return true
    if (this.#rows.text().trim() !== '[') return false
    this.#beginRows()
    return true
  }

  #beginRows(): void {
    this.#rows.clear()
    this.#rows.byte(openArray)
  }

  /** The end of one row of an answer whose rows are flat: of one that was read nothing is left, another is parsed. */
  #endFlatRow(at: number, reader: RowReader, last: boolean): void {
    this.#take(at)
    const blank = this.#rowsBlank()
    // Two rows without a comma, or a comma without a row: JSON.parse would have seen it, had it had all of them at once.
    if (this.#rowRead ? !blank : blank && (this.#rowPromised || !last)) throw this.#malformed()
    if (!blank) {
      this.#rows.byte(closeArray)
      for (const value of this.#parsed(this.#rows) as readonly unknown[]) this.#flatRows.push(reader.fromValue(value))
    }
    this.#rowRead = false
    this.#rowPromised = !last
  }

  #emitFlatRows(): void {
    if (this.#flatRows.length > 0) this.#pieces.push({ kind: 'rows', rows: this.#flatRows })
    this.#flatRows = []
  }

  #close(at: number): void {
    this.#depth -= 1
    if (this.#state === 'rows' && this.#depth === this.#inside) {
      if (this.#chunk[at] !== closeArray)
        throw this.#fault('unreadable', `the array "${this.#rowsKey}" is not closed by a bracket`)
      if (this.#reader) {
        this.#endFlatRow(at, this.#reader, true)
        this.#emitFlatRows()
        this.#rows.clear()
      } else {
        this.#take(at)
        this.#emitRows()
      }
      this.#state = 'envelope'
    } else if (this.#state === 'envelope' && this.#depth === this.#inside - 1) {
      this.#take(at + 1)
      this.#emitEnvelope()
      this.#state = this.#inside === 1 ? 'after' : 'between'
    } else if (this.#state === 'between' && this.#depth === 0 && this.#chunk[at] === closeArray) {
      this.#state = 'after'
    } else {
      this.#refuseOutside(at)
    }
  }

  #separate(at: number): void {
    if (this.#state === 'envelope') {
      if (this.#depth === this.#inside) {
        this.#keyExpected = true
        this.#key = ''
      }
      return
    }
    if (this.#state === 'rows') {
      if (this.#depth !== this.#inside + 1) return
      if (this.#reader) {
        this.#endFlatRow(at, this.#reader, false)
        this.#beginRows()
        this.#run = at + 1
        return
      }
      if (this.#rows.length + at - this.#run < this.#batchBytes) return
      this.#take(at)
      this.#emitRows()
      this.#run = at + 1
      this.#rows.byte(openArray)
    } else if (this.#state !== 'between') this.#refuseOutside(at)
  }

  /** Anything but white space before, between and after envelopes is no API answer. A byte order mark before is let through. */
  #refuseOutside(at: number): void {
    if (this.#state === 'envelope' || this.#state === 'rows') return
    const byte = this.#chunk[at]!
    if (this.#state === 'before' && (byte === 0xef || byte === 0xbb || byte === 0xbf)) return
    throw this.#fault('unreadable', `unexpected "${String.fromCharCode(byte)}" ${this.#state} the JSON`)
  }

  #writer(): ByteWriter | undefined {
    return this.#state === 'rows' ? this.#rows : this.#state === 'envelope' ? this.#envelope : undefined
  }

  /** Hands the bytes up to `end` to the writer whose turn it is. */
  #take(end: number): void {
    this.#writer()?.append(this.#chunk, this.#run, end)
    this.#run = end
  }

  #emitRows(): void {
    this.#rows.byte(closeArray)
    const rows = this.#parsed(this.#rows) as readonly unknown[]
    if (rows.length > 0) this.#pieces.push({ kind: 'rows', rows })
  }

  #emitEnvelope(): void {
    const value = this.#parsed(this.#envelope) as Record<string, unknown>
    const rows = value[this.#rowsKey]
    // A key written with escapes is the same key to JSON; its rows were not seen on the way and must not be lost.
    if (Array.isArray(rows) && rows.length > 0) this.#pieces.push({ kind: 'rows', rows: this.#flattened(rows) })
    this.#pieces.push({ kind: 'envelope', value: { ...value, ...(Array.isArray(rows) && { [this.#rowsKey]: [] }) } })
  }

  #flattened(rows: readonly unknown[]): readonly unknown[] {
    const reader = this.#reader
    return reader ? rows.map((row) => reader.fromValue(row)) : rows
  }

  #parsed(writer: ByteWriter): unknown {
    const text = writer.text()
    writer.clear()
    try {
      return JSON.parse(text)
    } catch (cause) {
      // The parser's own message quotes the text, which is the account's data; only its kind is told.
      throw this.#malformed(cause)
    }
  }

  #malformed(cause?: unknown): Error {
    return this.#fault('unreadable', 'the JSON is malformed', cause)
  }

  #taken(): readonly Piece[] {
    const pieces = this.#pieces
    this.#pieces = []
    return pieces
  }
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}

/** The pieces of an answer in the order they come. Throws what `fault` makes for a cut or unreadable one. */
export async function* readEnvelopes(
  bytes: AsyncIterable<Uint8Array>,
  options: EnvelopeOptions,
): AsyncGenerator<Piece> {
  const scanner = new EnvelopeScanner(options)
  for await (const chunk of bytes) yield* scanner.push(chunk)
  scanner.end()
}
