import { readFileSync } from 'node:fs'
import { Column } from './column.ts'
import type { Relation } from './relation.ts'
import type { Session } from './session.ts'

const COLUMNS = readFileSync(new URL('columns_of_relation.sql', import.meta.url), 'utf8')

/** The columns of a relation in their order; of the session's own temporary ones when it has no schema. */
export async function columnsOf(session: Session, relation: Relation): Promise<Column[]> {
  const rows = await session.rows(COLUMNS, [relation.schema, relation.identifier])
  const whole = (cell: unknown): number | null => (cell === null ? null : Number(cell))
  return rows.map(
    ([name, dtype, size, precision, scale]) =>
      new Column({
        name: String(name),
        dtype: String(dtype),
        characterSize: whole(size),
        numericPrecision: whole(precision),
        numericScale: whole(scale),
      }),
  )
}
