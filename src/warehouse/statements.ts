import { readFileSync } from 'node:fs'

const names = [
  'stage',
  'load-first',
  'load-compare',
  'load-update',
  'load-delete',
  'load-insert',
  'load-history',
  'load-stubs',
  'load-outcome',
  'extract-record',
  'entity-refresh',
  'entity-close',
  'entity-insert',
  'entity-late',
  'entity-rewrite',
  'account-observe',
  'status',
  'restatements',
  'bi-views',
  'actions-first',
  'campaign-utm',
  'actions-gone',
  'conversions-pending',
  'maturity-seen',
  'maturity-curve',
  'naming-coverage',
  'fx-compare',
  'fx-store',
  'fx-fill',
] as const

export type StatementName = (typeof names)[number]

const texts = new Map<StatementName, string>()

/** The text of a `.sql` file of this room; read once. */
export function statement(name: StatementName): string {
  const known = texts.get(name)
  if (known !== undefined) return known
  const text = readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8')
  texts.set(name, text)
  return text
}
