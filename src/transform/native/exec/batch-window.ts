import { PyDict } from '../jinja/value.ts'
import type { ColumnEntry, NodeBatch, NodeConfig } from '../parse/nodes.ts'
import { quoteName } from '../adapter/relation.ts'
import { isMapping } from '../project/shape.ts'

/** What is read by time: a model, seed, snapshot or source whose configuration names the column of its time. */
export interface Timed {
  readonly config: NodeConfig
  readonly columns: ReadonlyMap<string, ColumnEntry>
  /** Of a source: whether its columns are quoted, unless a column says so itself. */
  readonly quoting?: unknown
}

/** The condition by which a batch reads the rows of its window; null for what has no column of time. */
export function withinBatch(target: Timed, { start, end }: NodeBatch): string | null {
  const { event_time: name } = target.config
  if (typeof name !== 'string' || name === '') return null
  const field = isQuoted(target, name) ? quoteName(name) : name
  return `${field} >= '${start.text()}' and ${field} < '${end.text()}'`
}

function isQuoted({ columns, quoting }: Timed, name: string): boolean {
  const own = columns.get(name)?.quote
  if (typeof own === 'boolean') return own
  return isMapping(quoting) && quoting['column'] === true
}

/** The window of a batch as templates see it: `model.batch`. */
export function batchValue({ id, start, end }: NodeBatch): PyDict {
  return new PyDict([
    ['id', id],
    ['event_time_start', start],
    ['event_time_end', end],
  ])
}
