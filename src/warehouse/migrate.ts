import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import pg from 'pg'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { PostgresPool } from './postgres-pool.ts'
import type { Session, Warehouse } from './warehouse.ts'

/** One file of `migrations/`: its name orders it, its checksum holds it still once it has been applied. */
interface Migration {
  readonly name: string
  readonly text: string
  readonly checksum: string
}

interface Applied {
  readonly name: string
  readonly checksum: string
  readonly [column: string]: unknown
}

const folder = new URL('./migrations/', import.meta.url)

/** Line ends are made equal first, because git may have changed them on Windows. */
export function checksumOf(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex')
}

function readMigrations(): readonly Migration[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
  return names.map((name) => {
    const text = readFileSync(new URL(name, folder), 'utf8')
    return { name, text, checksum: checksumOf(text) }
  })
}

/** Changes when any migration changes: names databases that were made from them. */
export function migrationsChecksum(): string {
  return readMigrations()
    .map((one) => `${one.name} ${one.checksum}`)
    .join('\n')
}

/**
 * What is still to be applied. Throws WAREHOUSE_MIGRATION_CHANGED when an applied file has another text now, and
 * WAREHOUSE_MIGRATION_UNKNOWN when the database is ahead of this program.
 */
export function pendingMigrations(
  known: readonly Migration[],
  applied: readonly Applied[],
  schema: string,
): readonly Migration[] {
  const byName = new Map(known.map((one) => [one.name, one]))
  for (const { name, checksum } of applied) {
    const file = byName.get(name)
    if (!file) throw new MillraceError('WAREHOUSE_MIGRATION_UNKNOWN', { migration: name, schema })
    if (file.checksum !== checksum) throw new MillraceError('WAREHOUSE_MIGRATION_CHANGED', { migration: name, schema })
  }
  const done = new Set(applied.map((one) => one.name))
  return known.filter((one) => !done.has(one.name))
}

const readApplied = 'select name, checksum from migration order by name'

/** Null when the schema has never been migrated. */
async function appliedOf(pool: PostgresPool): Promise<readonly Applied[] | null> {
  const { schema } = pool.connection
  const found = await pool.query(`select to_regclass($1) is not null as found`, [`${schema}.migration`])
  return found[0]?.['found'] ? pool.query<Applied>(readApplied) : null
}

async function createLedger(session: Session, schema: string): Promise<void> {
  const [found] = await session.query('select to_regnamespace($1) is not null as found', [schema])
  // Only when absent: `if not exists` still asks for the right to create schemas, which a careful administrator may not give.
  if (!found?.['found']) await session.query(`create schema ${pg.escapeIdentifier(schema)}`)
  await session.query(`create table if not exists migration (
    name text primary key, checksum text not null, applied_at timestamptz not null default now())`)
}

/** Names of migrations that this program has and the database has not; all of them when it was never migrated. Changes nothing. */
export async function missingMigrations({
  connection,
  query,
}: Pick<Warehouse, 'connection' | 'query'>): Promise<readonly string[]> {
  const { schema } = connection
  const [found] = await query('select to_regclass($1) is not null as found', [`${schema}.migration`])
  const applied = found?.['found'] === true ? await query<Applied>(readApplied) : []
  return pendingMigrations(readMigrations(), applied, schema).map(({ name }) => name)
}

/** Applies the next missing migration in a transaction of its own; null when none is missing. */
async function applyNext(session: Session, known: readonly Migration[], schema: string): Promise<string | null> {
  // Two starters at once: the second waits here and then finds the work done.
  await session.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`millrace migrations of ${schema}`])
  await createLedger(session, schema)
  const [next] = pendingMigrations(known, await session.query<Applied>(readApplied), schema)
  if (!next) return null
  try {
    await session.query(next.text)
  } catch (cause) {
    const state = (cause as { code?: unknown }).code
    // What is wrong with the server (disk, connection, rights) has a code of its own; what is wrong with the text has class 42.
    if (isMillraceError(cause) || typeof state !== 'string' || !state.startsWith('42') || state === '42501') throw cause
    throw new MillraceError(
      'WAREHOUSE_MIGRATION_FAILED',
      { migration: next.name, reason: (cause as Error).message },
      { cause },
    )
  }
  await session.query('insert into migration (name, checksum) values ($1, $2)', [next.name, next.checksum])
  return next.name
}

/** Brings the schema up to this program's version and returns the names of what was applied; none when it was up to date. */
export async function migrateSchema(pool: PostgresPool): Promise<readonly string[]> {
  const { schema } = pool.connection
  const known = readMigrations()
  const applied = await appliedOf(pool)
  if (applied && pendingMigrations(known, applied, schema).length === 0) return []
  const step = (session: Session) => applyNext(session, known, schema)
  // A schema that is new is there whole or not at all, and pays for one commit; an old one keeps each step that succeeded.
  return applied
    ? applyEach(() => pool.transaction(step))
    : pool.transaction((session) => applyEach(() => step(session)))
}

async function applyEach(next: () => Promise<string | null>): Promise<readonly string[]> {
  const names: string[] = []
  for (;;) {
    const name = await next()
    if (name === null) return names
    names.push(name)
  }
}
