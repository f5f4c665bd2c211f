import { readFileSync } from 'node:fs'
import pg from 'pg'
import { expect, test } from 'vitest'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import { checksumOf, migrateSchema } from '../src/warehouse/migrate.ts'
import { openPool } from '../src/warehouse/postgres-pool.ts'
import { openPlain } from '../src/warehouse/table-sums.ts'
import { columnsHash, readRelease } from './release-fixture.ts'
import type { ReleaseTable } from './release-fixture.ts'

/* The database of a release, with its own migrations and a demo's rows, is brought up to this program and keeps every row. */

const migrations = new URL('../src/warehouse/migrations/', import.meta.url)

async function fill(client: pg.Client, { name, columns, rows }: ReleaseTable): Promise<void> {
  const table = `millrace.${pg.escapeIdentifier(name)}`
  const list = columns.map((one) => pg.escapeIdentifier(one)).join(', ')
  const objects = rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]])))
  const { rows: types } = await client.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute where attrelid = $1::regclass and attnum > 0`,
    [table],
  )
  const cast = columns.map(
    (column) => `(r ->> ${pg.escapeLiteral(column)})::${types.find(({ name: one }) => one === column)?.type}`,
  )
  await client.query(`alter table ${table} disable trigger all; delete from ${table}`)
  await client.query(
    `insert into ${table} (${list}) overriding system value select ${cast.join(', ')} from jsonb_array_elements($1::jsonb) r`,
    [JSON.stringify(objects)],
  )
  await client.query(`alter table ${table} enable trigger all`)
}

test('the database of the last release migrates to this one with equal rows', async () => {
  const release = readRelease()
  await using source = await openTestWarehouse()
  const admin = await openPlain(source.connection)
  const database = `test_${process.pid}_release`
  await admin.query(`create database ${database}`)
  const client = await openPlain({ ...source.connection, database })
  try {
    await client.query(
      'set search_path = millrace; create schema millrace; create table migration (name text primary key, checksum text not null, applied_at timestamptz not null default now())',
    )
    for (const { name, checksum } of release.migrations) {
      const text = readFileSync(new URL(name, migrations), 'utf8')
      // A migration that was released is never changed: a database that has it would not get the change.
      expect([name, checksumOf(text)]).toEqual([name, checksum])
      await client.query(text)
      await client.query('insert into migration (name, checksum) values ($1, $2)', [name, checksum])
    }
    await client.query('set search_path = pg_catalog')
    for (const table of release.tables) await fill(client, table)
    for (const table of release.tables)
      expect([table.name, await columnsHash(client, table)]).toEqual([table.name, table.hash])
    const pool = await openPool(
      { ...source.connection, database },
      { schema: 'millrace', connections: 2, statementTimeoutMs: 60_000, lockTimeoutMs: 60_000, place: () => 'release' },
    )
    await migrateSchema(pool)
    expect(await migrateSchema(pool)).toEqual([])
    await pool.end()
    for (const table of release.tables)
      expect([table.name, await columnsHash(client, table)]).toEqual([table.name, table.hash])
  } finally {
    await client.end()
    await admin.query(`drop database ${database} with (force)`)
    await admin.end()
  }
}, 120_000)
