import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '../src/domain/clock.ts'
import type { DayRange } from '../src/domain/day.ts'
import { addDays, day, daysOf } from '../src/domain/day.ts'
import { readManifest } from '../src/lake/manifest.ts'
import type { DbtProject } from '../src/orchestrate/ports.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { hourMs, outcomeOf, plans, runWith, success } from './fault-job.ts'
import type { Job } from './job.ts'
import { clockOf, connectionsTo, portsOver } from './job.ts'
import type { Orders } from './kill-orders.ts'
import { openChannels } from './kill-orders.ts'
import type { Mailbox } from './mailbox.ts'
import { openMailbox } from './mailbox.ts'
import { truthLines } from './truth.ts'

/*
 * The nightly job dies by kill -9 at every durable step and at random moments, while somebody reads all the time. Each cycle
 * is a night: the platform has restated everything, one day is new, the job is killed, the reader must have seen whole versions
 * only, and the same job run again must succeed with everything there once and every message delivered.
 */
const long = process.env['MILLRACE_LONG'] === '1'
const program = join(import.meta.dirname, 'kill-program.ts')
const firstDay = day('2026-05-01')
const firstMs = Date.parse('2026-06-01T12:00:00Z')
const template = join(import.meta.dirname, '../template/dbt')

let sandbox: Sandbox
let warehouse: Warehouse
let mailbox: Mailbox
let folder: string
let cycles = 0
const killedAt = new Set<string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace kill '))
  sandbox = await startSandbox({ seed: 11, nowMs: firstMs, world: { accounts: [plans.google, plans.meta] } })
  warehouse = await openTestWarehouse()
  mailbox = await openMailbox()
})

afterAll(async () => {
  process.stdout.write(`kill cycles: ${cycles}, at ${killedAt.size} different places\n`)
  await mailbox[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
  await sandbox.stop()
  await rm(folder, { recursive: true, force: true })
})

/** By `account date`, the published rows as one text; a partition without rows is not there. */
type Picture = ReadonlyMap<string, string>

const look = `
select p.account_id || ' ' || p.date as key, p.rows, count(f.entity_id)::int as found,
       coalesce(string_agg(concat_ws(' ', f.entity_id, f.currency, trim_scale(f.cost), f.impressions, f.clicks, trim_scale(f.conversions),
                                     trim_scale(f.conversion_value)), e'\\n'), '') as lines
from partition_state p left join fact_ad_daily f on f.partition_id = p.partition_id
where p.date between $1 and $2
group by p.partition_id`

interface Seen {
  readonly key: string
  readonly rows: number
  readonly found: number
  readonly lines: string
  readonly [column: string]: unknown
}

const sorted = (lines: string) => lines.split('\n').sort().join('\n')

async function picture(range: DayRange): Promise<{ readonly published: Picture; readonly torn: readonly string[] }> {
  const rows = await warehouse.query<Seen>(look, [range.since, range.until])
  return {
    published: new Map(rows.map(({ key, lines }) => [key, sorted(lines)])),
    torn: rows.filter(({ rows: said, found }) => said !== found).map(({ key }) => key),
  }
}

/** What the platform says now. */
function truthNow(range: DayRange): Picture {
  const nowMs = sandbox.nowMs()
  return new Map(
    sandbox.accounts.flatMap(({ platform, accountId }) =>
      daysOf(range).map((date): [string, string] => {
        const rows = sandbox.truth(platform, accountId, date, nowMs)
        return [`${accountId} ${date}`, truthLines(rows).join('\n')]
      }),
    ),
  )
}

/** Reads every few milliseconds until it is stopped; everything that was neither the old version nor the new one is a violation. */
function startReader(range: DayRange, before: Picture, after: Picture) {
  const violations: string[] = []
  let looks = 0
  const stop = new AbortController()
  const reading = (async () => {
    while (!stop.signal.aborted) {
      const { published, torn } = await picture(range)
      looks += 1
      violations.push(...torn.map((key) => `${key}: another number of rows than its state says`))
      for (const [key, lines] of published) {
        const allowed = [before.get(key) ?? '', after.get(key)]
        if (!allowed.includes(lines)) violations.push(`${key}: rows of no version`)
      }
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
  })()
  return {
    async stop() {
      stop.abort()
      await reading
      return { violations, looks }
    },
  }
}

/** How a program is killed: by itself at a step, or from outside so many milliseconds after it began to work. */
interface Death {
  readonly step?: number
  readonly afterMs?: number
}

interface Ended {
  readonly killed: boolean
  readonly workedMs: number
  readonly report: { readonly steps: number; readonly state: string } | null
}

async function runProgram(orders: Orders, { afterMs }: Death): Promise<Ended> {
  const child = spawn(process.execPath, [program, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close')
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  let begunAtMs = 0
  let report: Ended['report'] = null
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'begun') {
      begunAtMs = performance.now()
      if (afterMs !== undefined) setTimeout(() => child.kill('SIGKILL'), afterMs)
    } else report = JSON.parse(line) as Ended['report']
  }
  const [, signal] = (await ended) as [number | null, string | null]
  expect(signal === 'SIGKILL' || report !== null ? '' : `ended without a report: ${said}`).toBe('')
  return { killed: signal === 'SIGKILL', workedMs: performance.now() - begunAtMs, report }
}

/** The next night: everything that was published before is restated, the clock has moved on, and one more day is asked for. */
function nextNight(): DayRange {
  cycles += 1
  sandbox.setClock(firstMs + cycles * hourMs)
  sandbox.scenario({ faults: [{ kind: 'restated_day', factor: 1 + cycles / 100 }] })
  const until = addDays(firstDay, cycles % 28)
  return { since: addDays(until, cycles % 28 === 0 ? 0 : -1), until }
}

function ordersFor(range: DayRange, death: Death, more: Partial<Orders> = {}): Orders {
  const { googleAdsUrl, googleOauthUrl, metaUrl, credentials } = sandbox
  return {
    connection: warehouse.connection,
    door: { googleAdsUrl, googleOauthUrl, metaUrl, credentials },
    folder,
    nowMs: sandbox.nowMs(),
    range,
    seed: cycles * 2,
    smtpPort: mailbox.port,
    parallelAccounts: 1,
    step: death.step ?? null,
    dbt: null,
    ...more,
  }
}

/** The same night again, in this process: what a person or a schedule does after a crash. */
async function finish(range: DayRange, dbt: DbtProject | null): Promise<void> {
  const channels = await openChannels(folder, mailbox.port)
  const given = { clock: clockOf(sandbox), connections: await connectionsTo(sandbox), warehouse, folder }
  const ports = await portsOver({ ...given, seed: cycles * 2 + 1 }, { channels, dbt })
  const summary = await runWith({ ports } as Job, {}, range)
  expect(outcomeOf(summary)).toEqual(success)
  for (const { notifier } of channels) await notifier[Symbol.asyncDispose]()
  await expectLake(ports)
  await expectDelivered()
}

/** Every published partition's raw file is named by a manifest and can be read. */
async function expectLake({ lake }: Job['ports']): Promise<void> {
  for (const account of sandbox.accounts) {
    const named = new Map(
      (await readManifest(lake, account)).map((entry) => [entry.extractId, new Set(entry.files.map((one) => one.key))]),
    )
    const published = await warehouse.query<{ extract_id: string; raw_key: string | null }>(
      `select p.extract_id, x.raw_keys ->> p.date::text as raw_key
       from partition_state p join extract x using (extract_id) where p.account_id = $1 and p.date > $2`,
      [account.accountId, addDays(firstDay, (cycles % 28) - 2)],
    )
    for (const { extract_id, raw_key } of published) {
      expect(named.get(extract_id)?.has(raw_key ?? ''), `${raw_key} in the manifest`).toBe(true)
      await using file = await lake.open(raw_key ?? '')
      expect(file.path).not.toBe('')
    }
  }
}

/** Every message of every run that ended has gone out at least once, and a receiver that heeds the key has each once. */
async function expectDelivered(): Promise<void> {
  const messages = await warehouse.query<{ key: string; channel: string; delivered: boolean }>(
    'select idempotency_key as key, channel, delivered_at is not null as delivered from outbox',
  )
  expect(messages.filter(({ delivered }) => !delivered)).toEqual([])
  const ended = await warehouse.query(`select 1 from pipeline_run where state <> 'running'`)
  // Restated days may also be incidents, whose messages are among the keys below.
  expect(messages.filter(({ key }) => key.startsWith('run:'))).toHaveLength(ended.length * 2)
  const keys = new Set(messages.filter(({ channel }) => channel === 'mail').map(({ key }) => key))
  expect(new Set(mailbox.keys)).toEqual(keys)
  const files = (await readdir(join(folder, 'outbox'))).filter((name) => name.endsWith('.txt'))
  expect(files.length).toBe(keys.size)
}

/** One night: kill, look, run again, look. */
async function cycle(death: Death, more: Partial<Orders> = {}): Promise<Ended> {
  const range = nextNight()
  const before = (await picture(range)).published
  const after = truthNow(range)
  const reader = startReader(range, before, after)
  let ended: Ended
  try {
    ended = await runProgram(ordersFor(range, death, more), death)
    await finish(range, more.dbt ?? null)
  } finally {
    await reader.stop()
  }
  const { violations, looks } = await reader.stop()
  expect(violations).toEqual([])
  expect(looks).toBeGreaterThan(3)
  const now = await picture(range)
  expect(now.torn).toEqual([])
  expect(now.published).toEqual(after)
  if (ended.killed) killedAt.add(death.step === undefined ? `random ${cycles}` : `step ${death.step}`)
  return ended
}

async function expectMarts(): Promise<void> {
  const differences = await warehouse.query(
    `select account_id, date, sum(cost) from daily_campaign_metrics group by 1, 2
     except select account_id, date, total_cost from analytics.account_daily`,
  )
  expect(differences).toEqual([])
  const leftovers = await warehouse.query(
    `select relname from pg_class where relnamespace = 'analytics'::regnamespace and relname like '%\\_\\_dbt\\_%'`,
  )
  expect(leftovers).toEqual([])
}

describe('a job killed in the middle', () => {
  test(
    'at any durable step leaves whole versions only, and the next run finishes it',
    async () => {
      const whole = await cycle({})
      expect(whole).toMatchObject({ killed: false, report: { state: 'success' } })
      const steps = whole.report!.steps
      expect(steps).toBeGreaterThan(40)
      for (const seed of long ? [1, 2, 3] : [1]) {
        // A slice takes every n-th step, another n-th each seed; the full count takes them all.
        const stride = long ? 1 : Math.ceil(steps / 14)
        let [rounds, kills] = [0, 0]
        for (let step = 1 + ((seed - 1) % stride); step <= steps; step += stride) {
          const ended = await cycle({ step }, { seed: seed * 100_000 + cycles })
          rounds += 1
          if (ended.killed) kills += 1
          // A night that has less to tell than the first ends before the last of its steps.
          expect(ended.killed || Number(ended.report?.steps) < step).toBe(true)
        }
        expect(kills).toBeGreaterThanOrEqual(long ? 40 : 10)
        expect(kills / rounds).toBeGreaterThan(0.8)
      }
    },
    long ? 3_600_000 : 180_000,
  )

  test(
    'at random moments, two accounts at a time, leaves whole versions only, and the next run finishes it',
    async () => {
      const { workedMs } = await cycle({}, { parallelAccounts: 2 })
      for (const seed of [1, 2, 3]) {
        const random = seededRandom(seed)
        for (let round = 0; round < (long ? 20 : 1); round += 1) {
          const ended = await cycle({ afterMs: random() * workedMs }, { parallelAccounts: 2 })
          expect(ended.killed || ended.report?.state === 'success').toBe(true)
        }
      }
    },
    long ? 3_600_000 : 180_000,
  )

  test(
    'while the models are built leaves marts that the next run makes right',
    async () => {
      const projectDir = join(folder, 'dbt')
      await cp(template, projectDir, { recursive: true })
      const dbt: DbtProject = { projectDir, profilesDir: projectDir, vars: {}, threads: 2 }
      const random = seededRandom(4)
      const { workedMs } = await cycle({}, { dbt })
      await expectMarts()
      for (let round = 0; round < (long ? 20 : 2); round += 1) {
        const ended = await cycle({ afterMs: workedMs * (0.4 + random() * 0.6) }, { dbt })
        expect(ended.killed || ended.report?.state === 'success').toBe(true)
        await expectMarts()
      }
    },
    long ? 3_600_000 : 180_000,
  )
})
