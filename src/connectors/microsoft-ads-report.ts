import { parse } from 'csv-parse/sync'
import { strFromU8, unzipSync } from 'fflate'
import type { MillraceError } from '../domain/errors.ts'
import { isMillraceError } from '../domain/errors.ts'

/** A report file taken apart: what its header lines say, and its records by column. */
export interface ReportFile {
  /** `Report Name`, `Time Zone`, `Rows`, `Last Completed Available Day`, `Potential Incomplete Data`, … */
  readonly header: Readonly<Record<string, string>>
  readonly records: readonly Readonly<Record<string, string>>[]
}

type Broken = (detail: string, cause?: unknown) => MillraceError

/** A report of a large account has some tens of megabytes; beyond this the archive is hostile or broken. */
const unzippedBytesMax = 1024 * 1024 * 1024

const headerLine =
  /^(Report [A-Z][a-z]+|Time Zone|Rows|Last Completed Available (?:Day|Hour)|Potential Incomplete Data): ?(.*)$/

/**
 * Reads a report as Microsoft packs it: a zip with one CSV, which begins with a byte order mark and header lines and ends with a
 * copyright. `Rows` in the header is a control total: a file with fewer or more records is refused with what `broken` makes.
 */
export function readReport(bytes: Uint8Array, broken: Broken): ReportFile {
  const lines = recordsOf(unzipped(bytes, broken), broken)
  const header: Record<string, string> = {}
  let at = 0
  for (; at < lines.length; at += 1) {
    const match = headerLine.exec(lines[at]!.length === 1 ? lines[at]![0]! : '')
    if (!match) break
    header[match[1]!] = match[2]!
  }
  const [columns = [], ...rest] = lines.slice(at)
  const records = rest
    .filter((cells) => !(cells.length === 1 && /^(?:@|©)/.test(cells[0]!)))
    .map((cells) => Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? ''])))
  const expected = Number(header['Rows'] ?? records.length)
  if (expected !== records.length) throw broken(`the report says Rows: ${expected} and has ${records.length}`)
  return { header, records }
}

function unzipped(bytes: Uint8Array, broken: Broken): string {
  try {
    const files = unzipSync(bytes, { filter: ({ originalSize }) => originalSize <= unzippedBytesMax })
    const [file] = Object.values(files)
    if (!file) throw broken('the archive holds no report')
    return strFromU8(file)
  } catch (cause) {
    throw isMillraceError(cause) ? cause : broken('the archive is damaged', cause)
  }
}

function recordsOf(text: string, broken: Broken): readonly (readonly string[])[] {
  try {
    return parse(text, { bom: true, relax_column_count: true, skip_empty_lines: true })
  } catch (cause) {
    throw broken('the CSV of the report is damaged', cause)
  }
}
