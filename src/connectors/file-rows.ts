import type { Day } from '../domain/day.ts'
import { isMillraceError } from '../domain/errors.ts'
import type { RawRow } from '../domain/mapping.ts'
import { currency } from '../domain/money.ts'
import type { CsvRecord } from './file-csv.ts'
import { cellPosition } from './file-csv.ts'
import type { FileLayout, FileProblem } from './file-header.ts'
import type { FileField, FileMapping } from './file-mapping.ts'
import { fileFields, mappedFields } from './file-mapping.ts'
import { dayReader, numberReader } from './file-values.ts'

/** What one record becomes: a row, or nothing because it holds totals, or the things in it that were not understood. */
export type FileRow =
  | { readonly kind: 'row'; readonly row: RawRow; readonly date: Day }
  | { readonly kind: 'totals' }
  | { readonly kind: 'problems'; readonly problems: readonly FileProblem[] }

export type MapRecord = (record: CsvRecord, layout: FileLayout) => FileRow

type Cell = { readonly value: string | null } | { readonly code: FileProblem['code']; readonly facts: object }

/** Compiles a mapping into the function that maps one record. Pure. */
export function recordMapper(mapping: FileMapping): MapRecord {
  const fields = mappedFields(mapping)
  const absent = new Set(mapping.file.absent)
  const read = cellReader(mapping)
  return (record, layout) => {
    const texts = fields.map((field) => textOf(field, record, layout, mapping))
    const cells = fields.map((field, index) => {
      const text = texts[index] ?? ''
      return read(field, absent.has(text.trim()) ? null : text)
    })
    if (hasNoPlace(fields, cells) && isTotals(record, mapping)) return { kind: 'totals' }
    const problems = fields.flatMap((field, index) =>
      problemOf(cells[index], { field, text: texts[index] ?? '', record, layout }),
    )
    if (problems.length > 0) return { kind: 'problems', problems }
    const row: Record<string, string | null> = {}
    for (const [index, field] of fields.entries()) row[field] = valueOf(cells[index])
    return { kind: 'row', row, date: row['date'] as Day }
  }
}

function textOf(field: FileField, record: CsvRecord, layout: FileLayout, mapping: FileMapping): string {
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
function isTotals(record: CsvRecord, mapping: FileMapping): boolean {
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
  readonly record: CsvRecord
  readonly layout: FileLayout
}

function problemOf(cell: Cell | undefined, { field, text, record, layout }: Where): readonly FileProblem[] {
  if (!cell || !('code' in cell)) return []
  const index = layout.cells.get(field)
  const position =
    index === undefined ? { line: record.line, column: 1 } : cellPosition(record, layout.delimiter, index)
  return [
    { code: cell.code, facts: { file: layout.file, ...position, field, value: text.slice(0, 200), ...cell.facts } },
  ]
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
    if (field === 'currency') return text === null ? needed(text) : currencyCell(text.trim())
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
