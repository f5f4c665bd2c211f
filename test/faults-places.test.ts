import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { addDays } from '../src/domain/day.ts'
import { adapter as folderLake } from '../src/lake/folder.ts'
import type { Lake } from '../src/lake/lake.ts'
import { adapter as s3 } from '../src/lake/s3.ts'
import { openSmtp } from './fault-mail.ts'
import { startEmbedded } from '../src/warehouse/embedded-server.ts'
import { adapter as embedded } from '../src/warehouse/embedded.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import {
  accountOf,
  dayMs,
  expectTruth,
  factsOf,
  hourMs,
  interval,
  nowMs,
  openFaultJob,
  outcomeOf,
  runWith,
  statesOf,
  success,
} from './fault-job.ts'
import type { Job } from './job.ts'
import type { Orders } from './kill-orders.ts'
import { openMailbox } from './mailbox.ts'

/* What can happen to the places that a night writes to: the disk, the bucket, the database, the mail server. */
const run = promisify(execFile)
const root = await mkdtemp(join(tmpdir(), 'millrace places '))
afterAll(() => rm(root, { recursive: true, force: true }))

/** A small file system of its own; undefined where this user may not mount one. */
async function smallDisk(
  name: string,
  size: string,
): Promise<({ readonly path: string } & AsyncDisposable) | undefined> {
  const path = join(root, name)
  await mkdir(path)
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
  } catch {
    return undefined
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      await run('umount', ['-l', path])
    },
  }
}

/** Takes all the room that is left but for so many bytes. */
async function fill(disk: string, leaving = 0): Promise<() => Promise<void>> {
  const ballast = join(disk, 'ballast')
  await run('sh', ['-c', 'cat /dev/zero > "$0" 2>/dev/null; truncate -s "-$1" "$0"', ballast, String(leaving)])
  return () => rm(ballast)
}

const noMount = 'mounting a small tmpfs needs root'

describe('a full disk', () => {
  test('under the lake fails the accounts by name, publishes nothing half, and the next night is right', async ({
    skip,
  }) => {
    await using disk = await smallDisk('lake', '3m')
    skip(!disk, noMount)
    await using job = await openFaultJob()
    await using lake = await folderLake.open({ root: join(disk!.path, 'lake') })
    expect(outcomeOf(await runWith(job, { lake }))).toEqual(success)
    const before = await factsOf(job, accountOf(job, 'google_ads'))
    const free = await fill(disk!.path)
    job.sandbox.setClock(nowMs + dayMs)
    const { state, troubles } = outcomeOf(await runWith(job, { lake }))
    expect(state).toBe('failed')
    expect(troubles.toSorted()).toEqual(
      job.sandbox.accounts.map((one) => `${one.platform}/${one.accountId} LAKE_DISK_FULL 01 02 03`).sort(),
    )
    expect(await factsOf(job, accountOf(job, 'google_ads'))).toEqual(before)
    expect(await statesOf(job, accountOf(job, 'google_ads'))).toEqual(Array(3).fill('stale LAKE_DISK_FULL'))
    await free()
    expect(outcomeOf(await runWith(job, { lake }))).toEqual(success)
    await expectTruth(job)
  })

  test('under the spools is the same code with the spool’s own folder', async ({ skip }) => {
    await using disk = await smallDisk('spool', '1m')
    skip(!disk, noMount)
    await using job = await openFaultJob()
    const scratchDir = join(disk!.path, 'scratch')
    const free = await fill(disk!.path)
    const summary = await runWith(job, { scratchDir })
    expect(summary.state).toBe('failed')
    for (const trouble of summary.troubles) {
      expect(trouble.code).toBe('LAKE_DISK_FULL')
      expect(String(trouble.facts['path'])).toContain(disk!.path)
    }
    await free()
    expect(outcomeOf(await runWith(job, { scratchDir }))).toEqual(success)
    await expectTruth(job)
  })

  test('under Postgres is WAREHOUSE_DISK_FULL or a lost server, and what readers see is whole; then it heals', async ({
    skip,
  }) => {
    await using disk = await smallDisk('postgres', '160m')
    skip(!disk, noMount)
    const warehouse = await openOwn(join(disk!.path, 'server'))
    await using job = await openFaultJob(undefined, { warehouse })
    expect(outcomeOf(await job.run(interval))).toEqual(success)
    const free = await fill(disk!.path)
    job.sandbox.setClock(nowMs + dayMs)
    // Enough days that the log of changes cannot fit into the room that its files still have.
    const wide = { since: addDays(interval.since, -1000), until: interval.until }
    const failure = await job.run(wide).then(
      (summary) => summary.troubles.map((one) => one.code),
      (error: { readonly code?: string }) => [error.code],
    )
    expect(failure.length).toBeGreaterThan(0)
    for (const code of failure) expect(code).toMatch(/^WAREHOUSE_(DISK_FULL|CONNECTION_LOST|UNREACHABLE)$/)
    expect(failure).toContain('WAREHOUSE_DISK_FULL')
    await free()
    // Every published day is still the whole of one extract's truth, whichever.
    await expectTruth(job)
    expect(outcomeOf(await job.run(interval))).toEqual(success)
    await expectTruth(job)
  })
})

/** An embedded Postgres of its own, migrated; the tests' shared one must not be killed or starved. */
async function openOwn(dir: string): Promise<Warehouse> {
  const warehouse = await embedded.open(embedded.options.parse({ dir }))
  await warehouse.migrate()
  return warehouse
}

describe('Postgres', () => {
  test.for(['extract', 'load'] as const)(
    'killed while the %s is under way: the run ends, the server is back, and another run is right',
    async (kind) => {
      const dir = join(root, `killed ${kind}`)
      const warehouse = await openOwn(dir)
      await using job = await openFaultJob(undefined, { warehouse })
      let isKilled = false
      const server = await startEmbedded({ dir })
      const ended = await job
        .run(interval, {
          emit: (event) => {
            if (isKilled || event.event !== 'task_started' || event.kind !== kind) return
            isKilled = true
            process.kill(server.pid, 'SIGKILL')
          },
        })
        .then(
          (summary) => summary.troubles.map((one) => one.code),
          (error: { readonly code?: string }) => [error.code],
        )
      expect(isKilled).toBe(true)
      for (const code of ended) expect(code).toMatch(/^WAREHOUSE_(CONNECTION_LOST|UNREACHABLE)$/)
      expect(outcomeOf(await job.run(interval))).toEqual(success)
      await expectTruth(job)
      await server.stop()
    },
  )
})

describe('two runs at once', () => {
  test('of the same days in two processes both end well, and every row is there once', async () => {
    await using job = await openFaultJob()
    await using mailbox = await openMailbox()
    for (let round = 0; round < 3; round += 1) {
      job.sandbox.setClock(nowMs + round * hourMs)
      job.sandbox.scenario({ faults: [{ kind: 'restated_day', factor: 1 + round / 10 }] })
      const ended = await Promise.all([1, 2].map((seed) => runProgram(job, mailbox.port, round * 2 + seed)))
      for (const one of ended) expect(one).toMatchObject({ state: 'success' })
      await expectTruth(job)
    }
    const doubled = await job.ports.warehouse.query(
      `select 1 from fact_ad_daily_history group by partition_id, entity_id, at having count(*) > 1`,
    )
    expect(doubled).toEqual([])
    const [ended] = await job.ports.warehouse.query(`select count(*)::int as runs from pipeline_run`)
    expect(ended).toEqual({ runs: 6 })
    expect(new Set(mailbox.keys).size).toBe(6)
  })
})

async function runProgram(job: Job, smtpPort: number, seed: number): Promise<object> {
  const { googleAdsUrl, googleOauthUrl, metaUrl, credentials } = job.sandbox
  const orders: Orders = {
    connection: job.ports.warehouse.connection,
    door: { googleAdsUrl, googleOauthUrl, metaUrl, credentials },
    folder: join(root, 'two'),
    nowMs: job.sandbox.nowMs(),
    range: interval,
    seed,
    smtpPort,
    parallelAccounts: 2,
    step: null,
    dbt: null,
  }
  const program = join(import.meta.dirname, 'kill-program.ts')
  const child = spawn(process.execPath, [program, JSON.stringify(orders)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  expect(await once(child, 'close')).toEqual([0, null])
  return JSON.parse(said.trim().split('\n').at(-1) ?? '') as object
}

describe('mail', () => {
  test.for([
    ['4xx', 'unavailable'],
    ['silence', 'hang'],
  ] as const)('a server that says %s: the run succeeds, the notice waits, and comes later, once', async ([, fault]) => {
    await using mailbox = await openMailbox()
    await using channel = await openSmtp(mailbox.port)
    await using job = await openFaultJob()
    mailbox.fail(fault)
    const channels = [channel]
    expect(outcomeOf(await runWith(job, { channels }))).toEqual(success)
    expect(mailbox.keys).toEqual([])
    const waiting = await outbox(job)
    expect(waiting).toMatchObject([{ delivered: false, dead: false, attempts: 1 }])
    expect(waiting[0]?.last_error).toMatch(/^NOTIFY_UNAVAILABLE/)
    mailbox.fail(null)
    job.sandbox.setClock(nowMs + hourMs)
    expect(outcomeOf(await runWith(job, { channels }))).toEqual(success)
    expect(await outbox(job)).toMatchObject([
      { delivered: true, attempts: 2 },
      { delivered: true, attempts: 1 },
    ])
    expect(mailbox.keys).toHaveLength(2)
    expect(new Set(mailbox.keys)).toEqual(new Set((await outbox(job)).map((one) => one.key)))
  })

  test('a server that says 5xx: the run succeeds and says so, the notice is kept with the server’s words', async () => {
    await using mailbox = await openMailbox()
    await using channel = await openSmtp(mailbox.port)
    await using job = await openFaultJob(undefined, { channels: [channel] })
    mailbox.fail('refused')
    const said: string[] = []
    const summary = await job.run(interval, {
      emit: (event) => {
        if (event.event === 'log' && event.level === 'warn') said.push(event.message)
      },
    })
    expect(outcomeOf(summary)).toEqual(success)
    expect(said).toEqual([expect.stringContaining('1 given up')])
    expect(await outbox(job)).toMatchObject([{ delivered: false, dead: true, attempts: 1 }])
    expect((await outbox(job))[0]?.last_error).toContain('550')
    mailbox.fail(null)
    job.sandbox.setClock(nowMs + hourMs)
    await job.run(interval)
    expect(mailbox.keys).toHaveLength(1)
  })
})

interface Letter {
  readonly key: string
  readonly delivered: boolean
  readonly dead: boolean
  readonly attempts: number
  readonly last_error: string | null
  readonly [column: string]: unknown
}

const outbox = (job: Job) =>
  job.ports.warehouse.query<Letter>(
    `select idempotency_key as key, delivered_at is not null as delivered, dead_at is not null as dead, attempts, last_error
     from outbox order by outbox_id`,
  )

describe('S3', () => {
  const endpoint = process.env['MILLRACE_TEST_S3_URL'] ?? ''
  const absent = 'no S3 server: set MILLRACE_TEST_S3_URL (scripts/services.sh start s3)'
  const given = (more: object = {}) => ({
    endpoint,
    bucket: process.env['MILLRACE_TEST_S3_BUCKET'] ?? 'millrace-test',
    accessKeyId: process.env['MILLRACE_TEST_S3_ACCESS_KEY'] ?? 'millrace',
    secretAccessKey: process.env['MILLRACE_TEST_S3_SECRET_KEY'] ?? 'millrace-secret',
    prefix: `job-${process.pid}-${(places += 1)}`,
    timeoutMs: 2_000,
    ...more,
  })
  let places = 0
  const open = (more?: object): Promise<Lake> => s3.open(s3.options.parse(given(more)))

  test('a wrong key and a bucket that is not there stop before anything is begun', async ({ skip }) => {
    skip(endpoint === '', absent)
    await expect(open({ secretAccessKey: 'wrong' })).rejects.toMatchObject({ code: 'LAKE_ACCESS_DENIED' })
    await expect(open({ bucket: 'no-such-bucket' })).rejects.toMatchObject({ code: 'LAKE_BUCKET_MISSING' })
  })

  const troubles = [
    ['503 for a moment', 2, 'unavailable', success.state],
    ['503 for a night', Infinity, 'unavailable', 'failed'],
    ['uploads that are torn for a night', Infinity, 'torn', 'failed'],
  ] as const

  test.for(troubles)('%s: nothing half is published, and the next night is right', async (one, { skip }) => {
    const [, times, how, state] = one
    skip(endpoint === '', absent)
    await using proxy = await openProxy(endpoint)
    const place = given({ endpoint: proxy.endpoint })
    await using job = await openFaultJob()
    await using lake = await s3.open(s3.options.parse(place))
    proxy.fail(how, times)
    const summary = await runWith(job, { lake })
    expect(summary.state).toBe(state)
    for (const { code } of summary.troubles) expect(code).toMatch(/^LAKE_/)
    const facts = await factsOf(job, accountOf(job, 'google_ads'))
    expect(facts.length > 0).toBe(state === 'success')
    proxy.fail(how, 0)
    expect(outcomeOf(await runWith(job, { lake }))).toEqual(success)
    await expectTruth(job)
  })
})

/** A server before the bucket that refuses or tears so many uploads. */
async function openProxy(endpoint: string) {
  const target = new URL(endpoint)
  let left = 0
  let fault: 'unavailable' | 'torn' = 'unavailable'
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? ''
    const { method, headers } = incoming
    if (method === 'PUT' && left > 0) {
      left -= 1
      if (fault === 'torn') return tear(incoming)
      outgoing.writeHead(503, { 'content-type': 'application/xml' })
      outgoing.end('<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>planted</Message></Error>')
      return
    }
    const passed = request({ host: target.hostname, port: target.port, path, method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail(how: typeof fault, times: number) {
      fault = how
      left = times
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function tear(incoming: IncomingMessage): void {
  incoming.once('data', () => incoming.socket.destroy())
}
