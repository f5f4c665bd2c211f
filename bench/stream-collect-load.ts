import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../src/domain/clock.ts'
import type { EventGenerator } from '../src/stream/generator.ts'
import type { EventLog } from '../src/stream/log.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import type { Bench } from './figures.ts'
import { median } from './measure.ts'

const batchEvents = 20
const bodies = 500
const connections = 64
const warmRequests = 4_000
const requests = 20_000
const rounds = 3

/** Batches of 20 events over HTTP, each answered after its commit: CPU of the collector's process. What was answered for has to be in the log. */
export async function benchCollector(
  warehouse: Warehouse,
  log: EventLog,
  generator: EventGenerator,
  say: (line: string) => void,
): Promise<Bench> {
  say(`collector, ${rounds} × ${requests.toLocaleString('en')} batches of ${batchEvents} …`)
  const spoolDir = await mkdtemp(join(tmpdir(), 'millrace-spool-'))
  const program = join(import.meta.dirname, 'stream-collector.ts')
  const args = [
    ...process.execArgv,
    program,
    JSON.stringify({ connection: warehouse.connection, topic: log.topic, spoolDir }),
  ]
  const pinned = existsSync('/usr/bin/taskset')
    ? (['/usr/bin/taskset', ['-c', '0', process.execPath, ...args]] as const)
    : ([process.execPath, args] as const)
  const child = spawn(pinned[0], pinned[1], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const line = async (): Promise<string> => String((await lines.next()).value)
    const url = new URL('/v1/batch', await line())
    const cpu = async (): Promise<number> => {
      child.stdin.write('\n')
      return Number(await line())
    }
    const nowMs = systemClock.nowMs()
    const made = Array.from({ length: bodies }, () =>
      Buffer.from(Array.from({ length: batchEvents }, () => `${generator.next(nowMs).line}\n`).join('')),
    )
    await sendAll(url, made, warmRequests)
    const rates: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const before = await cpu()
      await sendAll(url, made, requests)
      rates.push((requests * batchEvents) / ((await cpu()) - before))
    }
    await checkKept(log, (warmRequests + rounds * requests) * batchEvents)
    const rate = median(rates)
    return {
      figures: { collector_events_per_cpu_s: rate },
      lines: [
        {
          what: 'collector, 20-event batches, committed before 2xx',
          ours: rate,
          unit: 'ev/cpu-s',
          bar: { atLeast: 300_000 },
        },
      ],
    }
  } finally {
    // It ends by itself, so that a profile of it is written.
    child.stdin.end()
    await once(child, 'exit')
    await rm(spoolDir, { recursive: true, force: true })
  }
}

async function checkKept(log: EventLog, wanted: number): Promise<void> {
  const partitions = Array.from({ length: await log.partitions() }, (_, partition) => log.bounds(partition))
  const kept = (await Promise.all(partitions)).reduce((sum, { next }) => sum + next, 0)
  if (kept !== wanted) throw new Error(`${kept} events are in the log, ${wanted} were answered for`)
}

async function sendAll(url: URL, made: readonly Buffer[], count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  let left = count
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left > 0) {
        left -= 1
        await post(url, agent, made[left % made.length] as Buffer)
      }
    }),
  )
  agent.destroy()
}

const headers = { 'content-type': 'application/x-ndjson', 'x-write-key': 'bench' }

function post(url: URL, agent: Agent, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers: { ...headers, 'content-length': body.length } })
    sent.once('error', reject)
    sent.once('response', (answer) => {
      answer.resume()
      answer.once('end', () => (answer.statusCode === 200 ? resolve() : reject(new Error(`${answer.statusCode}`))))
    })
    sent.end(body)
  })
}
