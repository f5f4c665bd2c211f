import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, describe, expect, test } from 'vitest'
import { handOver, launchFor, launchProgram } from './embedded-launch.ts'
import { adapter } from './postgres.ts'
import { isPostmasterOf, readPostmaster } from './postmaster-file.ts'
import { warehouseContract } from './warehouse.contract.ts'
import type { WarehouseUnderTest } from './warehouse.contract.ts'

/*
 * Against the server of MILLRACE_TEST_POSTGRES_URL. Where that server's programs lie on this machine, the contract starts a private
 * cluster with them, because it kills its server with kill -9, and others may be using the one of the URL.
 */
const url = process.env['MILLRACE_TEST_POSTGRES_URL'] ?? ''
const required = (process.env['MILLRACE_REQUIRE'] ?? '').split(',').includes('postgres')
const absence =
  url === '' ? 'no Postgres: set MILLRACE_TEST_POSTGRES_URL (scripts/services.sh start postgres)' : undefined
const skip = required ? undefined : absence

async function ask<Row extends pg.QueryResultRow>(at: string, sql: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: at })
  await client.connect()
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

interface Cluster {
  readonly url: string
  readonly kill: () => Promise<void>
  readonly restart: () => Promise<void>
  /** All of it where it is ours, else the databases that were made. */
  readonly remove: (made?: readonly string[]) => Promise<void>
}

/** A cluster with the same programs as the server of the URL, in a folder of its own. */
async function privateCluster(bin: string): Promise<Cluster> {
  const dir = await mkdtemp(join(tmpdir(), 'millrace-postgres-'))
  const data = join(dir, 'data')
  const launch = launchFor(data)
  await chmod(dir, 0o700)
  handOver(dir, launch)
  const password = randomBytes(12).toString('hex')
  await writeFile(join(dir, 'password'), password)
  handOver(join(dir, 'password'), launch)
  const port = await freePort()
  const run = (file: string, args: readonly string[]) =>
    new Promise<void>((resolve, reject) => {
      const child = launchProgram(launch, join(bin, file), args, { cwd: dir, stdio: 'ignore', detached: false })
      child.once('close', (code) => (code === 0 ? resolve() : reject(new TypeError(`${file} ended with ${code}`))))
    })
  const stop = () => run('pg_ctl', ['-D', data, '-m', 'immediate', '-w', 'stop'])
  const start = () =>
    run('pg_ctl', [
      '-D',
      data,
      '-w',
      '-l',
      join(dir, 'log'),
      '-o',
      `-p ${port} -k ${dir} -h 127.0.0.1 -c fsync=off`,
      'start',
    ])
  await run('initdb', [
    '-D',
    data,
    '-U',
    'millrace',
    '--auth=scram-sha-256',
    `--pwfile=${join(dir, 'password')}`,
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  ])
  await start()
  return {
    url: `postgres://millrace:${password}@127.0.0.1:${port}/postgres`,
    async kill() {
      const { pid } = readPostmaster(data) ?? { pid: 0 }
      process.kill(pid, 'SIGKILL')
      while (isPostmasterOf(pid, data)) await new Promise((resolve) => setTimeout(resolve, 2))
    },
    async restart() {
      // The killed server's children take a moment to notice; until then its memory is in use and a start is refused.
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await start()
        } catch (error) {
          if (attempt > 100) throw error
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
    },
    async remove() {
      await stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A server of somebody else, perhaps on another machine: all that can be killed is its sessions. */
function foreignCluster(): Cluster {
  return {
    url,
    kill: async () => {
      await ask(url, `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'millrace'`)
    },
    restart: () => Promise.resolve(),
    async remove(made = []) {
      for (const database of made) await ask(url, `drop database if exists ${database} with (force)`)
    },
  }
}

async function openCluster(): Promise<Cluster> {
  const [found] = await ask<{ setting: string }>(url, `select setting from pg_config where name = 'BINDIR'`).catch(
    () => [],
  )
  return found && existsSync(join(found.setting, 'initdb')) ? privateCluster(found.setting) : foreignCluster()
}

async function open(): Promise<WarehouseUnderTest & AsyncDisposable> {
  const cluster = await openCluster()
  const made: string[] = []
  const create = async (from: string) => {
    const database = `contract_${process.pid}_${made.length}`
    made.push(database)
    await ask(cluster.url, `create database ${database} ${from}`)
    const warehouse = await adapter.open(
      adapter.options.parse({ url: cluster.url.replace(/\/postgres$/, `/${database}`) }),
    )
    return { database, warehouse }
  }
  const { database: template, warehouse: first } = await create('')
  await first.migrate()
  await first[Symbol.asyncDispose]()
  return {
    fresh: async () => (await create('')).warehouse,
    migrated: async () => (await create(`template ${template}`)).warehouse,
    kill: () => cluster.kill(),
    restart: () => cluster.restart(),
    async [Symbol.asyncDispose]() {
      await cluster.remove(made)
    },
  }
}

warehouseContract('postgres', { open, skip })

describe('an address that leads nowhere', () => {
  const openAt = (address: string) => adapter.open(adapter.options.parse({ url: address }))

  test('is unreachable, and may be tried again', async () => {
    const port = await freePort()
    await expect(openAt(`postgres://u:secret@127.0.0.1:${port}/d`)).rejects.toMatchObject({
      code: 'WAREHOUSE_UNREACHABLE',
      retryable: true,
      exitCode: 4,
    })
    await expect(openAt('postgres:///d?host=/nowhere/at/all')).rejects.toMatchObject({ code: 'WAREHOUSE_UNREACHABLE' })
  })

  test('that is no URL is named without its password', async () => {
    const attempts = ['mysql://u:secret@h/d', 'postgres://u:secret@h:port/d', 'secret']
    for (const address of attempts) {
      const error: unknown = await openAt(address).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'WAREHOUSE_URL_INVALID' })
      expect((error as Error).message + JSON.stringify(error)).not.toContain('secret')
    }
  })
})

describe.skipIf(skip !== undefined)(`your own Postgres${skip ? ` (skipped: ${skip})` : ''}`, () => {
  let cluster: Promise<Cluster> | undefined
  const shared = () => (cluster ??= openCluster())
  afterAll(async () => (await cluster)?.remove())

  test('that refuses the password, or has no such database, says which', async () => {
    const good = (await shared()).url
    const openAt = (address: string) => adapter.open(adapter.options.parse({ url: address }))
    await expect(openAt(good.replace(/:[^:@/]+@/, ':wrong@'))).rejects.toMatchObject({
      code: 'WAREHOUSE_AUTH',
      exitCode: 7,
    })
    await expect(openAt(good.replace(/\/postgres$/, '/absent'))).rejects.toMatchObject({
      code: 'WAREHOUSE_DATABASE_MISSING',
    })
  })

  test('whose user may not create a schema says so, and works once the schema is given to it', async () => {
    const good = (await shared()).url
    await ask(good, `create role narrow login password 'narrow'`)
    await using warehouse = await adapter.open(
      adapter.options.parse({ url: good.replace(/\/\/[^@]+@/, '//narrow:narrow@'), schema: 'given' }),
    )
    await expect(warehouse.migrate()).rejects.toMatchObject({ code: 'WAREHOUSE_PERMISSION' })
    await ask(good, 'create schema given authorization narrow')
    expect((await warehouse.migrate()).length).toBeGreaterThan(2)
    expect(await warehouse.query('select platform from daily_campaign_metrics')).toEqual([])
  })

  test('that is a standby or set to read only says so', async () => {
    const good = (await shared()).url
    await using warehouse = await adapter.open(
      adapter.options.parse({
        url: `${good}?options=${encodeURIComponent('-c default_transaction_read_only=on')}`,
        schema: 'unwritable',
      }),
    )
    await expect(warehouse.migrate()).rejects.toMatchObject({ code: 'WAREHOUSE_READ_ONLY' })
  })

  test('whose statements take too long, or whose locks are held, says which', async () => {
    const good = (await shared()).url
    await using warehouse = await adapter.open(
      adapter.options.parse({ url: good, statementTimeoutMs: 300, lockTimeoutMs: 100 }),
    )
    await expect(warehouse.query('select pg_sleep(5)')).rejects.toMatchObject({
      code: 'WAREHOUSE_STATEMENT_TIMEOUT',
      retryable: true,
    })
    await warehouse.transaction(async (session) => {
      await session.query('select pg_advisory_xact_lock(1)')
      await expect(warehouse.query('select pg_advisory_xact_lock(1)')).rejects.toMatchObject({
        code: 'WAREHOUSE_LOCK_TIMEOUT',
      })
    })
  })
})
