import type { Day } from '../domain/day.ts'
import type { RawRow } from '../domain/mapping.ts'
import { csvRecords, recordsOf, sampleOf } from './file-csv.ts'
import type { FileLayout, FileProblem } from './file-header.ts'
import { findLayout, layoutOf } from './file-header.ts'
import { jsonNames, jsonRecords } from './file-jsonl.ts'
import type { FileMapping } from './file-mapping.ts'
import { parquetNames, parquetRecords } from './file-parquet.ts'
import type { FileFormat, FileRecord } from './file-record.ts'
import { recordMapper } from './file-rows.ts'

/** What an import would do. */
export interface FilePlan {
  /** The days that have rows, in order. */
  readonly days: readonly Day[]
  /** Rows that were understood, of all files. */
  readonly rows: number
  /** Lines left out because they hold totals. */
  readonly totals: number
  /** The first rows as they would land, at most ten. */
  readonly firstRows: readonly RawRow[]
  /** Everything that was not understood, in order of files and lines; the list ends at a thousand, the count does not. */
  readonly problems: readonly FileProblem[]
  readonly problemCount: number
}

const firstRowsMax = 10
const problemsMax = 1_000

/** Takes records one after the other and holds no more than the plan itself. */
interface Planner {
  problems(found: readonly FileProblem[]): void
  record(record: FileRecord, layout: FileLayout): void
  plan(): FilePlan
}

function planner(mapping: FileMapping): Planner {
  const map = recordMapper(mapping)
  const days = new Set<Day>()
  const firstRows: RawRow[] = []
  const problems: FileProblem[] = []
  const counts = { rows: 0, totals: 0, problems: 0 }
  const complain = (found: readonly FileProblem[]) => {
    counts.problems += found.length
    problems.push(...found.slice(0, problemsMax - problems.length))
  }
  return {
    problems: complain,
    record(record, layout) {
      if (record.line <= layout.headerLine) return
      const mapped = map(record, layout)
      if (mapped.kind === 'problems') return complain(mapped.problems)
      if (mapped.kind === 'totals') return void (counts.totals += 1)
      counts.rows += 1
      days.add(mapped.date)
      if (firstRows.length < firstRowsMax) firstRows.push(mapped.row)
    },
    plan: () => ({
      days: [...days].sort(),
      rows: counts.rows,
      totals: counts.totals,
      firstRows,
      problems,
      problemCount: counts.problems,
    }),
  }
}

/** Pure: what importing these texts would do. */
export function planFileImport(
  files: readonly { readonly file: string; readonly text: string }[],
  mapping: FileMapping,
): FilePlan {
  const plan = planner(mapping)
  for (const { file, text } of files) {
    const { layout, problems } = findLayout(file, text, true, mapping)
    plan.problems(problems)
    if (layout) for (const record of recordsOf(text, file, layout.delimiter, false)) plan.record(record, layout)
  }
  return plan.plan()
}

/** A file whose columns were looked for, and what it really is. */
export interface OpenedFile {
  readonly layout: FileLayout | undefined
  readonly problems: readonly FileProblem[]
  readonly format: FileFormat
  readonly encoding: string
  /** Of a format that names its values row by row. */
  readonly names: readonly string[]
}

/** Looks at the beginning of a file. Throws FILES_UNREADABLE, FILES_ENCODING, FILES_JSON_BROKEN, FILES_PARQUET_BROKEN. */
export async function openFile(file: string, mapping: FileMapping): Promise<OpenedFile> {
  const { text, encoding, whole, format } = await sampleOf(file, mapping.file.encoding)
  if (format === 'text') return { ...findLayout(file, text, whole, mapping), format, encoding, names: [] }
  const names = format === 'jsonl' ? jsonNames(text, file, whole) : await parquetNames(file)
  return { ...layoutOf({ file, delimiter: '', headerLine: 0 }, names, mapping), format, encoding, names }
}

/** The records of an opened file after its header, streamed. Throws FILES_* for what is not of its format. */
export async function* fileRecords(
  file: string,
  { format, encoding, names }: Omit<OpenedFile, 'problems' | 'layout'>,
  layout: FileLayout,
): AsyncGenerator<FileRecord, void, undefined> {
  const records =
    format === 'parquet'
      ? parquetRecords(file)
      : format === 'jsonl'
        ? jsonRecords(file, encoding, names)
        : csvRecords(file, { encoding, delimiter: layout.delimiter })
  for await (const record of records) if (record.line > layout.headerLine) yield record
}

/**
 * What importing these files would do, read from disk in a stream: `--dry-run`.
 * Throws FILES_UNREADABLE, FILES_ENCODING, FILES_*_BROKEN; everything else is a problem of the plan.
 */
export async function previewFile(files: readonly string[], mapping: FileMapping): Promise<FilePlan> {
  const plan = planner(mapping)
  for (const file of files) {
    const opened = await openFile(file, mapping)
    plan.problems(opened.problems)
    if (!opened.layout) continue
    for await (const record of fileRecords(file, opened, opened.layout)) plan.record(record, opened.layout)
  }
  return plan.plan()
}
