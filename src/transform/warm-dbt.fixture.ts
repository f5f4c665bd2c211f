import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A folder that holds real dbt-core as an installed one does, whose program is a fork of one that was imported before. */
export interface WarmDbt extends AsyncDisposable {
  readonly folder: string
}

const beside = (name: string): string => new URL(name, import.meta.url).pathname

/**
 * Starts the dbt-core of an installed folder. It is the same program, without the seconds that each start of it costs. Where that cannot
 * be, the installed one is used as it is: slower, and the same.
 */
export async function warmDbt(installed: string): Promise<WarmDbt> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-warm-'))
  const python = join(installed, 'bin', 'python')
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], DBT_SEND_ANONYMOUS_USAGE_STATS: 'false' }
  const child = spawn(python, ['-u', '-X', 'utf8', beside('warm-dbt.fixture.py'), folder], {
    cwd: folder,
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  const ready = new Promise<boolean>((done) => {
    child.once('error', () => done(false))
    child.once('close', () => done(false))
    createInterface({ input: child.stdout }).on('line', (line) => line === 'ready' && done(true))
  })
  const client = await readFile(beside('warm-client.fixture.py'), 'utf8')
  await mkdir(join(folder, 'bin'))
  await symlink(join(installed, 'lib'), join(folder, 'lib'))
  await writeFile(join(folder, 'bin', 'dbt'), `#!${python} -IS\n${client}`)
  await chmod(join(folder, 'bin', 'dbt'), 0o755)
  if (!(await ready)) {
    process.stderr.write('dbt-core is started anew for every invocation: it could not be kept warm\n')
    await rm(folder, { recursive: true, force: true })
    return { folder: installed, [Symbol.asyncDispose]: () => Promise.resolve() }
  }
  return {
    folder,
    async [Symbol.asyncDispose]() {
      child.stdin.end()
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
