import { expect, test } from 'vitest'
import { accountKey } from '../src/domain/account.ts'
import { seededRandom } from '../src/domain/clock.ts'
import type { Day } from '../src/domain/day.ts'
import { addDays, dayEndMs, timeZone } from '../src/domain/day.ts'
import { performTask } from '../src/orchestrate/body.ts'
import { embeddedEngine } from '../src/orchestrate/embedded-engine.ts'
import { adDataPipeline } from '../src/orchestrate/pipeline.ts'
import type { Channel } from '../src/orchestrate/ports.ts'
import { Scheduler } from '../src/orchestrate/scheduler.ts'
import { drawOutages, outageOf } from '../src/orchestrate/outage.ts'
import type { Outage } from '../src/orchestrate/outage.ts'
import { simulatedBodies } from '../src/orchestrate/simulated-bodies.ts'
import { lateDays, madeBy, simulate } from '../src/orchestrate/simulate.ts'
import type { Simulated } from '../src/orchestrate/simulate.ts'
import { hourMs, plans } from './fault-job.ts'
import type { Job } from './job.ts'
import { openJob } from './job.ts'

/*
 * The scheduler over accounts that close on their own clocks: 02:00 in Seoul, while it is still yesterday in Berlin and Los Angeles.
 * Time is the sandbox's and is moved by hand; a worker that calls functions does what is ready.
 */

const pipeline = adDataPipeline(['google_ads', 'meta_ads'], timeZone('Asia/Seoul'))
const seoul = timeZone('Asia/Seoul')

interface Stage extends AsyncDisposable {
  readonly job: Job
  /** Moves the clock, looks, and does what is ready. */
  at(nowMs: number): Promise<void>
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

async function openStage(nowMs: number, deadlineMs = 4 * hourMs, channels: readonly Channel[] = []): Promise<Stage> {
  const job = await openJob({
    sandbox: { seed: 7, nowMs, world: { accounts: [plans.google, plans.meta, plans.googleTwo] } },
    channels,
  })
  const { ports } = job
  const engine = embeddedEngine({ warehouse: ports.warehouse })
  const scheduler = new Scheduler({ ports, pipeline, engine, deadlineMs, onEvent: () => undefined })
  const signal = new AbortController().signal
  const bodies = simulatedBodies(ports)
  const work = async () => {
    for (let done = 0; ;) {
      const tasks = await engine.queue.claim('w', 8)
      if (tasks.length === 0) return done
      done += tasks.length
      for (const task of tasks)
        await engine.queue.finish(task.fence, await performTask(bodies, { task, signal, log: () => undefined }))
    }
  }
  return {
    job,
    rows: (sql) => ports.warehouse.query(sql),
    async at(instantMs) {
      job.sandbox.setClock(instantMs)
      await scheduler.tick(signal)
      // What was done is taken over and told by the next look.
      if ((await work()) > 0) await scheduler.tick(signal)
    },
    [Symbol.asyncDispose]: () => job[Symbol.asyncDispose](),
  }
}

test('02:00 in Seoul, three zones, 14 days over both changes of the clocks: each account’s day once, when it has closed', async () => {
  const first = '2026-10-21' as Day
  const begunMs = Date.parse('2026-10-21T15:00:00Z')
  await using stage = await openStage(begunMs)
  // Every hour around those at which one of them closes; in between nothing can fall due.
  const hours = new Set([16, 17, 22, 23, 0, 7, 8, 9])
  for (let nowMs = begunMs; nowMs <= begunMs + 15 * 24 * hourMs; nowMs += hourMs)
    if (hours.has(new Date(nowMs).getUTCHours())) await stage.at(nowMs)
  const days = Array.from({ length: 14 }, (_, index) => addDays(first, index))
  const { connections } = stage.job.ports
  const settleMs = connections[0]?.connector.spec.settleMs ?? 0
  const expected = stage.job.sandbox.accounts.flatMap((account) =>
    days.map((day) => {
      const closedMs = dayEndMs(day, account.zone) + settleMs
      const dueMs = Math.max(closedMs, dayEndMs(day, seoul) + 2 * hourMs)
      return `${accountKey(account)} ${day} ok ${new Date(dueMs).toISOString()}`
    }),
  )
  const ledger = await stage.rows(
    `select concat_ws(' ', platform || '/' || account_id, day::text, state) as said, due_at from ledger_account
     where day between '${first}' and '${days.at(-1)}'`,
  )
  const told = ledger.map(({ said, due_at: dueAt }) => `${String(said)} ${(dueAt as Date).toISOString()}`)
  expect(told.toSorted()).toEqual(expected.toSorted())
  // One run a wave: accounts that have closed by the same look go together, and models are built once for each.
  const waves = await stage.rows(
    `select r.partition_key as day, count(*)::int as runs, count(t.*)::int as models, sum(a.accounts)::int as accounts
     from engine_run r join engine_task t on t.run_id = r.run_id and t.kind = 'dbt'
     cross join lateral (select count(*) as accounts from engine_task x where x.run_id = r.run_id and x.kind = 'extract') a
     where r.partition_key between '${first}' and '${days.at(-1)}' group by 1 order by 1`,
  )
  expect(waves).toEqual(days.map((day) => ({ day, runs: 3, models: 3, accounts: 3 })))
  const early = await stage.rows(
    `select l.account_id, l.day from ledger_account l join partition_state p
       on p.platform = l.platform and p.account_id = l.account_id and p.date = l.day where p.requested_at < l.due_at`,
  )
  expect(early).toEqual([])
  expect(await stage.rows(`select day from ledger_account where late_at is not null`)).toEqual([])
}, 240_000)

test('a run that was never made is noticed at the deadline, told once, and its recovery once', async () => {
  const nowMs = Date.parse('2026-09-06T12:00:00Z')
  const sent: string[] = []
  const notifier: Channel['notifier'] = {
    name: 'list',
    place: 'a list',
    async send({ subject }) {
      sent.push(subject)
      await Promise.resolve()
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  await using stage = await openStage(nowMs, 2 * hourMs, [{ name: 'list', notifier, language: 'en' }])
  await stage.at(nowMs)
  // Nobody makes runs any more; the ledger goes on.
  await stage.rows('update ledger_pipeline set paused = true')
  const late = () => stage.rows(`select count(*)::int as late from ledger_account where late_told_at is not null`)
  for (let hour = 1; hour <= 40; hour += 1) await stage.at(nowMs + hour * hourMs)
  const [before] = await late()
  expect(before?.['late']).toBeGreaterThanOrEqual(3)
  await stage.rows(`update ledger_pipeline set paused = false, catchup = 'all'`)
  await stage.at(nowMs + 41 * hourMs)
  const recovered = await stage.rows(
    `select count(*)::int as recovered from ledger_account where recovered_at is not null and late_told_at is not null`,
  )
  expect(recovered[0]?.['recovered']).toBeGreaterThanOrEqual(3)
  const told = (word: string) => sent.filter((one) => one.startsWith(word))
  // One message for what became late by the same look, and none twice.
  const [looks] = await stage.rows('select count(distinct late_told_at)::int as looks from ledger_account')
  expect(told('Late')).toHaveLength(Number(looks?.['looks']))
  expect(told('Recovered')).toHaveLength(1)
  for (let hour = 42; hour <= 44; hour += 1) await stage.at(nowMs + hour * hourMs)
  expect(told('Recovered')).toHaveLength(1)
})

async function simulated(days: number, outages: readonly Outage[], whole = false) {
  const begunMs = Date.parse('2026-09-10T15:00:00Z')
  await using stage = await openStage(begunMs)
  const { ports, sandbox } = stage.job
  const told: Record<Simulated['kind'], string[]> = { run: [], late: [], recovered: [], outage: [] }
  let restated = 0
  const events = simulate({
    ports: { ...ports, random: seededRandom(5) },
    pipeline,
    deadlineMs: 4 * hourMs,
    untilMs: begunMs + days * 24 * hourMs,
    outages,
    whole,
    moveTo: (instantMs) => {
      sandbox.setClock(Math.max(sandbox.nowMs(), instantMs))
    },
    signal: new AbortController().signal,
  })
  for await (const event of events) {
    if (event.kind === 'run') {
      told.run.push(`${event.day} ${event.state} ${event.accounts}`)
      restated += event.restated
    } else told[event.kind].push(event.kind === 'outage' ? event.platform : `${event.day} ${event.account}`)
  }
  return { ...told, restated, lateDays: await lateDays(ports.warehouse), made: await madeBy(ports) }
}

test('a simulation jumps from what falls due to what falls due: three waves a day, and what platforms changed since', async () => {
  const { run, late, restated } = await simulated(4, [])
  const days = ['2026-09-10', '2026-09-11', '2026-09-12', '2026-09-13']
  // The last wave of the last day, in Los Angeles, lies behind the end.
  expect(run).toEqual(days.flatMap((day) => [1, 2, 3].map(() => `${day} success 1`)).slice(0, run.length))
  expect(run.length).toBeGreaterThanOrEqual(11)
  expect(restated).toBeGreaterThan(0)
  expect(late).toEqual([])
}, 120_000)

test('a whole simulation tells the same story and writes the raw files of it', async () => {
  const [plain, whole] = [await simulated(1, []), await simulated(1, [], true)]
  expect({ ...whole, made: plain.made }).toEqual(plain)
  expect([plain.made.files, whole.made.files > 0]).toEqual([0, true])
}, 120_000)

test('an outage makes exactly the days late that fell due in it, the next night brings them, and the seed decides the rest', async () => {
  // From the evening before 02:00 in Seoul to 19:00: the night of the 11th, and none of its tries gets through.
  const outage = outageOf('meta_ads@2026-09-11T14:00Z/20')
  const first = await simulated(3, [outage])
  expect([first.outage, first.late.length, first.recovered]).toEqual([['meta_ads'], 1, first.late])
  expect(first.late[0]).toMatch(/^2026-09-11 meta_ads/)
  expect(first.run.filter((one) => !one.includes('success'))).toEqual(['2026-09-11 failed 1'])
  expect(first.lateDays.map(({ day, recovered }) => [day, recovered?.toISOString()])).toEqual([
    ['2026-09-11', '2026-09-12T17:00:00.000Z'],
  ])
  expect(await simulated(3, [outage])).toEqual(first)
}, 240_000)

test.each([
  'meta_ads',
  'meta_ads@2026-09-11',
  'nobody@2026-09-11/3',
  'meta_ads@then/3',
  'meta_ads@2026-09-11T00:00Z/x',
])('%s is no outage, and the message says how one is written', (text) => {
  expect(() => outageOf(text)).toThrow(/PLATFORM@INSTANT\/HOURS/)
})

test('outages are drawn by the seed, in order and inside the time', () => {
  const between = { sinceMs: 0, untilMs: 30 * 24 * hourMs }
  const drawn = drawOutages(50, between, ['google_ads', 'meta_ads'], seededRandom(9))
  expect(drawOutages(50, between, ['google_ads', 'meta_ads'], seededRandom(9))).toEqual(drawn)
  expect(drawn.map((one) => one.fromMs)).toEqual(drawn.map((one) => one.fromMs).toSorted((a, b) => a - b))
  expect(drawn.every((one) => one.fromMs >= 0 && one.fromMs < between.untilMs)).toBe(true)
  const hours = drawn.map((one) => (one.untilMs - one.fromMs) / hourMs)
  expect([Math.min(...hours) >= 2, Math.max(...hours) <= 24, new Set(drawn.map((one) => one.platform)).size]).toEqual([
    true,
    true,
    2,
  ])
})
