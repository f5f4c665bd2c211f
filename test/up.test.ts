import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { writeDemoTime } from '../src/cli/demo-clock.ts'
import { day } from '../src/domain/day.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'

/*
 * `millrace up` as a person starts it: one command, then a run that its workers carry out in processes of their own, and SIGTERM.
 */

interface Line {
  readonly event: string
  readonly [fact: string]: unknown
}

const main = new URL('../src/cli/main.ts', import.meta.url).pathname

function call(args: readonly string[], project: string, env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [main, ...args, '--project', project], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MILLRACE_LANG: 'en', MILLRACE__STREAM__WRITE_KEYS__WEB__KEY: 'key-of-up', ...env },
  })
  const lines: Line[] = []
  const waiting = new Set<() => void>()
  let told = ''
  child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()))
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) lines.push(JSON.parse(line) as Line)
    for (const one of waiting) one()
  })
  const ended = new Promise<number | null>((resolve) => {
    child.on('exit', (code) => {
      for (const one of waiting) one()
      resolve(code)
    })
  })
  const heard = async (isIt: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const found = lines.find(isIt)
      if (found) return found
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${told}`)
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake)
          resolve()
        }
        waiting.add(wake)
      })
    }
  }
  onTestFinished(() => void child.kill('SIGKILL'))
  return { child, lines, ended, heard }
}

/** Before 02:00 in Seoul, so that the schedule itself owes nothing while the test runs. */
const asOf = day('2026-11-22')
const clockMs = Date.parse('2026-11-22T15:30:00Z')

/** What people were told of incidents: the first lines of the messages in the outbox folder. */
function told(folder: string): readonly string[] {
  const outbox = join(folder, '.millrace', 'outbox')
  return readdirSync(outbox)
    .filter((name) => name.startsWith('incident-') && name.endsWith('.txt'))
    .map((name) => /^(?:Subject: )?(.*)$/m.exec(readFileSync(join(outbox, name), 'utf8'))?.[1] ?? name)
    .toSorted()
}

interface Under {
  readonly up: ReturnType<typeof call>
  readonly platform: Awaited<ReturnType<typeof startSandbox>>
  readonly folder: string
  readonly url: string
  readonly begin: () => Promise<string>
}

/** Empty where there is no such file, or no longer. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Programs that this one has started whose command line has the word. */
function childrenOf(pid: number, word: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => textOf(`/proc/${name}/stat`).split(') ').at(-1)?.split(' ')[1] === String(pid))
    .filter((name) => textOf(`/proc/${name}/cmdline`).includes(word))
    .map(Number)
}

interface Told {
  readonly tasks: readonly {
    readonly task: string
    readonly attempts: readonly {
      readonly state: string
      readonly worker: string
      readonly error: { readonly code?: string } | null
    }[]
  }[]
  readonly run: { readonly state: string; readonly attemptsLost: number }
}

/** What the run's screen asks for. */
const runOf = async (url: string, runId: string): Promise<Told> =>
  (await (await fetch(`${url}/api/v1/runs/${runId}`)).json()) as Told

/** The process of a task is killed in the middle of a download, then Postgres is: each is said where people look, and all goes on. */
async function faults({ up, platform, folder, url, begin }: Under): Promise<void> {
  platform.scenario({ faults: [{ kind: 'latency', delayMs: 3_000 }] })
  const killed = await begin()
  await up.heard((line) => line.event === 'task_started' && line['runId'] === killed)
  for (const pid of childrenOf(up.child.pid ?? 0, 'task-main')) process.kill(pid, 'SIGKILL')
  platform.scenario({ faults: [] })
  const ended = (line: Line) => line.event === 'task_finished' && line['runId'] === killed
  expect(await up.heard(ended)).toMatchObject({ outcome: 'failed' })
  const attempts = (await runOf(url, killed)).tasks.flatMap((one) => one.attempts)
  expect(attempts.find((one) => one.state === 'retry')?.error?.code).toBe('ORCHESTRATE_TASK_EXITED')
  const logs = call(['logs', killed, '--json'], folder)
  expect(await logs.ended).toBe(0)
  expect(logs.lines.map((one) => String(one['message'])).join('\n')).toMatch(
    /fails: ORCHESTRATE_TASK_EXITED .*SIGKILL.*lack of memory/,
  )
  await fetch(`${url}/api/v1/runs/${killed}/cancel`, { method: 'POST' })
  await expect.poll(async () => (await runOf(url, killed)).run.state, { timeout: 30_000 }).toBe('cancelled')
  const data = join(folder, '.millrace', 'postgres', 'data', 'postmaster.pid')
  const server = Number(readFileSync(data, 'utf8').split('\n')[0])
  process.kill(server, 'SIGKILL')
  // The first who asks brings it back.
  const serverNow = () => Number(/^\d+/.exec(textOf(data))?.[0] ?? server)
  await expect.poll(serverNow, { timeout: 60_000 }).not.toBe(server)
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 60_000 }).toBe(200)
}

/** An event that is sent is counted. */
async function countsEvents(url: string, folder: string): Promise<void> {
  const event = { event_type: 'click', campaign_id: 'mine', timestamp: Date.now() }
  const sent = await fetch(`${url}/v1/track`, {
    method: 'POST',
    headers: { 'x-write-key': 'key-of-up' },
    body: JSON.stringify(event),
  })
  expect(await sent.json()).toMatchObject({ accepted: 1 })
  const counted = async (): Promise<readonly Line[]> => {
    const asked = call(['sql', 'select campaign_id, clicks from campaign_day', '--json'], folder)
    expect(await asked.ended).toBe(0)
    return asked.lines
  }
  await expect.poll(counted, { timeout: 30_000 }).toMatchObject([{ campaign_id: 'mine', clicks: '1' }])
}

/**
 * A worker of its own beside `up` dies with a task in its hands; `meanwhile` is done until its lease is over. Another goes on with what
 * it had, and whoever looks at the run or at the state of things is told.
 */
async function lostWorker(
  { up, platform, folder, url, begin }: Under,
  env: Readonly<Record<string, string>>,
  meanwhile: () => Promise<void>,
): Promise<string> {
  const helper = call(['worker', '--json', '--slots', '4'], folder, env)
  await helper.heard((line) => line.event === 'ready')
  // There are more accounts than `up` has hands, and nobody's download ends before both have begun.
  platform.scenario({ faults: [{ kind: 'latency', delayMs: 10_000 }] })
  const runId = await begin()
  const { task } = await helper.heard((line) => line.event === 'task_started' && line['runId'] === runId)
  helper.child.kill('SIGKILL')
  await helper.ended
  platform.scenario({ faults: [] })
  await meanwhile()
  const isModels = (line: Line) =>
    line.event === 'task_finished' && line['task'] === 'run_dbt_models' && line['runId'] === runId
  expect(await up.heard(isModels)).toMatchObject({ outcome: 'success' })
  const { run, tasks } = await runOf(url, runId)
  const [lost, next] = tasks.find((one) => one.task === task)?.attempts ?? []
  expect(lost).toMatchObject({ state: 'lost', error: { code: 'ORCHESTRATE_TASK_LOST' } })
  expect(lost?.worker).toContain(` ${String(helper.child.pid)} `)
  expect(next?.state).toBe('success')
  expect(next?.worker).toContain(` ${String(up.child.pid)} `)
  expect(run.attemptsLost).toBeGreaterThanOrEqual(1)
  const status = call(['status', '--json'], folder)
  expect(await status.ended).toBe(0)
  const { attemptsLost } = run
  expect(status.lines.find((line) => line['runId'] === runId)).toMatchObject({ event: 'run', attemptsLost })
  const workers = status.lines.filter((line) => line.event === 'worker')
  expect(workers).toMatchObject([
    { state: 'working', pid: up.child.pid, lost: 0 },
    { state: 'silent', pid: helper.child.pid, tasks: 0, lost: attemptsLost },
  ])
  return runId
}

test(
  'one command: ready, runs carried out by its workers and told, an outage as one incident with one message and one end, a task, a worker and Postgres killed, and a clean end at SIGTERM',
  { timeout: 180_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-up-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    await using platform = await startSandbox({ seed: 3, nowMs: clockMs, world: { platforms: ['meta_ads'] } })
    const env = {
      MILLRACE__CONNECTIONS__META__SANDBOX: 'false',
      MILLRACE__CONNECTIONS__META__BASE_URL: platform.metaUrl,
      META_ACCESS_TOKEN: platform.credentials.metaAccessToken,
    }
    expect(await call(['init', '.', '--yes'], folder).ended).toBe(0)
    writeDemoTime(folder, { asOf, clockMs, eventsPerSecond: 1_000 })
    const up = call(['up', '--json', '--port', '0', '--slots', '2'], folder, env)
    const { url } = await up.heard((line) => line.event === 'ready')
    await up.heard((line) => line.event === 'accounts')
    const date = '2026-11-18'
    const begin = async (): Promise<string> => {
      const post = await fetch(`${String(url)}/api/v1/runs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ pipeline: 'ad_data_pipeline', date }),
      })
      return ((await post.json()) as { readonly runId: string }).runId
    }
    // The platform lets nobody in, then it does again. No other command looks.
    platform.scenario({ faults: [{ kind: 'token_revoked', route: 'meta' }] })
    await begin()
    expect(await up.heard((line) => line.event === 'incidents')).toMatchObject({ opened: 1, resolved: 0 })
    platform.scenario({ faults: [] })
    await faults({ up, platform, folder, url: String(url), begin })
    const runId = await lostWorker({ up, platform, folder, url: String(url), begin }, env, () =>
      countsEvents(String(url), folder),
    )
    expect(await up.heard((line) => line.event === 'incidents' && line['resolved'] === 1)).toMatchObject({ opened: 0 })
    const said = ['Incident: error · run.load · meta_ads', 'Resolved: error · run.load · meta_ads']
    await expect.poll(() => told(folder), { timeout: 10_000 }).toEqual(said)
    const shown = call(['runs', 'show', runId, '--json'], folder)
    expect(await shown.ended).toBe(0)
    expect(shown.lines[0]).toMatchObject({ runId, state: 'success', kind: 'manual', partitionKey: date })
    up.child.kill('SIGTERM')
    expect(await up.ended).toBe(0)
  },
)
