import { readFileSync } from 'node:fs'

const names = [
  'promote',
  'claim-run',
  'abandon',
  'run-tasks',
  'external-run',
  'external-task',
  'external-rest',
  'waiting-accounts',
  'incident-checks',
  'incident-news',
  'incident-partitions',
  'incident-series',
  'owed-days',
  'owed-accounts',
  'begin-accounts',
  'ledger-from-ended',
  'tell-late',
  'backfills',
  'next-instant',
  'simulated-runs',
  'scheduled-days',
  'old-runs',
  'tell-recovered',
  'worker-seconds',
  'workers',
  'last-runs',
  'calls-of-day',
  'calls-of-slice',
  'models-sources',
  'reap',
  'inspect-tasks',
  'ledger-from-runs',
  'ledger-from-partitions',
] as const

export type SqlName = (typeof names)[number]

const texts = new Map<SqlName, string>()

/** The text of a `.sql` file of this room; read once. */
export function sql(name: SqlName): string {
  const known = texts.get(name)
  if (known !== undefined) return known
  const text = readFileSync(new URL(`./${name}.sql`, import.meta.url), 'utf8')
  texts.set(name, text)
  return text
}
