// A checkout in miniature: the real scripts/ and bin/, a tiny program, one package, in a folder whose path has a space and
// Hangul. Its npm is either the real one or a recording one that installs as slowly as the test needs.
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { spawnSync } from 'node:child_process'

export const root = join(import.meta.dirname, '..')

const program = `
const started: number = process.pid
if (process.argv.includes('--fail')) process.exitCode = 5
if (process.argv.includes('--wait')) {
  const timer = setInterval(() => {}, 1000)
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      process.stdout.write('got ' + name + '\\n')
      clearInterval(timer)
      process.exitCode = 130
    })
  }
}
// Said last: whoever reads the line may send a signal at once.
process.stdout.write(JSON.stringify({ pid: started, node: process.versions.node, argv: process.argv.slice(2), cwd: process.cwd() }) + '\\n')
`

// Does what \`npm ci\` does, in its order: the folders first, the list of them last. It notes its life in npm.log.
const recordingNpm = `
const fs = require('fs'), path = require('path')
const { folder, log, ms, until, install } = JSON.parse(process.env.FAKE_NPM)
const say = (word) => fs.appendFileSync(log, word + ' ' + process.pid + '\\n')
say('begin')
process.on('SIGTERM', () => { say('stopped'); process.exit(1) })
const goOn = () => {
  if (until && !fs.existsSync(until)) return setTimeout(goOn, 10)
  const lock = JSON.parse(fs.readFileSync(path.join(process.cwd(), 'package-lock.json'), 'utf8'))
  fs.rmSync(path.join(process.cwd(), 'node_modules'), { recursive: true, force: true })
  if (install) {
    for (const key of Object.keys(lock.packages)) {
      if (!key) continue
      fs.mkdirSync(path.join(process.cwd(), key), { recursive: true })
      fs.writeFileSync(path.join(process.cwd(), key, 'package.json'), '{}')
    }
    fs.writeFileSync(path.join(process.cwd(), 'node_modules/.package-lock.json'), JSON.stringify({ packages: lock.packages }))
  }
  say('end')
}
setTimeout(goOn, ms)
`

export interface Checkout extends Disposable {
  readonly folder: string
  readonly main: string
  readonly bin: string
  readonly npmLog: string
  /** The environment of a start; the recording npm takes `npmMs`, or until there is a file `npmUntil`. */
  env(options?: { readonly npmMs?: number; readonly npmUntil?: string; readonly install?: boolean }): NodeJS.ProcessEnv
}

/** The program that the tests run under, and the first older one on PATH, if any. */
export const node24 = process.execPath
export const oldNode = findOldNode()

function findOldNode(): string | undefined {
  const candidates = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  return candidates.filter(existsSync).find((file) => {
    const major = Number.parseInt(spawnSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout, 10)
    return major >= 14 && major < 24
  })
}

const lockFile = (packages: object): string =>
  JSON.stringify({ name: 'mini', version: '1.0.0', lockfileVersion: 3, requires: true, packages })

/** A lock file that wants one package from the registry. */
export const wantsOnePackage = {
  '': { name: 'mini', version: '1.0.0', dependencies: { dep: '1.0.0' } },
  'node_modules/dep': { version: '1.0.0', integrity: 'sha512-c3RhbmQ=' },
} as const

function writeNpm(folder: string): string {
  mkdirSync(join(folder, 'npm', 'bin'), { recursive: true })
  writeFileSync(join(folder, 'npm', 'package.json'), JSON.stringify({ name: 'npm', version: '10.0.0' }))
  const cli = join(folder, 'npm', 'bin', 'npm-cli.js')
  writeFileSync(cli, recordingNpm)
  return cli
}

export function makeCheckout(): Checkout {
  const base = mkdtempSync(join(tmpdir(), 'millrace-boot-'))
  const folder = join(base, 'my ads 광고')
  for (const name of ['scripts', 'bin', 'tools/node24', 'tools/npm9']) {
    cpSync(join(root, name), join(folder, name), {
      recursive: true,
      filter: (file) => !/node_modules|\.ts$/.test(file),
    })
  }
  mkdirSync(join(folder, 'src', 'cli'), { recursive: true })
  const main = join(folder, 'src', 'cli', 'main.ts')
  writeFileSync(main, program)
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'mini', version: '1.0.0', type: 'module', dependencies: { dep: '1.0.0' } }),
  )
  writeFileSync(join(folder, 'package-lock.json'), lockFile(wantsOnePackage))
  const cli = writeNpm(base)
  const npmLog = join(base, 'npm.log')
  writeFileSync(npmLog, '')
  return {
    folder,
    main,
    bin: join(folder, 'bin', 'millrace.cjs'),
    npmLog,
    env: ({ npmMs = 0, npmUntil, install = true } = {}) => ({
      ...cleanEnv(),
      npm_execpath: cli,
      FAKE_NPM: JSON.stringify({ folder, log: npmLog, ms: npmMs, until: npmUntil, install }),
    }),
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  }
}

/** Gives the checkout the Node 24 that runs us, as if it had been fetched: for starts under an older Node. */
export function lendNode24(checkout: Checkout): void {
  const modules = join(checkout.folder, 'tools', 'node24', 'node_modules')
  const lock = JSON.parse(readFileSync(join(root, 'tools', 'node24', 'package-lock.json'), 'utf8')) as {
    packages: Record<string, object>
  }
  const key = `node_modules/node-${process.platform}-${process.arch}`
  mkdirSync(join(modules, key.slice('node_modules/'.length), 'bin'), { recursive: true })
  writeFileSync(join(modules, key.slice('node_modules/'.length), 'package.json'), '{}')
  symlinkSync(node24, join(modules, key.slice('node_modules/'.length), 'bin', 'node'))
  writeFileSync(join(modules, '.package-lock.json'), JSON.stringify({ packages: { [key]: lock.packages[key] } }))
}

/** The environment without what npm or vitest put into it: a start is to see only what the test gives it. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_|VITEST|NODE_OPTIONS|NODE_ENV|TEST$|MODE$|DEV$|PROD$)/.test(name),
  )
  return Object.fromEntries(kept)
}

export interface Start {
  readonly child: ChildProcess
  readonly output: { stdout: string; stderr: string }
  readonly end: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

export function start(node: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd = tmpdir()): Start {
  const child = spawn(node, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += String(chunk)))
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += String(chunk)))
  const end = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  return { child, output, end }
}

/** Waits until the condition holds; fails with the sentence after forty seconds: tests run side by side on a machine that may be busy. */
export async function until(condition: () => boolean, sentence: string): Promise<void> {
  for (let round = 0; round < 2_000; round += 1) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`waited 40 s in vain until ${sentence}`)
}

/** How often the recording npm began, ended and was stopped. */
export function npmLife(checkout: Checkout): {
  readonly begun: number
  readonly ended: number
  readonly stopped: number
  readonly pids: readonly number[]
} {
  const lines = readFileSync(checkout.npmLog, 'utf8').split('\n').filter(Boolean)
  const count = (word: string): number => lines.filter((line) => line.startsWith(word)).length
  const pids = lines.filter((line) => line.startsWith('begin')).map((line) => Number(line.split(' ')[1]))
  return { begun: count('begin'), ended: count('end'), stopped: count('stopped'), pids }
}
