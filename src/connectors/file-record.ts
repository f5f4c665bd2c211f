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

/** What a file is, by its first bytes and not by its name: exports are renamed, and `.txt` says nothing. */
export function fileFormatOf(bytes: Uint8Array): FileFormat {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 64)).replace(/^ï»¿/, '').trimStart()
  if (start.startsWith('PAR1')) return 'parquet'
  return start.startsWith('{') ? 'jsonl' : 'text'
}
