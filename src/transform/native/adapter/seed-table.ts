import { parse } from 'csv-parse/sync'
import { MillraceError } from '../../../domain/errors.ts'
import type { Value } from '../jinja/value.ts'
import { Table } from './table.ts'

/** What a seed's column is taken for; the order is dbt's: the first kind that fits every value wins. */
export type SeedKind = 'integer' | 'number' | 'date' | 'datetime' | 'boolean' | 'text'

/** dbt-postgres' types for them. A number with decimals is a float8, as dbt has it. */
export const seedTypes: Readonly<Record<SeedKind, string>> = {
  integer: 'integer',
  number: 'float8',
  date: 'date',
  datetime: 'timestamp without time zone',
  boolean: 'boolean',
  text: 'text',
}

const DATE = /^\d{4}-\d{1,2}-\d{1,2}$/
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const DATETIME = /^\d{4}-\d{2}-\d{2}(?:[ T]\d{2}(?::\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?)$/

const WHOLE = /^[+-]?\d+$/

const tests: readonly (readonly [SeedKind, (text: string) => boolean])[] = [
  ['integer', (text) => WHOLE.test(text)],
  ['number', (text) => NUMBER.test(text)],
  ['date', (text) => DATE.test(text) && realDay(text)],
  ['datetime', (text) => DATETIME.test(text) && realDay(text.slice(0, 10))],
  ['boolean', (text) => /^(?:true|false)$/i.test(text)],
  ['text', () => true],
]

function realDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number)
  const instant = new Date(Date.UTC(year, month - 1, day))
  return instant.getUTCMonth() === month - 1 && instant.getUTCDate() === day
}

function isNull(text: string): boolean {
  const bare = text.trim().toLowerCase()
  return bare === '' || bare === 'null'
}

/** A seed's rows: texts as they go to Postgres, and the kind of every column. */
export class SeedTable extends Table {
  readonly texts: readonly (readonly (string | null)[])[]
  readonly kinds: readonly SeedKind[]
  constructor(names: readonly string[], texts: readonly (readonly (string | null)[])[], kinds: readonly SeedKind[]) {
    super(
      names,
      texts.map((row) => row.map((text, at) => valueOf(text, kinds[at] ?? 'text'))),
    )
    this.texts = texts
    this.kinds = kinds
  }
}

function valueOf(text: string | null, kind: SeedKind): Value {
  if (text === null) return null
  if (kind === 'integer' || kind === 'number') return Number(text)
  return kind === 'boolean' ? text.toLowerCase() === 'true' : text
}

/** Reads a seed's file. Columns named in `textColumns` are given their own type and keep their texts. Throws TRANSFORM_SEED_INVALID. */
export function readSeed(text: string, file: string, delimiter: string, textColumns: ReadonlySet<string>): SeedTable {
  const [names = [], ...rows] = records(text, file, delimiter)
  const kinds = names.map((name, at): SeedKind => {
    if (textColumns.has(name.toLowerCase())) return 'text'
    const present = rows.map((row) => row[at] ?? '').filter((cell) => !isNull(cell))
    const kind = tests.find(([, fits]) => present.every((cell) => fits(cell.trim())))?.[0] ?? 'text'
    // dbt makes a column integer when none of its numbers has decimals, whatever way they are written: 2.0 and 1e3 are whole.
    return kind === 'number' && present.every((cell) => Number.isInteger(Number(cell))) ? 'integer' : kind
  })
  const cells = rows.map((row) =>
    names.map((_name, at) => {
      const cell = row[at] ?? ''
      if (isNull(cell)) return null
      if (kinds[at] === 'text') return cell
      return kinds[at] === 'integer' && !WHOLE.test(cell.trim()) ? String(BigInt(Number(cell))) : cell.trim()
    }),
  )
  return new SeedTable(names, cells, kinds)
}

function records(text: string, file: string, delimiter: string): string[][] {
  try {
    return parse(text, { delimiter, bom: true, skip_empty_lines: true, relax_column_count_less: true })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new MillraceError('TRANSFORM_SEED_INVALID', { file, message }, { cause })
  }
}
