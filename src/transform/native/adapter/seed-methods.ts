import { bind } from '../jinja/arguments.ts'
import { str } from '../jinja/text.ts'
import { PythonError } from '../jinja/value.ts'
import type { Value } from '../jinja/value.ts'
import { relationArgument } from './adapter-method.ts'
import type { Method } from './adapter-method.ts'
import { quoteName } from './relation.ts'
import { SeedTable, seedTypes } from './seed-table.ts'

/** The most values of one statement that Postgres takes is 65535. */
const VALUES_MAX = 60_000

/** Seeds quote their columns unless the configuration says otherwise. */
function columnName(name: string, quoted: Value): string {
  return quoted === false ? name : quoteName(name)
}

const convertType: Method = (_options, call) => {
  const [table, index = 0] = call.positional
  if (!(table instanceof SeedTable)) throw new PythonError('TypeError', 'convert_type needs the table of a seed')
  return seedTypes[table.kinds[Number(index)] ?? 'text']
}

/** Rows go in by the thousand; Postgres itself turns the texts into what the columns are. */
const copySeedRows: Method = async ({ session }, call) => {
  const { table = null, quoted = null } = bind(call, ['relation', 'table', 'quoted'], 'copy_seed_rows')
  if (!(table instanceof SeedTable)) throw new PythonError('TypeError', 'copy_seed_rows needs the table of a seed')
  const relation = relationArgument(call)
  const columns = table.columnNames.map((name) => columnName(name, quoted))
  const batchRows = Math.max(1, Math.floor(VALUES_MAX / Math.max(1, columns.length)))
  for (let start = 0; start < table.texts.length; start += batchRows) {
    const rows = table.texts.slice(start, start + batchRows)
    const marks = rows.map(
      (_row, row) => `(${columns.map((_name, at) => `$${row * columns.length + at + 1}`).join(', ')})`,
    )
    await session.rows(
      `insert into ${relation.render()} (${columns.join(', ')}) values ${marks.join(', ')}`,
      rows.flat(),
    )
  }
  return ''
}

const truncateRelation: Method = async (options, call) => {
  await options.macro('truncate_relation').call({ positional: [relationArgument(call)], keyword: new Map() })
  return ''
}

export const seedMethods = {
  convert_type: convertType,
  quote_seed_column: ((_options, call) => {
    const { column = '', quote_config: quoted = null } = bind(call, ['column', 'quote_config'], 'quote_seed_column')
    return columnName(str(column), quoted)
  }) satisfies Method as Method,
  truncate_relation: truncateRelation,
  copy_seed_rows: copySeedRows,
} as const
