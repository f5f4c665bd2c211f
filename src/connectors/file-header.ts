import type { filesErrors } from '../domain/errors-files.ts'
import type { Facts } from '../domain/errors.ts'
import { recordsOf, sampleBytes } from './file-csv.ts'
import type { FileField, FileMapping } from './file-mapping.ts'

/** Where the columns of one file are. */
export interface FileLayout {
  readonly file: string
  readonly delimiter: string
  /** Line of the header; rows come after it. */
  readonly headerLine: number
  /** Index of the cell of each mapped column. */
  readonly cells: ReadonlyMap<FileField, number>
}

const delimiters = [',', ';', '\t', '|']

/** One thing in a file that was not understood; the catalogue's text for the code says it to people, with file, line and column. */
export interface FileProblem {
  readonly code: FilesCode
  readonly facts: Facts
}

export type FilesCode = keyof typeof filesErrors

/** A header stands at the top; a report's preamble has some lines, not hundreds. */
const headerLinesMax = 50

/**
 * Finds delimiter and header: the first line that has most of the mapped columns, which should be all. Pure; `text` is the
 * beginning of the file. Every column that cannot be found is a problem.
 */
export function findLayout(
  file: string,
  text: string,
  whole: boolean,
  mapping: FileMapping,
): { readonly layout: FileLayout | undefined; readonly problems: readonly FileProblem[] } {
  const wanted = Object.entries(mapping.columns) as [FileField, { header: string; nth: number | null }][]
  const tried = (mapping.file.delimiter === null ? delimiters : [mapping.file.delimiter]).flatMap((delimiter) =>
    recordsOf(text.slice(0, sampleBytes), file, delimiter, !whole || text.length > sampleBytes)
      .filter(({ line }) => mapping.file.headerLine === null || line === mapping.file.headerLine)
      .slice(0, headerLinesMax)
      .map((record) => ({ delimiter, record, names: record.cells.map(tidy) })),
  )
  const hits = (names: readonly string[]) => wanted.filter(([, { header }]) => names.includes(tidy(header))).length
  const best = tried.reduce<(typeof tried)[number] | undefined>(
    (found, one) => (!found || hits(one.names) > hits(found.names) ? one : found),
    undefined,
  )
  if (!best) return { layout: undefined, problems: [{ code: 'FILES_EMPTY', facts: { file } }] }
  const line = best.record.line
  const cells = wanted.map(([field, column]) => ({
    field,
    found: cellOf({ file, line, field, ...column }, best.names),
  }))
  const problems = cells.flatMap(({ found }) => (typeof found === 'number' ? [] : [found]))
  const known = cells.flatMap(({ field, found }) => (typeof found === 'number' ? [[field, found] as const] : []))
  const layout = { file, delimiter: best.delimiter, headerLine: line, cells: new Map(known) }
  return { layout: problems.length === 0 ? layout : undefined, problems }
}

/** Composed letters and plain spaces: Hangul of a file from macOS is the same text in other bytes. */
function tidy(text: string): string {
  return text.normalize('NFC').replaceAll(/\s+/g, ' ').trim()
}

interface Wanted {
  readonly file: string
  readonly line: number
  readonly field: FileField
  readonly header: string
  readonly nth: number | null
}

function cellOf({ nth, ...facts }: Wanted, names: readonly string[]): number | FileProblem {
  const found = names.flatMap((name, index) => (name === tidy(facts.header) ? [index] : []))
  const cell = found[(nth ?? 1) - 1]
  if (cell === undefined) {
    const near = alike(facts.header, names).map((name) => `"${name}"`)
    const all = names.filter((name) => name !== '').map((name) => `"${name}"`)
    const seen = { near: near.join(', ') || 'none', found: all.join(', ').slice(0, 1_000) || 'none' }
    return { code: 'FILES_COLUMN_UNKNOWN', facts: { ...facts, ...seen } }
  }
  if (nth !== null || found.length === 1) return cell
  return { code: 'FILES_COLUMN_AMBIGUOUS', facts: { ...facts, count: found.length } }
}

/** Names that share most pairs of letters with the wanted one, at most three, the likest first. */
export function alike(wanted: string, names: readonly string[]): readonly string[] {
  return [...new Set(names)]
    .map((name) => ({ name, share: sharedPairs(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ share }) => share >= 0.4)
    .sort((a, b) => b.share - a.share)
    .slice(0, 3)
    .map(({ name }) => name)
}

/** Dice's coefficient over pairs of neighbouring letters: 1 for the same text, 0 for nothing in common. */
function sharedPairs(a: string, b: string): number {
  if (a === b) return 1
  const pairs = (text: string) =>
    new Set(Array.from({ length: text.length - 1 }, (_, index) => text.slice(index, index + 2)))
  const [ofA, ofB] = [pairs(` ${a} `), pairs(` ${b} `)]
  return (2 * [...ofA].filter((pair) => ofB.has(pair)).length) / (ofA.size + ofB.size)
}
