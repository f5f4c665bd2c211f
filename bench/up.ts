import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../src/domain/clock.ts'

const main = new URL('../src/cli/main.ts', import.meta.url).pathname
const idleMs = 60_000

/** `millrace up` as a person starts it: how long until it answers, and what it costs while nothing is to be done. */
export async function benchUp(): Promise<Readonly<Record<string, number>>> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-up-'))
  try {
    await once(start(['init', '.', '--yes'], folder), 'exit')
    const first = await ready(folder)
    await stopped(first.child)
    const again = await ready(folder)
    await systemClock.sleep(5_000)
    const idle = await idleOf(again.child.pid ?? 0)
    await stopped(again.child)
    return { up_first_ready_s: first.seconds, up_ready_s: again.seconds, ...idle }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function start(args: readonly string[], folder: string): ChildProcess {
  return spawn(process.execPath, [main, ...args, '--project', folder], { stdio: ['ignore', 'pipe', 'ignore'] })
}

async function ready(folder: string): Promise<{ readonly child: ChildProcess; readonly seconds: number }> {
  const startedMs = performance.now()
  const child = start(['up', '--json', '--port', '0'], folder)
  if (child.stdout)
    for await (const line of createInterface({ input: child.stdout })) if (line.includes('"ready"')) break
  return { child, seconds: (performance.now() - startedMs) / 1_000 }
}

async function stopped(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  if (child.exitCode === null) await once(child, 'exit')
}

/** Of the process with scheduler, worker and server, by what Linux counts of it; nothing elsewhere. */
async function idleOf(pid: number): Promise<Readonly<Record<string, number>>> {
  const ticksPerS = 100
  const ticks = async () => {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return Number(fields[11]) + Number(fields[12])
  }
  const before = await ticks()
  await systemClock.sleep(idleMs)
  const spent = (await ticks()) - before
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const rssKb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN)
  if (Number.isNaN(spent) || Number.isNaN(rssKb)) return {}
  return { idle_cpu_percent: (spent / ticksPerS / (idleMs / 1_000)) * 100, idle_rss_mb: rssKb / 1_024 }
}
