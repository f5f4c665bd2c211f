import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { CsvError, parse } from 'csv-parse'
import { parse as parseSync } from 'csv-parse/sync'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { FileFormat, FileRecord } from './file-record.ts'
import { fileFormatOf } from './file-record.ts'

/** One record of a CSV; `raw` is as it is written, with its line end and the empty lines before it. */
export type CsvRecord = FileRecord

interface Parsed {
  readonly record: readonly string[]
  readonly raw: string
}

/** Several cells a line or one, quoted or not, CRLF or LF: exports are what they are. */
const settings = {
  raw: true,
  bom: true,
  relax_column_count: true,
  relax_quotes: true,
  skip_empty_lines: true,
  record_delimiter: ['\r\n', '\n', '\r'],
  // A JSON cell of some kilobytes is fine; a quotation mark that swallows the rest of a large file is told before memory ends.
  max_record_size: 4_000_000,
}

/** How much of a file is read to find its header. */
export const sampleBytes = 65_536

/** The records of a text; one that is cut off in the middle of a record ends before it when `partial`. */
export function recordsOf(text: string, file: string, delimiter: string, partial: boolean): readonly CsvRecord[] {
  const found: Parsed[] = []
  try {
    // Taken one by one, so that those before a broken record are there when it is met.
    parseSync(text, { ...settings, delimiter, on_record: (record: unknown) => void found.push(record as Parsed) })
  } catch (cause) {
    if (!partial) throw csvError(file, cause, located(found).next)
  }
  return located(partial ? found.slice(0, -1) : found).records
}

function located(found: readonly Parsed[]): { records: readonly CsvRecord[]; next: number } {
  let next = 1
  const records = found.map(({ record, raw }) => {
    const line = next + leadingLines(raw)
    next += linesIn(raw)
    return { cells: record, raw, line }
  })
  return { records, next }
}

/** The records of a file, streamed. Throws FILES_UNREADABLE, FILES_ENCODING, FILES_CSV_BROKEN. */
export async function* csvRecords(
  file: string,
  { encoding, delimiter }: { readonly encoding: string; readonly delimiter: string },
): AsyncGenerator<CsvRecord, void, undefined> {
  const parser = parse({ ...settings, delimiter })
  let next = 1
  const feeding = feed(file, encoding, parser)
  try {
    for await (const { record, raw } of parser as AsyncIterable<Parsed>) {
      yield { cells: record, raw, line: next + leadingLines(raw) }
      next += linesIn(raw)
    }
    await feeding
  } catch (cause) {
    throw cause instanceof MillraceError ? cause : csvError(file, cause, next)
  } finally {
    parser.destroy()
    await Promise.allSettled([feeding])
  }
}

/** Text into the parser as fast as it takes it; an error of reading becomes the parser's. */
async function feed(file: string, encoding: string, parser: ReturnType<typeof parse>): Promise<void> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  try {
    for await (const chunk of createReadStream(file)) {
      const text = decoder.decode(chunk as Uint8Array, { stream: true })
      if (parser.destroyed) return
      if (text !== '' && !parser.write(text)) await drained(parser)
    }
    parser.end(decoder.decode())
  } catch (cause) {
    parser.destroy(readError(file, encoding, cause))
  }
}

/** Resolves when the parser takes more, or is gone because its reader left. */
function drained(parser: ReturnType<typeof parse>): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      parser.off('drain', done).off('close', done)
      resolve()
    }
    parser.once('drain', done).once('close', done)
  })
}

/** The beginning of a file as text, and the encoding that its byte order mark names or else the one given. */
export async function sampleOf(
  file: string,
  encoding: string,
): Promise<{
  readonly text: string
  readonly encoding: string
  readonly whole: boolean
  readonly format: FileFormat
}> {
  try {
    await using handle = await open(file)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(sampleBytes))
    const actual = markedEncoding(buffer) ?? encoding
    const format = fileFormatOf(buffer.subarray(0, bytesRead))
    if (format === 'workbook') throw new MillraceError('FILES_WORKBOOK', { file })
    if (format === 'zip' || format === 'gzip') throw new MillraceError('FILES_PACKED', { file, format })
    if (format === 'parquet') return { text: '', encoding: actual, whole: false, format }
    const text = new TextDecoder(actual).decode(buffer.subarray(0, bytesRead), { stream: true })
    return { text, encoding: actual, whole: bytesRead < sampleBytes, format }
  } catch (cause) {
    throw readError(file, encoding, cause)
  }
}

/** Google Ads and Excel write UTF-16 with a mark; nothing else in the file says so. */
function markedEncoding(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be'
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 'utf-8' : undefined
}

function readError(file: string, encoding: string, cause: unknown): MillraceError {
  if (isMillraceError(cause)) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA' || code === 'ERR_ENCODING_NOT_SUPPORTED') {
    return new MillraceError('FILES_ENCODING', { file, encoding }, { cause })
  }
  return new MillraceError('FILES_UNREADABLE', { file, reason: code || String(cause) }, { cause })
}

function csvError(file: string, cause: unknown, line: number): MillraceError {
  if (!(cause instanceof CsvError)) return readError(file, '', cause)
  return new MillraceError('FILES_CSV_BROKEN', { file, line, reason: cause.message.split('\n')[0] ?? '' }, { cause })
}

const lineEnd = /\r\n|\n|\r/g

function linesIn(raw: string): number {
  return raw.match(lineEnd)?.length ?? 0
}

/** Empty lines that were skipped before the record. */
function leadingLines(raw: string): number {
  return linesIn(/^[\r\n]*/.exec(raw)?.[0] ?? '')
}

/** Line and column, both from 1, of the first character of a cell: what an editor shows. Beyond the last cell: the record's end. */
export function cellPosition(
  record: CsvRecord,
  delimiter: string,
  cell: number,
): { readonly line: number; readonly column: number } {
  const text = record.raw.replace(/^[\r\n]*/, '').replace(/[\r\n]+$/, '')
  let quoted = false
  let cells = 0
  let at = 0
  for (; at < text.length && cells < cell; at += 1) {
    if (text[at] === '"') quoted = !quoted
    else if (text[at] === delimiter && !quoted) cells += 1
  }
  const before = text.slice(0, at).split(lineEnd)
  return { line: record.line + before.length - 1, column: (before.at(-1) ?? '').length + 1 }
}
