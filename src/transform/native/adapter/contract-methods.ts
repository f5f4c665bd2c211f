import { bind } from '../jinja/arguments.ts'
import { MillraceError } from '../../../domain/errors.ts'
import { items, truth } from '../jinja/operators.ts'
import { str } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { PyDict, PythonError } from '../jinja/value.ts'
import type { Method } from './adapter-method.ts'
import { Column } from './column.ts'
import { driverTypeName } from './driver-types.ts'
import { quoteName } from './relation.ts'

/** The columns of a query with the names that dbt's driver has for their types. */
const queryColumns: Method = async ({ session }, call) => {
  const answer = await session.execute(str(call.positional[0] ?? call.keyword.get('sql') ?? ''), true)
  return answer.fields.map(
    ({ name, oid }) =>
      new Column({
        name,
        // dbt knows a string of its driver as Postgres' text.
        dtype: driverTypeName(oid) === 'STRING' ? 'TEXT' : driverTypeName(oid),
        characterSize: null,
        numericPrecision: null,
        numericScale: null,
      }),
  )
}

function text(constraint: PyDict, key: string): string {
  const value = constraint.get(key) ?? null
  return value === null ? '' : str(value)
}

function names(constraint: PyDict, key: string): string {
  return items(constraint.get(key) ?? [])
    .map((name) => str(name))
    .join(', ')
}

function invalid(constraint: Value): never {
  throw new MillraceError('TRANSFORM_RAISED', { message: `Could not parse constraint: ${str(constraint)}` })
}

/** A constraint behind its column; null for one that says nothing, which dbt leaves out. */
function columnConstraint(constraint: Value): string | null {
  if (!(constraint instanceof PyDict)) return invalid(constraint)
  const expression = text(constraint, 'expression')
  const to = text(constraint, 'to')
  const forms: Readonly<Record<string, () => string>> = {
    check: () => (expression === '' ? '' : `check (${expression})`),
    not_null: () => `not null ${expression}`,
    unique: () => `unique ${expression}`,
    primary_key: () => `primary key ${expression}`,
    foreign_key: () => {
      const columns = names(constraint, 'to_columns')
      if (to !== '' && columns !== '') return `references ${to} (${columns})`
      return expression === '' ? '' : `references ${expression}`
    },
    custom: () => expression,
  }
  const form = forms[text(constraint, 'type')] ?? invalid(constraint)
  const rendered = form().trim()
  return rendered === '' ? null : rendered
}

/** A constraint of the whole table. */
function tableConstraint(constraint: Value): string | null {
  if (!(constraint instanceof PyDict)) return invalid(constraint)
  const [expression, to, name] = ['expression', 'to', 'name'].map((key) => text(constraint, key)) as [
    string,
    string,
    string,
  ]
  const columns = names(constraint, 'columns')
  const behind = expression === '' ? '' : ` ${expression}`
  const forms: Readonly<Record<string, () => string>> = {
    check: () => (expression === '' ? '' : `check (${expression})`),
    not_null: () => '',
    unique: () => `unique${behind} (${columns})`,
    primary_key: () => `primary key${behind} (${columns})`,
    foreign_key: () => {
      const target = names(constraint, 'to_columns')
      if (to !== '' && target !== '') return `foreign key (${columns}) references ${to} (${target})`
      return expression === '' ? '' : `foreign key (${columns}) references ${expression}`
    },
    custom: () => expression,
  }
  const form = forms[text(constraint, 'type')] ?? invalid(constraint)
  const rendered = form()
  return rendered === '' ? null : `${name === '' ? '' : `constraint ${name} `}${rendered}`
}

const columnsWithConstraints: Method = (_options, call) => {
  const { raw_columns: columns = null } = bind(call, ['raw_columns'], 'render_raw_columns_constraints')
  if (!(columns instanceof PyDict)) throw new PythonError('TypeError', 'raw_columns is a dict')
  return columns.values().map((column) => {
    if (!(column instanceof PyDict)) throw new PythonError('TypeError', 'a column is a dict')
    const name = text(column, 'name')
    const constraints = items(column.get('constraints') ?? []).flatMap((one) => columnConstraint(one) ?? [])
    const shown = truth(column.get('quote') ?? null) ? quoteName(name) : name
    return [`${shown} ${text(column, 'data_type')}`, ...constraints].join(' ')
  })
}

const tableConstraints: Method = (_options, call) => {
  const { raw_constraints: constraints = [] } = bind(call, ['raw_constraints'], 'render_raw_model_constraints')
  return items(constraints).flatMap((one) => tableConstraint(one) ?? [])
}

export const contractMethods = {
  get_column_schema_from_query: queryColumns,
  render_raw_columns_constraints: columnsWithConstraints,
  render_raw_model_constraints: tableConstraints,
} as const
