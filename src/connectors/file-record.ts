/** One record of a file, whatever its format: its cells as text and where it stands. */
export interface FileRecord {
  readonly cells: readonly string[]
  /** As it is written, where the format has lines. */
  readonly raw: string
  /** Line of the record's first character, or its number in a format without lines; from 1. */
  readonly line: number
  /**
   * Cells that the format itself types: numbers with a point and no groups, days as YYYY-MM-DD, whatever the mapping says of the
   * text around them. Absent: none.
   */
  readonly typed?: 'all' | ReadonlySet<number>
}

export type FileFormat = 'text' | 'jsonl' | 'parquet'

/** What is no table of rows as it lies there: Excel's own format, and what has to be unpacked first. */
export type ClosedFormat = 'workbook' | 'zip' | 'gzip'

/** What a file is, by its first bytes and not by its name: exports are renamed, and `.txt` says nothing. */
export function fileFormatOf(bytes: Uint8Array): FileFormat | ClosedFormat {
  const begins = (...first: readonly number[]) => first.every((byte, at) => bytes[at] === byte)
  // An .xlsx is a zip with a folder of its own, an .xls a container of Microsoft's.
  if (begins(0x50, 0x4b, 0x03, 0x04))
    return /\[Content_Types\]\.xml|xl\//.test(new TextDecoder('latin1').decode(bytes)) ? 'workbook' : 'zip'
  if (begins(0xd0, 0xcf, 0x11, 0xe0)) return 'workbook'
  if (begins(0x1f, 0x8b)) return 'gzip'
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 64)).replace(/^ï»¿/, '').trimStart()
  if (start.startsWith('PAR1')) return 'parquet'
  return start.startsWith('{') ? 'jsonl' : 'text'
}
