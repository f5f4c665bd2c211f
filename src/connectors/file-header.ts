import type { filesErrors } from '../domain/errors-files.ts'
import type { Facts } from '../domain/errors.ts'
import { recordsOf, sampleBytes } from './file-csv.ts'
import type { FileField, FileMapping, FileRatio } from './file-mapping.ts'

/** Where the columns of one file are. */
export interface FileLayout {
  readonly file: string
  readonly delimiter: string
  /** Line of the header; rows come after it. */
  readonly headerLine: number
  /** Index of the cell of each mapped column. */
  readonly cells: ReadonlyMap<FileField, number>
  /** Index of the cell of each ratio that the file has. */
  readonly ratios: ReadonlyMap<FileRatio, number>
  /** Index of the cell that must have the day of the row, or -1. */
  readonly sameDay: number
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
  const tried = (mapping.file.delimiter === null ? delimiters : [mapping.file.delimiter]).flatMap((delimiter) =>
    recordsOf(text.slice(0, sampleBytes), file, delimiter, !whole || text.length > sampleBytes)
      .filter(({ line }) => mapping.file.headerLine === null || line === mapping.file.headerLine)
      .slice(0, headerLinesMax)
      .map((record) => ({ delimiter, line: record.line, names: record.cells.map(tidy) })),
  )
  const wanted = Object.values(mapping.columns)
  const hits = (names: readonly string[]) =>
    wanted.filter(({ headers }) => headers.some((header) => names.some(matching(header)))).length
  const best = tried.reduce<(typeof tried)[number] | undefined>(
    (found, one) => (!found || hits(one.names) > hits(found.names) ? one : found),
    undefined,
  )
  if (!best) return { layout: undefined, problems: [{ code: 'FILES_EMPTY', facts: { file } }] }
  return layoutOf({ file, delimiter: best.delimiter, headerLine: best.line }, best.names, mapping)
}

/** Where the mapped columns stand among the names of a file, whatever its format. Every column that cannot be found is a problem. */
export function layoutOf(
  place: Pick<FileLayout, 'file' | 'delimiter' | 'headerLine'>,
  rawNames: readonly string[],
  mapping: FileMapping,
): { readonly layout: FileLayout | undefined; readonly problems: readonly FileProblem[] } {
  const names = rawNames.map(tidy)
  const columns = Object.entries(mapping.columns) as [FileField, { headers: readonly string[]; nth: number | null }][]
  const cells = columns
    .map(([field, column]) => ({
      field,
      found: cellOf({ file: place.file, line: Math.max(1, place.headerLine), field, ...column }, names),
    }))
    .filter(({ field, found }) => typeof found === 'number' || !isLacking(found) || !mapping.optional.includes(field))
  const problems = cells.flatMap(({ found }) => (typeof found === 'number' ? [] : [found]))
  const known = cells.flatMap(({ field, found }) => (typeof found === 'number' ? [[field, found] as const] : []))
  const sameDay = names.findIndex((name) => (mapping.sameDay ?? []).some((header) => matching(header)(name)))
  const layout = { ...place, cells: new Map(known), ratios: ratiosOf(names, mapping), sameDay }
  return { layout: problems.length === 0 ? layout : undefined, problems }
}

const isLacking = ({ code }: FileProblem) => code === 'FILES_COLUMN_UNKNOWN'

function ratiosOf(names: readonly string[], mapping: FileMapping): ReadonlyMap<FileRatio, number> {
  const ratios = Object.entries(mapping.ratios) as [FileRatio, { headers: readonly string[] }][]
  return new Map(
    ratios.flatMap(([ratio, { headers }]) => {
      const cell = names.findIndex((name) => headers.some((header) => matching(header)(name)))
      return cell < 0 ? [] : [[ratio, cell] as const]
    }),
  )
}

/** Whether a name is that header; `(*)` of the header is any text in brackets. */
function matching(header: string): (name: string) => boolean {
  const wanted = tidy(header)
  if (!wanted.includes('(*)')) return (name) => name === wanted
  const parts = wanted.split('(*)').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const shape = new RegExp(`^${parts.join('\\([^()]*\\)')}$`)
  return (name) => shape.test(name)
}

/** Composed letters and plain spaces: Hangul of a file from macOS is the same text in other bytes. */
function tidy(text: string): string {
  return text.normalize('NFC').replaceAll(/\s+/g, ' ').trim()
}

interface Wanted {
  readonly file: string
  readonly line: number
  readonly field: FileField
  readonly headers: readonly string[]
  readonly nth: number | null
}

function cellOf({ nth, headers, ...place }: Wanted, names: readonly string[]): number | FileProblem {
  const there = headers.find((one) => names.some(matching(one)))
  const header = there ?? headers.join('" or "')
  const found = there === undefined ? [] : names.flatMap((name, index) => (matching(there)(name) ? [index] : []))
  const cell = found[(nth ?? 1) - 1]
  const facts = { ...place, header }
  if (cell === undefined) {
    const near = [...new Set(headers.flatMap((one) => alike(one, names)))].slice(0, 3).map((name) => `"${name}"`)
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
