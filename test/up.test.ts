import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'

/*
 * `millrace up` as a person starts it: one command, then a run that its workers carry out in processes of their own, and SIGTERM.
 */

interface Line {
  readonly event: string
  readonly [fact: string]: unknown
}

const main = new URL('../src/cli/main.ts', import.meta.url).pathname

function call(args: readonly string[], project: string) {
  const child = spawn(process.execPath, [main, ...args, '--project', project], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, MILLRACE_LANG: 'en', MILLRACE__STREAM__WRITE_KEYS__WEB__KEY: 'key-of-up' },
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

test(
  'one command: ready, a run carried out by its workers and told, and a clean end at SIGTERM',
  { timeout: 180_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-up-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    expect(await call(['init', '.', '--yes'], folder).ended).toBe(0)
    const up = call(['up', '--json', '--port', '0', '--slots', '2'], folder)
    const { url } = await up.heard((line) => line.event === 'ready')
    await up.heard((line) => line.event === 'accounts')
    const date = new Date(Date.now() - 4 * 24 * 3_600_000).toISOString().slice(0, 10)
    const post = await fetch(`${String(url)}/api/v1/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ pipeline: 'ad_data_pipeline', date }),
    })
    const { runId } = (await post.json()) as { readonly runId: string }
    const isModels = (line: Line) => line.event === 'task_finished' && line['task'] === 'run_dbt_models'
    expect(await up.heard(isModels)).toMatchObject({ runId, outcome: 'success' })
    const shown = call(['runs', 'show', runId, '--json'], folder)
    expect(await shown.ended).toBe(0)
    expect(shown.lines[0]).toMatchObject({ runId, state: 'success', kind: 'manual', partitionKey: date })
    const event = { event_type: 'click', campaign_id: 'mine', timestamp: Date.now() }
    const sent = await fetch(`${String(url)}/v1/track`, {
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
    up.child.kill('SIGTERM')
    expect(await up.ended).toBe(0)
  },
)
