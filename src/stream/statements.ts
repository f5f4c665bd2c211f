import { readFileSync } from 'node:fs'

type StatementName =
  | 'log-append'
  | 'log-droppable'
  | 'counters-commit'
  | 'counters-acquire'
  | 'lake-read'
  | 'lake-cells'
  | 'lake-conversions'
  | 'events-clean'
  | 'reconcile-platform'

const texts = new Map<string, string>()

/** The text of a `.sql` file of this room; read once. */
export function statement(name: StatementName): string {
  const known = texts.get(name)
  if (known !== undefined) return known
  const text = readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8')
  texts.set(name, text)
  return text
}
