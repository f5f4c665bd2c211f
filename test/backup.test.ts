import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isMillraceError } from '../src/domain/errors.ts'
import { archiveFolder, isSegment, segmentsIn } from '../src/warehouse/archive.ts'
import { createBackup } from '../src/warehouse/backup-create.ts'
import { planRestore, restore } from '../src/warehouse/backup-restore.ts'
import { damagedFiles, refuseUnsound, verifyBackup } from '../src/warehouse/backup-verify.ts'
import { backupNamed, listBackups, walFolder } from '../src/warehouse/backup.ts'
import type { Backup } from '../src/warehouse/backup.ts'
import { walChain } from '../src/warehouse/backup-recover.ts'
import type { Target } from '../src/warehouse/backup-recover.ts'
import { startEmbedded } from '../src/warehouse/embedded-server.ts'
import { openPlain } from '../src/warehouse/table-sums.ts'

/*
 * The drill: a durable embedded server with its archive, a program that writes and is told what was committed, kill -9 of both, and a
 * restore that is held against what was acknowledged.
 */

const folder = mkdtempSync(join(tmpdir(), 'millrace backup 백업 '))
const clusterDir = join(folder, 'postgres')
const dir = join(folder, 'backups')
const signal = new AbortController().signal
const long = process.env['MILLRACE_LONG'] === '1'
const writer = join(import.meta.dirname, 'backup-writer.ts')

let backup: Backup

const codeOf = (error: unknown) => (isMillraceError(error) ? error.code : error)

async function ask<Row extends Readonly<Record<string, unknown>>>(sql: string): Promise<readonly Row[]> {
  const server = await startEmbedded({ dir: clusterDir })
  const session = await openPlain(server.connection)
  try {
    return (await session.query<Row>(sql)).rows
  } finally {
    await session.end()
    await server.stop()
  }
}

async function back(target: Target, of = backup): Promise<void> {
  const options = { dir, backup: of, clusterDir, target, nowMs: Date.now() }
  const plan = await planRestore(options)
  await restore(plan, options)
}

/** Writes until it is killed together with its server; what it was told is committed, by number and the time of the answer. */
async function killedUnderLoad(forMs: number): Promise<readonly { readonly id: number; readonly atMs: number }[]> {
  const server = await startEmbedded({ dir: clusterDir })
  const child = spawn(process.execPath, [writer, JSON.stringify(server.connection)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  await pause(forMs)
  process.kill(server.pid, 'SIGKILL')
  child.kill('SIGKILL')
  await once(child, 'exit')
  await server.stop().catch(() => undefined)
  // Its children notice that it is gone and end; a restore must not find them.
  await pause(300)
  const lines = said.slice(0, said.lastIndexOf('\n')).split('\n')
  return lines.map((line) => ({ id: Number(line.split(' ')[0]), atMs: Number(line.split(' ')[1]) }))
}

beforeAll(async () => {
  await ask(`create schema shop; create table shop.sale (id bigint primary key, body text not null);
    create table shop.day as select g as id, md5(g::text) as body from generate_series(1, 20000) g`)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a backup that is made while others write is whole: its files, its tables and the log behind it', async () => {
  const server = await startEmbedded({ dir: clusterDir })
  const child = spawn(process.execPath, [writer, JSON.stringify(server.connection)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  backup = await createBackup({ connection: server.connection, clusterDir, dir, nowMs: Date.now, signal })
  child.kill('SIGKILL')
  await once(child, 'exit')
  await server.stop()
  expect(await listBackups(dir)).toEqual([backup])
  expect(await backupNamed(dir, backup.id.slice(0, 8))).toEqual(backup)
  expect(backup.sums.map(({ table }) => table)).toEqual(['shop.day', 'shop.sale'])
  expect(backup.sums[0]?.rows).toBe('20000')
  const verified = await verifyBackup({ dir, backup })
  expect(verified).toMatchObject({ damaged: [], differing: [], tables: 2, gap: null })
  expect(readdirSync(dir).filter((name) => name.endsWith('.part'))).toEqual([])
}, 120_000)

test('kill -9 of server and writer under load: everything that was acknowledged comes back, to the newest and to a point in time', async () => {
  const rounds = long ? 20 : 1
  for (let round = 0; round < rounds; round += 1) {
    const told = await killedUnderLoad(600)
    const middle = told[told.length >> 1]
    if (!middle) throw new Error('nothing was acknowledged')
    const sums = (until: number) =>
      `select count(*)::int as rows, coalesce(sum(id), 0)::text as ids, bool_and(body = md5(id::text)) as whole from shop.sale where id <= ${until}`
    const expected = async (of: typeof told) => {
      const [rows] = await ask<{ rows: number }>(
        `select count(*)::int as rows from shop.sale where id = any (array[${of.map(({ id }) => id).join(',')}]::bigint[])`,
      )
      return [rows?.rows, of.length]
    }
    await back({ kind: 'newest' })
    const [found, all] = await expected(told)
    expect(found).toBe(all)
    expect(await ask(sums(Number.MAX_SAFE_INTEGER))).toMatchObject([{ whole: true }])
    // An answer is dated in whole milliseconds, rounded down: what was told within that one may be committed behind its begin.
    const before = told.filter(({ atMs }) => atMs < middle.atMs)
    await back({ kind: 'time', instant: new Date(middle.atMs).toISOString() })
    const [foundThen, allThen] = await expected(before)
    expect(foundThen).toBe(allThen)
    // What came well after that moment is not there.
    const late = told.filter(({ atMs }) => atMs > middle.atMs + 100)
    expect((await expected(late))[0]).toBe(0)
    expect(await ask(`select count(*)::int as rows from shop.day where body = md5(id::text)`)).toEqual([
      { rows: 20_000 },
    ])
    // A history of its own began: the next backup is of that one. The slice goes on with the old one, across both histories.
    if (!long) continue
    const server = await startEmbedded({ dir: clusterDir })
    backup = await createBackup({ connection: server.connection, clusterDir, dir, nowMs: Date.now, signal })
    await server.stop()
  }
}, 600_000)

describe('what is wrong', () => {
  test('a running server is not replaced', async () => {
    const server = await startEmbedded({ dir: clusterDir })
    const options = { dir, backup, clusterDir, target: { kind: 'newest' }, nowMs: Date.now() } as const
    expect(codeOf(await planRestore(options).catch((error: unknown) => error))).toBe('WAREHOUSE_BACKUP_RUNNING')
    await server.stop()
  }, 60_000)

  test.runIf(long)(
    'a time that the log does not reach is said, and the data stays',
    async () => {
      const failed = await back({ kind: 'time', instant: '2999-01-01T00:00:00Z' }).catch((error: unknown) => error)
      expect([codeOf(failed), String(failed)]).toEqual([
        'WAREHOUSE_BACKUP_TARGET',
        expect.stringContaining('target was reached'),
      ])
      expect(await ask('select count(*)::int as rows from shop.day')).toEqual([{ rows: 20_000 }])
    },
    60_000,
  )

  test('a damaged file, a missing one and a damaged segment of the archive are named', async () => {
    const whole = { backup, damaged: [], differing: [], tables: 2, archived: 1, gap: null }
    const victim = backup.files.find(({ path, bytes }) => path.includes('/base/') && bytes > 8192)?.path ?? ''
    const at = join(dir, backup.id, victim)
    const bytes = readFileSync(at)
    const flipped = Buffer.from(bytes)
    flipped[5000] = (flipped[5000] ?? 0) ^ 1
    writeFileSync(at, flipped)
    const damaged = await damagedFiles(dir, backup)
    expect(damaged).toEqual([{ path: join(backup.id, victim), outcome: 'damaged' }])
    expect(() => refuseUnsound({ ...whole, damaged }, dir)).toThrow(
      expect.objectContaining({ code: 'WAREHOUSE_BACKUP_DAMAGED' }),
    )
    expect(codeOf(await back({ kind: 'newest' }).catch((error: unknown) => error))).toBe('WAREHOUSE_BACKUP_DAMAGED')
    rmSync(at)
    expect(await damagedFiles(dir, backup)).toEqual([{ path: join(backup.id, victim), outcome: 'missing' }])
    writeFileSync(at, bytes)
    // Behind the backup's own end, where the archive alone has it.
    const inBackup = new Set((await segmentsIn(join(dir, backup.id, 'wal'))).map(({ name }) => name.slice(8)))
    await ask('update shop.day set body = body where id < 100; select pg_switch_wal()')
    await ask('update shop.day set body = body where id < 100; select pg_switch_wal()')
    const segment = (await segmentsIn(walFolder(dir))).findLast(({ name }) => isSegment(name))
    expect([segment?.isPacked, inBackup.has(segment?.name.slice(8) ?? '')]).toEqual([true, false])
    const packed = readFileSync(segment?.path ?? '')
    writeFileSync(segment?.path ?? '', packed.subarray(0, packed.length >> 1))
    const { gap } = await walChain(backup, [join(dir, backup.id, 'wal'), walFolder(dir)])
    expect(gap).toBe(segment?.name)
    expect(() => refuseUnsound({ ...whole, gap }, dir)).toThrow(
      expect.objectContaining({ code: 'WAREHOUSE_BACKUP_GAP' }),
    )
    rmSync(segment?.path ?? '')
    writeFileSync(segment?.path ?? '', packed)
    expect((await walChain(backup, [join(dir, backup.id, 'wal'), walFolder(dir)])).gap).toBeNull()
    expect(() => refuseUnsound({ ...whole, differing: [{ table: 'a.b', expected: null, found: null }] }, dir)).toThrow(
      expect.objectContaining({ code: 'WAREHOUSE_BACKUP_DIFFERS' }),
    )
  }, 120_000)

  test('a restore that was killed between the old data and the new is taken up by the next start', async () => {
    const { renameSync } = await import('node:fs')
    renameSync(join(clusterDir, 'data'), join(clusterDir, 'data-restored'))
    expect(await ask('select count(*)::int as rows from shop.day')).toEqual([{ rows: 20_000 }])
    expect(existsSync(join(clusterDir, 'data-restored'))).toBe(false)
  }, 60_000)

  test('a disk without room is said, and nothing of the backup stays', async ({ skip }) => {
    const small = join(folder, 'small')
    mkdirSync(small)
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', small]).status === 0
    if (!mounted) skip('mounting a small tmpfs needs root')
    const server = await startEmbedded({ dir: clusterDir })
    try {
      const options = { connection: server.connection, clusterDir, dir: small, nowMs: Date.now, signal }
      expect(codeOf(await createBackup(options).catch((error: unknown) => error))).toBe('WAREHOUSE_DISK_FULL')
      expect(readdirSync(small).filter((name) => name !== 'wal')).toEqual([])
      const session = await openPlain(server.connection)
      expect((await session.query('select 1 as alive')).rows).toEqual([{ alive: 1 }])
      await session.end()
    } finally {
      await server.stop()
      spawnSync('umount', [small])
    }
  }, 60_000)

  test('an interrupted backup is none, and the archive takes a segment once', async () => {
    const server = await startEmbedded({ dir: clusterDir })
    const stop = new AbortController()
    const onProgress = () => stop.abort()
    const broken = createBackup({
      connection: server.connection,
      clusterDir,
      dir,
      nowMs: Date.now,
      signal: stop.signal,
      onProgress,
    })
    expect((await broken.catch((error: unknown) => error)) instanceof Error).toBe(true)
    await server.stop()
    expect((await listBackups(dir)).map(({ id }) => id)).toContain(backup.id)
    expect(readdirSync(dir).filter((name) => name.endsWith('.part'))).toEqual([])
    expect(readdirSync(archiveFolder({ dir: clusterDir })).filter((name) => name.endsWith('.part'))).toEqual([])
    appendFileSync(join(dir, 'note.txt'), 'not a backup')
    expect((await listBackups(dir)).length).toBeGreaterThan(0)
  }, 60_000)
})
