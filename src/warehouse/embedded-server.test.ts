import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { requestOf, row } from './contract-rows.ts'
import { startEmbedded } from './embedded-server.ts'
import type { EmbeddedServer } from './embedded-server.ts'
import { adapter } from './embedded.ts'
import { isPostmasterOf, readPostmaster } from './postmaster-file.ts'

let root = ''
let seed = ''
const children: ChildProcess[] = []

beforeAll(async () => {
  seed = await mkdtemp(join(tmpdir(), 'mr-seed-'))
  await (await startEmbedded({ dir: join(seed, 'server'), durable: false })).stop()
})

afterAll(() => rm(seed, { recursive: true, force: true }))

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mr-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  // Servers of programs that a test killed: the last hold is gone, and the folder goes with it.
  for (const name of await readdir(root)) await sweep(join(root, name))
  await rm(root, { recursive: true, force: true })
})

async function sweep(dir: string): Promise<void> {
  const file = existsSync(join(dir, 'data')) ? readPostmaster(join(dir, 'data')) : null
  if (!file || !isPostmasterOf(file.pid, join(dir, 'data'))) return
  process.kill(file.pid, 'SIGQUIT')
  while (isPostmasterOf(file.pid, join(dir, 'data'))) await pause(5)
}

const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs))
const options = (dir: string) => ({ dir, durable: false })
const running = (dir: string) => {
  const file = readPostmaster(join(dir, 'data'))
  return file !== null && isPostmasterOf(file.pid, join(dir, 'data'))
}

/** A folder of a server that has been created and stopped, copied from one: initdb takes a second, and most tests are not about it. */
function prepared(name: string): string {
  const dir = join(root, name)
  spawnSync('cp', ['-a', join(seed, 'server'), dir])
  return dir
}

async function ask(server: EmbeddedServer, sql: string): Promise<unknown> {
  const { password, ...rest } = server.connection
  const client = new pg.Client(password === null ? rest : { ...rest, password })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>({ text: sql })).rows[0]
  } finally {
    await client.end()
  }
}

/** A program of its own that starts or joins the server, says so, and holds it until it is killed. */
async function otherProgram(dir: string): Promise<ChildProcess> {
  const module = new URL('./embedded-server.ts', import.meta.url).href
  const text = `const { startEmbedded } = await import(${JSON.stringify(module)})
    const server = await startEmbedded(${JSON.stringify(options(dir))})
    process.stdout.write('up')
    setInterval(() => server, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  if (child.stdout) await Promise.race([once(child.stdout, 'data'), once(child, 'close')])
  expect(child.exitCode).toBeNull()
  return child
}

describe('an embedded server', () => {
  test('starts in a folder with spaces and Hangul, on a socket that only its owner reaches, and is gone when let go', async () => {
    const dir = join(root, '광고 데이터, "one"')
    const server = await startEmbedded(options(dir))
    expect(server.connection.host.startsWith('/')).toBe(true)
    expect((await stat(server.connection.host)).mode & 0o777).toBe(0o700)
    expect(readPostmaster(join(dir, 'data'))?.listenAddress).toBe('')
    expect(await ask(server, `select upper('é') || '한글' as text, current_database() as database`)).toEqual({
      text: 'É한글',
      database: 'millrace',
    })
    await server.stop()
    expect(running(dir)).toBe(false)
    const again = await startEmbedded(options(dir))
    expect(await ask(again, 'select 1 as one')).toEqual({ one: 1 })
    await again.stop()
  })

  test('whose path is longer than a socket’s may be keeps its socket elsewhere, and takes it away again', async () => {
    const dir = prepared('가'.repeat(60))
    const server = await startEmbedded(options(dir))
    const socketDir = server.connection.host
    expect(Buffer.byteLength(socketDir)).toBeLessThan(90)
    const joined = await startEmbedded(options(dir))
    expect(joined.connection.host).toBe(socketDir)
    await joined.stop()
    await server.stop()
    expect(existsSync(socketDir)).toBe(false)
  })

  test('is one for all programs of a folder; the last one stops it', async () => {
    const dir = prepared('shared')
    const [one, two] = await Promise.all([startEmbedded(options(dir)), startEmbedded(options(dir))])
    const other = await otherProgram(dir)
    expect(one.pid).toBe(two.pid)
    await one.stop()
    await two.stop()
    expect(running(dir)).toBe(true)
    const three = await startEmbedded(options(dir))
    expect(three.pid).toBe(one.pid)
    other.kill('SIGKILL')
    await once(other, 'close')
    await pause(50)
    await three.stop()
    expect(running(dir)).toBe(false)
  })

  test('of two programs that start at once in an empty folder is created once', async () => {
    const dir = join(root, 'race')
    const [first, second] = await Promise.all([otherProgram(dir), otherProgram(dir)])
    expect([first.exitCode, second.exitCode]).toEqual([null, null])
    expect((await readdir(dir)).filter((name) => name.startsWith('data'))).toEqual(['data'])
  })

  test('outlives its starter’s kill -9 and is joined by the next', async () => {
    const dir = prepared('orphan')
    const starter = await otherProgram(dir)
    starter.kill('SIGKILL')
    await once(starter, 'close')
    const server = await startEmbedded(options(dir))
    expect(await ask(server, 'select 1 as one')).toEqual({ one: 1 })
    await pause(50)
    await server.stop()
    expect(running(dir)).toBe(false)
  })

  test('that is killed itself starts again with what was committed', async () => {
    const dir = prepared('killed')
    const server = await startEmbedded(options(dir))
    await ask(server, 'create table kept (i integer)')
    await ask(server, 'insert into kept values (7)')
    process.kill(server.pid, 'SIGKILL')
    const again = await startEmbedded(options(dir))
    expect(await ask(again, 'select i from kept')).toEqual({ i: 7 })
    await server.stop()
    expect(running(dir)).toBe(true)
    await again.stop()
  })

  test('is not kept down by a pid file whose number a stranger has now', async () => {
    const dir = prepared('reused')
    const { uid, gid } = await stat(join(dir, 'data'))
    const stranger = spawn('sleep', ['60'], { uid, gid })
    children.push(stranger)
    const file = join(dir, 'data', 'postmaster.pid')
    await writeFile(file, `${stranger.pid}\n${join(dir, 'data')}\n1\n5432\n${dir}\n\n\n`)
    await chown(file, uid, gid)
    const server = await startEmbedded(options(dir))
    expect(stranger.exitCode).toBeNull()
    await server.stop()
  })

  test.each([
    ['a crash left', 60_000],
    ['another start has just made', 0],
  ])('is not kept down by an empty pid file that %s', async (_, ageMs) => {
    const dir = prepared('empty')
    const file = join(dir, 'data', 'postmaster.pid')
    await writeFile(file, '')
    const { mtimeMs } = await stat(file)
    await utimes(file, (mtimeMs - ageMs) / 1_000, (mtimeMs - ageMs) / 1_000)
    const server = await startEmbedded(options(dir))
    expect(await ask(server, 'select 1 as one')).toEqual({ one: 1 })
    await server.stop()
  })

  test('that was killed while it was created is created anew', async () => {
    const dir = join(root, 'halved')
    await mkdir(join(dir, 'data-new-999999'), { recursive: true })
    await writeFile(join(dir, 'data-new-999999', 'PG_VERSION'), '18')
    const server = await startEmbedded(options(dir))
    expect((await readdir(dir)).filter((name) => name.startsWith('data'))).toEqual(['data'])
    await server.stop()
  })

  test('listens on 127.0.0.1 when asked, with a password, on the next port when the wanted one is taken', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    const dir = prepared('tcp')
    const server = await startEmbedded({ ...options(dir), port })
    const { connection } = server
    expect(connection.host).toBe('127.0.0.1')
    expect(connection.port).toBeGreaterThan(port)
    expect(await ask(server, 'select 1 as one')).toEqual({ one: 1 })
    const wrong = ask({ ...server, connection: { ...connection, password: 'wrong' } }, 'select 1')
    await expect(wrong).rejects.toMatchObject({ code: '28P01' })
    const file = join(dir, 'data', 'millrace.password')
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await readFile(file, 'utf8')).trim()).toBe(connection.password)
    await server.stop()
    taken.close()
  })

  test('refuses a folder of another major version, and says which', async () => {
    const dir = prepared('old')
    await writeFile(join(dir, 'data', 'PG_VERSION'), '16\n')
    await expect(startEmbedded(options(dir))).rejects.toMatchObject({
      code: 'WAREHOUSE_EMBEDDED_VERSION',
      facts: { found: '16', expected: '18' },
      exitCode: 3,
    })
  })

  test('that cannot start says why, and where its log is', async () => {
    const dir = prepared('broken')
    await writeFile(join(dir, 'data', 'postgresql.auto.conf'), 'no_such_setting = 1\n')
    await expect(startEmbedded(options(dir))).rejects.toMatchObject({
      code: 'WAREHOUSE_EMBEDDED_START',
      facts: { log: join(dir, 'server.log'), reason: expect.stringContaining('postgresql.auto.conf') },
    })
  })

  test('whose folder is a file says so', async () => {
    await writeFile(join(root, 'file'), '')
    await expect(startEmbedded(options(join(root, 'file', 'dir')))).rejects.toMatchObject({
      code: 'WAREHOUSE_EMBEDDED_FOLDER',
    })
  })
})

describe.skipIf(process.getuid?.() !== 0)('as root', () => {
  test('works below a folder that only root may enter', async () => {
    const dir = join(root, 'private', 'deep')
    await mkdir(join(root, 'private'), { mode: 0o700 })
    await chmod(root, 0o700)
    const server = await startEmbedded(options(dir))
    expect(await ask(server, 'select 1 as one')).toEqual({ one: 1 })
    await server.stop()
    await sweep(dir)
  })

  test('keeps the way in which a folder was created: one of nobody’s stays nobody’s', async () => {
    await chmod(root, 0o755)
    const dir = prepared('nobody')
    spawnSync('chown', ['-R', '65534:65534', dir])
    const server = await startEmbedded(options(dir))
    expect(await ask(server, 'select 1 as one')).toEqual({ one: 1 })
    expect((await stat(`/proc/${server.pid}`)).uid).toBe(65_534)
    await server.stop()
  })
})

const tmpfs = (dir: string, size: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir]).status === 0

describe.skipIf(process.getuid?.() !== 0 || process.platform !== 'linux')('a full disk', () => {
  let mounted = ''
  afterEach(() => {
    if (mounted) spawnSync('umount', ['-l', mounted])
    mounted = ''
  })

  test('is named when the server is created, and nothing half made stays', async ({ skip }) => {
    const dir = join(root, 'small')
    await mkdir(dir)
    if (!tmpfs(dir, '20m')) skip('this system lets nobody mount a tmpfs')
    mounted = dir
    await expect(startEmbedded(options(dir))).rejects.toMatchObject({ code: 'WAREHOUSE_DISK_FULL', exitCode: 4 })
    expect((await readdir(dir)).filter((name) => name.startsWith('data'))).toEqual([])
  })

  test('in the middle of a load is named, and what was published stays readable once there is room', async ({
    skip,
  }) => {
    const dir = join(root, 'disk')
    await mkdir(dir)
    if (!tmpfs(dir, '160m')) skip('this system lets nobody mount a tmpfs')
    mounted = dir
    const warehouse = await adapter.open(adapter.options.parse({ dir, durable: false }))
    await warehouse.migrate()
    await warehouse.load(requestOf(1, [row('1')]))
    const ballast = join(dir, 'ballast')
    // Leaves two megabytes: less than the stage of the next load.
    spawnSync('sh', ['-c', `dd if=/dev/zero of=${ballast} bs=1M 2>/dev/null; truncate -s -2M ${ballast}`])
    const rows = Array.from({ length: 200_000 }, (_, index) => row(String(index)))
    const failed: unknown = await warehouse.load(requestOf(2, rows)).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: 'WAREHOUSE_DISK_FULL' })
    await rm(ballast)
    expect(await warehouse.query('select entity_id from fact_ad_daily')).toEqual([{ entity_id: '1' }])
    expect(await warehouse.load(requestOf(3, [row('1'), row('2')]))).toMatchObject([{ outcome: 'published', rows: 2 }])
    await warehouse[Symbol.asyncDispose]()
  })
})
