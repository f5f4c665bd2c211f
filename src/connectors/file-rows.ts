import type { Day } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { RawRow } from '../domain/mapping.ts'
import { currency } from '../domain/money.ts'
import { cellPosition } from './file-csv.ts'
import type { FileLayout, FileProblem } from './file-header.ts'
import type { FileField, FileMapping } from './file-mapping.ts'
import { fileFields, mappedFields } from './file-mapping.ts'
import { ratioChecker } from './file-ratio.ts'
import type { FileRecord } from './file-record.ts'
import { dayReader, numberReader } from './file-values.ts'

/** What one record becomes: a row, or nothing because it holds totals, or the things in it that were not understood. */
export type FileRow =
  | { readonly kind: 'row'; readonly row: RawRow; readonly date: Day }
  | { readonly kind: 'totals' }
  | { readonly kind: 'problems'; readonly problems: readonly FileProblem[] }

export type MapRecord = (record: FileRecord, layout: FileLayout) => FileRow

type Cell = { readonly value: string | null } | { readonly code: FileProblem['code']; readonly facts: object }

/** Compiles a mapping into the function that maps one record. Pure. */
export function recordMapper(mapping: FileMapping): MapRecord {
  const fields = mappedFields(mapping)
  const absent = new Set(mapping.file.absent)
  const read = cellReader(mapping)
  const readTyped = cellReader({ ...mapping, numbers: { decimal: '.', group: '' }, dates: ['YYYY-MM-DD'] })
  const derived = derivedProblems(mapping)
  return (record, layout) => {
    const texts = fields.map((field) => textOf(field, record, layout, mapping))
    const cells = fields.map((field, index) => {
      const text = texts[index] ?? ''
      const reader = isTyped(record, layout.cells.get(field)) ? readTyped : read
      return reader(field, absent.has(text.trim()) ? null : text)
    })
    if (hasNoPlace(fields, cells) && isTotals(record, mapping)) return { kind: 'totals' }
    const problems = fields.flatMap((field, index) =>
      problemOf(cells[index], { field, text: texts[index] ?? '', record, layout }),
    )
    if (problems.length > 0) return { kind: 'problems', problems }
    const row: Record<string, string | null> = {}
    for (const [index, field] of fields.entries()) row[field] = valueOf(cells[index])
    const wrong = derived(row, record, layout)
    return wrong.length > 0 ? { kind: 'problems', problems: wrong } : { kind: 'row', row, date: row['date'] as Day }
  }
}

function isTyped({ typed }: FileRecord, cell: number | undefined): boolean {
  return cell !== undefined && typed !== undefined && (typed === 'all' || typed.has(cell))
}

/** What a row says of itself a second time: its ratios, and the day on which it ends. */
function derivedProblems(mapping: FileMapping) {
  const differs = ratioChecker(mapping)
  const readDay = dayReader([...mapping.dates, 'YYYY-MM-DD'])
  return (row: RawRow, record: FileRecord, layout: FileLayout): readonly FileProblem[] => {
    const problems: FileProblem[] = []
    for (const [ratio, cell] of layout.ratios) {
      const found = differs(ratio, record.cells[cell] ?? '', row)
      if (found) problems.push({ code: 'FILES_RATIO_DIFFERS', facts: { ...placeOf(record, layout, cell), ...found } })
    }
    const last = record.cells[layout.sameDay]?.trim() ?? ''
    if (layout.sameDay >= 0 && last !== '' && readDay(last) !== row['date'])
      problems.push({
        code: 'FILES_DAYS_SPANNED',
        facts: { ...placeOf(record, layout, layout.sameDay), date: row['date'] ?? '', value: last.slice(0, 200) },
      })
    return problems
  }
}

function textOf(field: FileField, record: FileRecord, layout: FileLayout, mapping: FileMapping): string {
  const cell = layout.cells.get(field)
  return cell === undefined ? (mapping.constants[field] ?? '') : (record.cells[cell] ?? '')
}

function valueOf(cell: Cell | undefined): string | null {
  return cell && 'value' in cell ? cell.value : null
}

function hasNoPlace(fields: readonly FileField[], cells: readonly Cell[]): boolean {
  return ['date', 'campaign_id'].some((field) => valueOf(cells[fields.indexOf(field as FileField)]) === null)
}

/** A campaign may be called "Total …", so only a line that has no day or no campaign can be one of totals. */
function isTotals(record: FileRecord, mapping: FileMapping): boolean {
  const first =
    record.cells
      .find((cell) => cell.trim() !== '')
      ?.trim()
      .toLowerCase() ?? ''
  return mapping.file.totals.some((word) => first.startsWith(word.trim().toLowerCase()))
}

interface Where {
  readonly field: FileField
  readonly text: string
  readonly record: FileRecord
  readonly layout: FileLayout
}

function problemOf(cell: Cell | undefined, { field, text, record, layout }: Where): readonly FileProblem[] {
  if (!cell || !('code' in cell)) return []
  const place = placeOf(record, layout, layout.cells.get(field))
  return [{ code: cell.code, facts: { ...place, field, value: text.slice(0, 200), ...cell.facts } }]
}

/** File, line and column of a cell, as an editor shows it; a format without columns has the record's first. */
function placeOf(record: FileRecord, layout: FileLayout, cell: number | undefined) {
  const position =
    cell === undefined || layout.delimiter === ''
      ? { line: record.line, column: 1 }
      : cellPosition(record, layout.delimiter, cell)
  return { file: layout.file, ...position }
}

type CellReader = (field: FileField, text: string | null) => Cell

function cellReader(mapping: FileMapping): CellReader {
  const readDay = dayReader(mapping.dates)
  const readNumber = numberReader(mapping.numbers)
  const { decimal, group } = mapping.numbers
  const format = `digits${group === '' ? '' : `, "${group}" between groups of three`}, "${decimal}" before decimals`
  const numberProblem: Cell = { code: 'FILES_NUMBER_INVALID', facts: { format } }
  const needed = (text: string | null): Cell =>
    text === null ? { code: 'FILES_VALUE_MISSING', facts: {} } : { value: text.trim() }
  const number = (text: string | null, whole: boolean): Cell => {
    if (text === null) return { value: null }
    const value = readNumber(text)
    return value === undefined || (whole && value.includes('.')) ? numberProblem : { value }
  }
  return (field, text) => {
    if (field === 'campaign_id') return needed(text)
    if (field === 'date') {
      if (text === null) return needed(text)
      const value = readDay(text)
      return value === undefined
        ? { code: 'FILES_DATE_INVALID', facts: { format: mapping.dates.join(' or ') } }
        : { value }
    }
    if (field === 'currency' && text !== null) return currencyCell(text.trim())
    // A file that may lack the column is in the account's currency; who reads the row for an account fills it in.
    if (field === 'currency') return mapping.optional.includes('currency') ? { value: null } : needed(text)
    if (fileFields[field] === 'text') return { value: text?.trim() ?? null }
    return number(text, fileFields[field] === 'bigint')
  }
}

function currencyCell(code: string): Cell {
  try {
    return { value: currency(code) }
  } catch (error) {
    if (isMillraceError(error, 'DOMAIN_CURRENCY_UNKNOWN')) return { code: 'FILES_CURRENCY_INVALID', facts: {} }
    throw error
  }
}
