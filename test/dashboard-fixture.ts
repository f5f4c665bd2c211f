import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { adapter as embedded } from '../src/warehouse/embedded.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { root } from './bootstrap-fixture.ts'

/** The demo with its dashboard, as a person starts it. */
export interface RunningDemo extends AsyncDisposable {
  readonly url: string
  /** Where its project lies. */
  readonly projectDir: string
  /** The first line of its stdout. */
  readonly first: Readonly<Record<string, unknown>>
  /** Resolves with the `done` line when everything is loaded. */
  readonly done: Promise<Readonly<Record<string, unknown>>>
  /** Asks its warehouse by SQL, by another way than the dashboard does. */
  ask(query: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  /** Ends it as Ctrl-C does; its exit code. */
  stop(): Promise<number | null>
}

export interface DemoStart {
  readonly env?: Readonly<Record<string, string>>
  /** Live events a second; the demo's own thousand when left out. */
  readonly events?: number
}

export async function startDemo({ env = {}, events }: DemoStart = {}): Promise<RunningDemo> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-dashboard-'))
  const main = join(root, 'src', 'cli', 'main.ts')
  const args = ['demo', '--json', '--port', '0', '--as-of', '2026-11-22', '--project', folder]
  if (events !== undefined) args.push('--events', String(events))
  const child = spawn(process.execPath, [main, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(child, 'exit') as Promise<[number | null]>
  const lines = createInterface({ input: child.stdout })
  const told: Readonly<Record<string, unknown>>[] = []
  const waiting = new Map<string, (line: Readonly<Record<string, unknown>>) => void>()
  lines.on('line', (text) => {
    const line = JSON.parse(text) as Readonly<Record<string, unknown>>
    told.push(line)
    waiting.get(String(line['event']))?.(line)
  })
  const heard = (event: string) =>
    new Promise<Readonly<Record<string, unknown>>>((resolve, reject) => {
      waiting.set(event, resolve)
      void ended.then(([code]) => reject(new Error(`the demo ended with ${code} before ${event}`)))
    })
  const done = heard('done')
  done.catch(() => undefined)
  await heard('ready')
  const [first = {}] = told
  const projectDir = join(folder, '.millrace', 'demo')
  const asking = askerOf(projectDir)
  const stop = async () => {
    await asking.close()
    child.kill('SIGINT')
    return (await ended)[0]
  }
  return {
    url: String(first['url']),
    projectDir,
    first,
    done,
    ask: asking.ask,
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Debian's Chromium, or the one that MILLRACE_TEST_CHROMIUM names; undefined when there is none. */
export const chromiumPath = [process.env['MILLRACE_TEST_CHROMIUM'], '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
)

export function openBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('no Chromium')
  // As root Chromium refuses to start inside its sandbox.
  return chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] })
}

/** Everything that the page asks of another machine, and everything that it complains of. */
export function watchPage(page: Page, url: string): { readonly foreign: string[]; readonly complaints: string[] } {
  const foreign: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) foreign.push(request.url())
  })
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  return { foreign, complaints }
}

/** Presses Tab until what is called so has the focus, as somebody without a mouse does; throws when it is never reached. */
export async function tabTo(page: Page, name: string): Promise<void> {
  const wanted = page
    .getByLabel(name, { exact: true })
    .or(page.getByRole('button', { name, exact: true }))
    .first()
  await wanted.waitFor()
  for (let pressed = 0; pressed < 400; pressed += 1) {
    if (await wanted.evaluate((element) => element === element.ownerDocument.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`${name} is not reached by Tab`)
}

/** Runs a command line of Millrace. */
export function millrace(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const main = join(root, 'src', 'cli', 'main.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr }
}

/** A connection of one's own to a demo's warehouse, opened at the first question. */
function askerOf(projectDir: string): { readonly ask: RunningDemo['ask']; close(): Promise<void> } {
  let opened: Promise<Warehouse> | undefined
  return {
    async ask(query) {
      const options = { dir: join(projectDir, '.millrace', 'postgres'), connections: '2' }
      opened ??= embedded.open(embedded.options.parse(options))
      return (await opened).query(query)
    },
    async close() {
      const warehouse = await opened
      opened = undefined
      await warehouse?.[Symbol.asyncDispose]()
    },
  }
}
