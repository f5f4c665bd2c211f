import { argv } from 'node:process'
import { writeFileSync } from 'node:fs'
import { readFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import pg from 'pg'
import { tablesOf } from '../src/warehouse/table-sums.ts'

/** The database of a release: which migrations it had, and its rows as text with their sums. */
export interface ReleaseDatabase {
  readonly release: string
  readonly migrations: readonly { readonly name: string; readonly checksum: string }[]
  readonly tables: readonly ReleaseTable[]
}

export interface ReleaseTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | null)[])[]
  readonly hash: string
}

export const releaseFile = new URL('./fixtures/release-0.1.0.json.gz', import.meta.url)

export function readRelease(): ReleaseDatabase {
  return JSON.parse(gunzipSync(readFileSync(releaseFile)).toString('utf8')) as ReleaseDatabase
}

/** What is said of the machine that it was made on, or too large, is not part of it. */
const leftOut =
  /^(migration|outbox|lake_care|audit.*|access_.*|api_.*|engine_task_log|engine_worker|task_.*|session.*)$/

/** The sum of the hashes of some columns: those that a later release adds do not change it. */
export async function columnsHash(
  client: pg.Client,
  { name, columns }: Pick<ReleaseTable, 'name' | 'columns'>,
): Promise<string> {
  const list = columns.map((one) => pg.escapeIdentifier(one)).join(', ')
  const { rows } = await client.query<{ hash: string }>(
    `select count(*) || ':' || coalesce(sum(('x' || substr(md5(row(${list})::text), 1, 16))::bit(64)::bigint::numeric), 0) as hash
     from millrace.${pg.escapeIdentifier(name)}`,
  )
  return rows[0]?.hash ?? ''
}

/** Writes the file anew from a database: `node test/release-fixture.ts RELEASE URL`; for each release, once, from its own demo. */
async function write(release: string, url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, options: '-c timezone=UTC -c search_path=pg_catalog' })
  await client.connect()
  const migrations = await client.query<{ name: string; checksum: string }>(
    'select name, checksum from millrace.migration order by name',
  )
  const tables: ReleaseTable[] = []
  for (const { schema, name } of await tablesOf(client)) {
    if (schema !== 'millrace' || leftOut.test(name)) continue
    const found = await client.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
      [`millrace.${name}`],
    )
    const columns = found.rows.map((one) => one.name)
    const list = columns.map((one) => `${pg.escapeIdentifier(one)}::text`).join(', ')
    const rows = await client.query({
      text: `select ${list} from millrace.${pg.escapeIdentifier(name)}`,
      rowMode: 'array',
    })
    if (rows.rows.length === 0) continue
    tables.push({
      name,
      columns,
      rows: rows.rows as (string | null)[][],
      hash: await columnsHash(client, { name, columns }),
    })
  }
  await client.end()
  const database: ReleaseDatabase = { release, migrations: migrations.rows, tables }
  writeFileSync(releaseFile, gzipSync(JSON.stringify(database), { level: 9 }))
}

if (import.meta.filename === argv[1]) await write(argv[2] ?? '', argv[3] ?? '')
