import { MillraceError } from '../../../domain/errors.ts'
import { printTable } from '../adapter/print-table.ts'
import { Table } from '../adapter/table.ts'
import { items } from '../jinja/operators.ts'
import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict } from '../jinja/value.ts'

interface Formatted {
  readonly name: string
  readonly dataType: string
}

const COLUMN_WIDTH_MAX = 50

/** `exceptions.raise_contract_error`: which columns of a model are not what its schema file promises. */
export function contractFailed({
  yaml_columns: promised = [],
  sql_columns: found = [],
}: Partial<Record<'yaml_columns' | 'sql_columns', Value>>): never {
  throw new MillraceError('TRANSFORM_RAISED', { message: messageOf(formatted(promised), formatted(found)) })
}

function formatted(columns: Value): Formatted[] {
  return items(columns).flatMap((column) =>
    column instanceof PyDict
      ? [{ name: str(column.get('name') ?? ''), dataType: str(column.get('data_type') ?? '') }]
      : [],
  )
}

function messageOf(promised: readonly Formatted[], found: readonly Formatted[]): string {
  if (promised.length === 0) return "This model has an enforced contract, and its 'columns' specification is missing"
  const rows = mismatches(promised, found).sort(([left = ''], [right = '']) =>
    left < right ? -1 : left > right ? 1 : 0,
  )
  const table = new Table(['column_name', 'definition_type', 'contract_type', 'mismatch_reason'], rows)
  return [
    'This model has an enforced contract that failed.',
    "Please ensure the name, data_type, and number of columns in your contract match the columns in your model's definition.",
    '',
    `${printTable(table, { rowsMax: null, widthMax: COLUMN_WIDTH_MAX })}\n`,
  ].join('\n')
}

function mismatches(promised: readonly Formatted[], found: readonly Formatted[]): string[][] {
  const ofFound = found.flatMap((column) => {
    const other = promised.find(({ name }) => name === column.name)
    if (other === undefined) return [[column.name, column.dataType, '', 'missing in contract']]
    const isSame = other.dataType === column.dataType
    return isSame ? [] : [[column.name, column.dataType, other.dataType, 'data type mismatch']]
  })
  const names = new Set(found.map(({ name }) => name))
  const missing = promised.filter(({ name }) => !names.has(name))
  return [...ofFound, ...missing.map(({ name, dataType }) => [name, '', dataType, 'missing in definition'])]
}
