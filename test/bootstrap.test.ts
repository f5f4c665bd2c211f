import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  type Checkout,
  cleanEnv,
  lendNode24,
  makeCheckout,
  node24,
  npmLife,
  oldNode,
  root,
  start,
  until,
} from './bootstrap-fixture.ts'

const older = oldNode ?? ''
const noOldNode = 'no Node between 14 and 23 on PATH'

async function runOnce(checkout: Checkout, node = node24, args: readonly string[] = []) {
  const run = start(node, [checkout.bin, ...args], checkout.env())
  return { ...(await run.end), ...run.output }
}

describe.concurrent('a start', () => {
  test('installs what the lock file names with the real npm, then runs the program, called from any folder', async () => {
    using checkout = makeCheckout()
    const dependency = join(checkout.folder, '..', 'dep')
    mkdirSync(dependency)
    writeFileSync(join(dependency, 'package.json'), JSON.stringify({ name: 'dep', version: '1.0.0' }))
    const npm = (args: readonly string[]) => start('npm', args, cleanEnv(), checkout.folder).end
    await npm(['pack', dependency])
    writeFileSync(
      join(checkout.folder, 'package.json'),
      JSON.stringify({ name: 'mini', type: 'module', dependencies: { dep: 'file:dep-1.0.0.tgz' } }),
    )
    rmSync(join(checkout.folder, 'package-lock.json'))
    await npm(['install', '--package-lock-only', '--ignore-scripts'])

    const env = { ...cleanEnv(), npm_config_registry: 'http://127.0.0.1:1' }
    const run = start(node24, [join(checkout.folder, 'scripts', 'bootstrap.cjs'), checkout.main, '한글', 'a b'], env)
    expect(await run.end).toEqual({ code: 0, signal: null })
    expect(run.output.stderr).toContain('millrace: installing the packages')
    expect(JSON.parse(run.output.stdout)).toMatchObject({ argv: ['한글', 'a b'], node: process.versions.node })
    expect(readFileSync(join(checkout.folder, 'node_modules/dep/package.json'), 'utf8')).toContain('dep')
  })

  test('with the set-up complete runs no npm and says nothing', async () => {
    using checkout = makeCheckout()
    await runOnce(checkout)
    const second = await runOnce(checkout, node24, ['demo', '--json'])
    expect(second).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(second.stdout)).toMatchObject({ argv: ['demo', '--json'] })
    expect(npmLife(checkout)).toMatchObject({ begun: 1, ended: 1 })
  })

  test("passes the program's exit code on", async () => {
    using checkout = makeCheckout()
    expect(await runOnce(checkout, node24, ['--fail'])).toMatchObject({ code: 5 })
  })

  test.for([
    ['node_modules is gone', (folder: string) => rmSync(join(folder, 'node_modules'), { recursive: true })],
    ['one package is gone', (folder: string) => rmSync(join(folder, 'node_modules/dep'), { recursive: true })],
    ['an install was interrupted', (folder: string) => rmSync(join(folder, 'node_modules/.package-lock.json'))],
    [
      'the list of what is installed is cut off',
      (folder: string) => writeFileSync(join(folder, 'node_modules/.package-lock.json'), '{"pack'),
    ],
    [
      'the lock file asks for another version',
      (folder: string) => {
        const file = join(folder, 'package-lock.json')
        writeFileSync(file, readFileSync(file, 'utf8').replaceAll('1.0.0', '1.0.1'))
      },
    ],
  ] as const)('installs again when %s', async ([, spoil]) => {
    using checkout = makeCheckout()
    await runOnce(checkout)
    spoil(checkout.folder)
    expect(await runOnce(checkout)).toMatchObject({ code: 0 })
    expect(npmLife(checkout)).toMatchObject({ begun: 2, ended: 2 })
  })

  test('ends with 4 when npm reports success and nothing is there', async () => {
    using checkout = makeCheckout()
    const run = start(node24, [checkout.bin], checkout.env({ install: false }))
    expect(await run.end).toMatchObject({ code: 4 })
    expect(run.output.stderr).toMatch(/could not be installed.*Go online/)
  })

  test('asks for the build for this machine although npm calls it optional, and not for the others', async () => {
    using checkout = makeCheckout()
    const builds = (name: string, os: string, extra: object = {}) => ({
      [`node_modules/${name}`]: { version: '1.0.0', optional: true, os: [os], cpu: [process.arch], ...extra },
    })
    const file = join(checkout.folder, 'package-lock.json')
    const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, object> }
    Object.assign(lock.packages, builds('mine', process.platform), builds('other', 'sunos'))
    writeFileSync(file, JSON.stringify(lock))
    await runOnce(checkout)
    const list = join(checkout.folder, 'node_modules/.package-lock.json')
    const tree = JSON.parse(readFileSync(list, 'utf8')) as { packages: Record<string, object> }

    delete tree.packages['node_modules/other']
    writeFileSync(list, JSON.stringify(tree))
    await runOnce(checkout)
    expect(npmLife(checkout).begun).toBe(1)

    delete tree.packages['node_modules/mine']
    writeFileSync(list, JSON.stringify(tree))
    await runOnce(checkout)
    expect(npmLife(checkout).begun).toBe(2)
  })
})

describe.concurrent('without a network', () => {
  const offline = () => ({
    ...cleanEnv(),
    npm_config_registry: 'http://127.0.0.1:1',
    npm_config_cache: '/nonexistent/npm',
  })

  test('a missing package ends with 4 and the remedy, within seconds', async () => {
    using checkout = makeCheckout()
    const run = start(node24, [checkout.bin], offline())
    const began = performance.now()
    expect(await run.end).toMatchObject({ code: 4 })
    expect(run.output.stderr).toMatch(/needs the npm registry once.*Go online/)
    expect(run.output.stdout).toBe('')
    expect(performance.now() - began).toBeLessThan(30_000)
  })

  test('a missing Node 24 ends with 4 and the remedy', async ({ skip }) => {
    skip(oldNode === undefined, noOldNode)
    using checkout = makeCheckout()
    const run = start(older, [checkout.bin], offline())
    expect(await run.end).toMatchObject({ code: 4 })
    expect(run.output.stderr).toMatch(/this is Node \d+.*could not be installed.*install Node 24 yourself/)
  })
})

describe.concurrent('an older Node', () => {
  test('runs the program under Node 24, with that Node first on PATH', async ({ skip }) => {
    skip(oldNode === undefined, noOldNode)
    using checkout = makeCheckout()
    lendNode24(checkout)
    const run = await runOnce(checkout, older, ['x'])
    expect(run.code).toBe(0)
    expect(JSON.parse(run.stdout)).toMatchObject({ node: process.versions.node, argv: ['x'] })
  })

  test('a signal reaches the program, which decides how to end', async ({ skip }) => {
    skip(oldNode === undefined, noOldNode)
    using checkout = makeCheckout()
    lendNode24(checkout)
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      const run = start(older, [checkout.bin, '--wait'], checkout.env())
      await until(() => run.output.stdout.includes('\n'), 'the program runs')
      run.child.kill(name)
      expect(await run.end).toEqual({ code: 130, signal: null })
      expect(run.output.stdout).toContain(`got ${name}`)
    }
  })
})

describe.concurrent('two first starts at once', () => {
  test('install once; the second says that it waits, and then runs', async () => {
    using checkout = makeCheckout()
    const npmUntil = join(checkout.folder, 'go on')
    const first = start(node24, [checkout.bin], checkout.env({ npmUntil }))
    await until(() => npmLife(checkout).begun === 1, 'npm runs')
    const second = start(node24, [checkout.bin], checkout.env())
    await until(() => second.output.stderr.includes('waiting'), 'the second start waits')
    writeFileSync(npmUntil, '')
    expect(await Promise.all([first.end, second.end])).toMatchObject([{ code: 0 }, { code: 0 }])
    expect(second.output.stderr.match(/process \d+ is setting up this folder; waiting for it/g)).toHaveLength(1)
    expect(npmLife(checkout)).toMatchObject({ begun: 1, ended: 1 })
  })

  test('a kill -9 of the first leaves its npm at work: the second waits for it and installs nothing', async () => {
    using checkout = makeCheckout()
    const npmUntil = join(checkout.folder, 'go on')
    const first = start(node24, [checkout.bin], checkout.env({ npmUntil }))
    await until(() => npmLife(checkout).begun === 1, 'npm runs')
    const second = start(node24, [checkout.bin], checkout.env())
    await until(() => second.output.stderr.includes('waiting'), 'the second start waits')
    const gone = new Promise((resolve) => first.child.once('exit', resolve))
    first.child.kill('SIGKILL')
    await gone
    writeFileSync(npmUntil, '')
    expect(await second.end).toMatchObject({ code: 0 })
    expect(npmLife(checkout)).toMatchObject({ begun: 1, ended: 1 })
  })

  test('a kill -9 of the first and its npm: the second does the set-up', async () => {
    using checkout = makeCheckout()
    const first = start(node24, [checkout.bin], checkout.env({ npmMs: 60_000 }))
    await until(() => npmLife(checkout).begun === 1, 'npm runs')
    const second = start(node24, [checkout.bin], checkout.env())
    await until(() => second.output.stderr.includes('waiting'), 'the second start waits')
    first.child.kill('SIGKILL')
    process.kill(npmLife(checkout).pids[0] ?? 0, 'SIGKILL')
    expect(await second.end).toMatchObject({ code: 0 })
    expect(npmLife(checkout)).toMatchObject({ begun: 2, ended: 1 })
  })
})

describe.concurrent('a signal during the set-up', () => {
  test.for([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends npm, frees the lock and exits with %i', async ([name, code]) => {
    using checkout = makeCheckout()
    const run = start(node24, [checkout.bin], checkout.env({ npmMs: 60_000 }))
    await until(() => npmLife(checkout).begun === 1, 'npm runs')
    run.child.kill(name)
    expect(await run.end).toEqual({ code, signal: null })
    expect(npmLife(checkout)).toMatchObject({ stopped: 1 })
    const again = await runOnce(checkout)
    expect(again.code).toBe(0)
    expect(again.stderr).not.toContain('waiting')
  })
})

test.concurrent.for(['during the set-up', 'while the program runs'] as const)(
  'the death of the npm that started it ends the start, %s',
  async (moment) => {
    using checkout = makeCheckout()
    const npmMs = moment === 'during the set-up' ? 60_000 : 0
    const env = { ...checkout.env({ npmMs }), npm_lifecycle_event: 'demo' }
    const shell = start('/bin/sh', ['-c', '"$0" "$1" --wait; :', node24, checkout.bin], env)
    const begun = () => (npmMs > 0 ? npmLife(checkout).begun === 1 : shell.output.stdout.includes('\n'))
    await until(begun, 'it has begun')
    shell.child.kill('SIGKILL')
    await until(
      () => (npmMs > 0 ? npmLife(checkout).stopped === 1 : shell.output.stdout.includes('got SIGTERM')),
      'it ends',
    )
    expect(await shell.end).toMatchObject({ signal: 'SIGKILL' })
  },
)

test.concurrent('the lock has one holder at a time, over processes that are killed while they hold it', async () => {
  using checkout = makeCheckout()
  const log = join(checkout.folder, 'holders.log')
  const holder = join(checkout.folder, 'holder.cjs')
  // Every holder notes its coming and going; one in three dies holding, and its death is what frees the lock.
  writeFileSync(
    holder,
    `const fs = require('fs')
     const lock = require('./scripts/setup-lock.cjs')
     const deadly = Number(process.argv[2]) % 3 === 0
     lock.acquire(__dirname + '/lock', { waiting() {}, refused(e) { throw e }, acquired(held) {
       fs.appendFileSync(${JSON.stringify(log)}, 'in ' + process.pid + '\\n')
       setTimeout(() => {
         fs.appendFileSync(${JSON.stringify(log)}, 'out ' + process.pid + '\\n')
         if (deadly) process.kill(process.pid, 'SIGKILL')
         held.release()
       }, 15)
     } })`,
  )
  const runs = Array.from({ length: 24 }, (_, index) => start(node24, [holder, String(index)], cleanEnv()))
  await Promise.all(runs.map((run) => run.end))
  const lines = readFileSync(log, 'utf8').trim().split('\n')
  expect(lines).toHaveLength(48)
  for (let index = 0; index < lines.length; index += 2) {
    expect(lines[index + 1]).toBe(lines[index]?.replace('in', 'out'))
  }
})

describe.concurrent('the launcher', () => {
  test('answers --version without any set-up', async () => {
    using checkout = makeCheckout()
    const run = start(node24, [checkout.bin, '--version'], checkout.env())
    expect(await run.end).toMatchObject({ code: 0 })
    expect(run.output).toEqual({ stdout: '1.0.0\n', stderr: '' })
    expect(npmLife(checkout).begun).toBe(0)
  })

  test('in the installed package tells an old Node what to do, in old syntax', async ({ skip }) => {
    skip(oldNode === undefined, noOldNode)
    using checkout = makeCheckout()
    rmSync(join(checkout.folder, 'scripts'), { recursive: true })
    const run = start(older, [checkout.bin, 'demo'], cleanEnv())
    expect(await run.end).toMatchObject({ code: 4 })
    expect(run.output.stderr).toContain('npx -p node@24 -p millrace millrace demo')
  })
})

test('package-lock.json names the builds for every platform, so that npm ci accepts it everywhere', () => {
  const completeLock = createRequire(import.meta.url)('../scripts/complete-lock.cjs') as {
    readonly lacking: (lock: unknown) => object
  }
  const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  // Otherwise run: node scripts/complete-lock.cjs
  expect(Object.keys(completeLock.lacking(lock))).toEqual([])
})
