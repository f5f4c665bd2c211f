import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { briefDay, isBriefDue, sendBrief } from '../src/cli/brief-send.ts'
import { seededRandom } from '../src/domain/clock.ts'
import { addDays } from '../src/domain/day.ts'
import type { Day } from '../src/domain/day.ts'
import { isMillraceError } from '../src/domain/errors.ts'
import { HttpSink } from '../src/notify/http-sink.fixture.ts'
import { deliverDue } from '../src/notify/outbox.ts'
import { adapter as webhook } from '../src/notify/webhook.ts'
import { lookForIncidents } from '../src/orchestrate/incident-watch.ts'
import { lookWhenDue } from '../src/orchestrate/watch-incidents.ts'
import { actOnIncident, addSilence, incidentById, listIncidents, timelineOf } from '../src/quality/incident-store.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'
import { putDays, sceneDay, usualDays } from './alert-scene.ts'

/* On a real Postgres and over real HTTP: an outage of a platform, what people are told of it, and what they do. */

const secret = 'a secret of 24 characters'
const accounts = ['1', '2', '3']
const startMs = Date.parse('2026-11-21T02:00:00Z')
const hourMs = 3_600_000

let warehouse: Warehouse
let sink: HttpSink

beforeAll(async () => {
  warehouse = await openTestWarehouse()
  sink = await HttpSink.open()
})

afterAll(async () => {
  await sink[Symbol.asyncDispose]()
  await warehouse[Symbol.asyncDispose]()
})

beforeEach(async () => {
  sink.posted.length = 0
  sink.attempts.length = 0
  sink.script = []
  await warehouse.query(
    'truncate incident, incident_member, incident_event, silence, anomaly, outbox, partition_state, fact_ad_daily',
  )
  await warehouse.transaction((session) => putDays(session, usualDays(accounts)))
})

async function portsAt(nowMs: number) {
  const notifier = await webhook.open(
    webhook.options.parse({ url: sink.url, secrets: [secret], timeoutMs: 1_000, allowHosts: ['127.0.0.1'] }),
  )
  const clock = { nowMs: () => nowMs, sleep: async () => undefined }
  return { warehouse, clock, random: seededRandom(1), channels: [{ name: 'hook', notifier, language: 'en' as const }] }
}

async function look(day: Day, nowMs: number) {
  const ports = await portsAt(nowMs)
  const watched = await lookForIncidents(ports, day)
  await deliverDue(ports, new AbortController().signal)
  return watched
}

const subjects = () => sink.posted.map(({ body }) => (JSON.parse(body) as { data: { subject: string } }).data.subject)
const put = (date: Day, state: 'published' | 'failed', factor: number, of = accounts) =>
  warehouse.transaction((session) =>
    putDays(
      session,
      of.map((account) => ({ account, date, state, factor })),
    ),
  )

describe('an outage', () => {
  test('of a platform for a day is one incident, one message and one when it is over', async () => {
    await put(sceneDay, 'failed', 0)
    expect(await look(sceneDay, startMs)).toMatchObject({ opened: 1, told: 1 })
    await look(sceneDay, startMs + hourMs)
    await put(addDays(sceneDay, 1), 'published', 1)
    expect(await look(addDays(sceneDay, 1), startMs + 24 * hourMs)).toMatchObject({ resolved: 1 })
    expect(subjects()).toEqual(['Incident: error · run.load · google_ads', 'Resolved: error · run.load · google_ads'])
    expect(await listIncidents(warehouse, { all: false, limit: 10 })).toEqual([])
  })

  test('of all delivery is told with what was expected, the money and what moved; every number of it is kept', async () => {
    await put(sceneDay, 'published', 0.05, ['1'])
    await put(sceneDay, 'published', 1, ['2', '3'])
    await look(sceneDay, startMs)
    expect(subjects()).toHaveLength(1)
    expect(subjects()[0]).toMatch(/^Incident: error · anomaly\.cost · google_ads 1$/)
    const { text } = (JSON.parse(sink.posted[0]?.body ?? '') as { data: { text: string } }).data
    for (const part of [
      'Found',
      'Expected',
      '▁',
      'What moved most',
      'millrace incidents ack',
      'millrace alerts silence',
    ])
      expect(text).toContain(part)
    const kept = await warehouse.query<{ key: string; explanation: Record<string, unknown> }>(
      'select series_key as key, explanation from anomaly where told_with is null and series_key like $1',
      ['%cost/'],
    )
    expect(kept.map(({ key }) => key)).toEqual(['google_ads/1/cost/'])
    expect(Object.keys(kept[0]?.explanation ?? {})).toEqual(
      expect.arrayContaining(['expected', 'z', 'threshold', 'deviation', 'beta']),
    )
  })

  test('of nobody: usual days open nothing', async () => {
    await put(sceneDay, 'published', 1)
    expect(await look(sceneDay, startMs)).toMatchObject({ opened: 0, told: 0, judgedSeries: 75 })
  })
})

test('any number of schedulers look once when there is news, and not before it is due', async () => {
  await warehouse.query('truncate incident_look')
  const at = async (afterMs: number) => {
    const looks = await Promise.all([1, 2, 3].map(async () => lookWhenDue(await portsAt(startMs + afterMs))))
    return looks.filter((one) => one !== undefined)
  }
  const minuteMs = 60_000
  await put(sceneDay, 'failed', 0)
  expect(await at(0)).toMatchObject([{ opened: 1, told: 1 }])
  await put(addDays(sceneDay, 1), 'published', 1)
  expect(await at(minuteMs)).toEqual([])
  expect(await at(3 * minuteMs)).toMatchObject([{ resolved: 1 }])
  expect(await at(6 * minuteMs)).toEqual([])
  expect(await at(70 * minuteMs)).toMatchObject([{ opened: 0, resolved: 0 }])
})

test('the brief is due from its hour on in its zone, sent once a channel and day, and says what the Overview says', async () => {
  await put(sceneDay, 'published', 1, ['1', '2'])
  await put(sceneDay, 'failed', 0, ['3'])
  await look(sceneDay, startMs)
  sink.posted.length = 0
  const brief = { at: '09:00', zone: 'Asia/Seoul' }
  // 08:59 and 09:00 of the 21st in Seoul.
  const dueAt = async (instant: string) => isBriefDue(await portsAt(Date.parse(instant)), brief)
  expect([await dueAt('2026-11-20T23:59:00Z'), await dueAt('2026-11-21T00:00:00Z')]).toEqual([false, true])
  const ports = await portsAt(Date.parse('2026-11-21T00:00:00Z'))
  const day = briefDay(ports.clock, brief)
  expect(day).toBe(sceneDay)
  const signal = new AbortController().signal
  const [report] = await Promise.all([sendBrief(ports, brief, day, signal), sendBrief(ports, brief, day, signal)])
  expect(await isBriefDue(ports, brief)).toBe(false)
  expect(sink.posted).toHaveLength(1)
  const { data } = JSON.parse(sink.posted[0]?.body ?? '') as { data: { subject: string; text: string } }
  expect(data.subject).toMatch(/^2026-11-20 is (in|not all in)/)
  const [incident] = report.actions
  expect(report.actions).toMatchObject([{ kind: 'incident', platform: 'google_ads', accountId: '3', what: 'run.load' }])
  expect(data.text).toContain(`millrace incidents show ${incident?.about.slice(0, 13)}`)
})

describe('people', () => {
  test('take it, are not reminded, comment, and end it; what is not possible is refused', async () => {
    await put(sceneDay, 'failed', 0)
    await look(sceneDay, startMs)
    const [incident] = await listIncidents(warehouse, { all: false, limit: 10 })
    const id = incident?.incidentId ?? ''
    const act = (event: 'acknowledge' | 'resolve' | 'comment', text: string | null = null) =>
      warehouse.transaction((session) =>
        actOnIncident(session, id.slice(0, 13), { event, by: 'kim', text }, startMs + hourMs),
      )
    expect(await act('acknowledge', 'on it')).toMatchObject({ state: 'acknowledged', owner: 'kim' })
    await look(sceneDay, startMs + 48 * hourMs)
    expect(subjects()).toHaveLength(1)
    await act('comment', 'the platform says tomorrow')
    expect(await act('resolve')).toMatchObject({ state: 'resolved' })
    const refused = await act('acknowledge').catch((error: unknown) => error)
    expect(isMillraceError(refused) ? refused.code : refused).toBe('QUALITY_INCIDENT_STATE')
    const kinds = (await timelineOf(warehouse, id)).map(({ kind }) => kind)
    expect(kinds).toEqual(['opened', 'told', 'acknowledge', 'comment', 'resolve'])
    const unknown = await incidentById(warehouse, 'zzz').catch((error: unknown) => error)
    expect(isMillraceError(unknown) ? unknown.code : unknown).toBe('QUALITY_INCIDENT_UNKNOWN')
  })

  test('hear nothing of what they silenced until the silence ends', async () => {
    const silence = {
      platform: 'google_ads',
      accountId: null,
      checkId: null,
      reason: 'known',
      by: 'kim',
      untilMs: startMs + hourMs,
    }
    await warehouse.transaction((session) => addSilence(session, silence, startMs))
    await put(sceneDay, 'failed', 0)
    expect(await look(sceneDay, startMs + 1)).toMatchObject({ opened: 1, told: 0 })
    expect(await look(sceneDay, startMs + 2 * hourMs)).toMatchObject({ opened: 0, told: 1 })
  })
})

describe('kill -9', () => {
  const program = join(import.meta.dirname, 'alert-program.ts')
  const cycles = process.env['MILLRACE_LONG'] === '1' ? 200 : 6

  test(
    `between incident and message and during sending, ${cycles} times: every message arrives, one a key`,
    async () => {
      const roll = seededRandom(7)
      let [killed, date] = [0, sceneDay]
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        // Each cycle is news: an outage that begins, or one that ends.
        await put(date, cycle % 2 === 0 ? 'failed' : 'published', 1)
        sink.script = roll() < 0.5 ? [{ status: 503 }, 'hang'] : []
        const nowMs = startMs + cycle * 100 * hourMs
        if (await killedAfter(roll() * 250, { day: date, nowMs })) killed += 1
        sink.script = []
        await look(date, nowMs + hourMs)
        date = addDays(date, 1)
      }
      process.stdout.write(`alert kill cycles: ${cycles}, killed before their end: ${killed}\n`)
      const [count] = await warehouse.query<{ told: number; rows: number; delivered: number }>(
        `select (select count(*)::int from incident_event where kind = 'told') as told, count(*)::int as rows,
         count(*) filter (where delivered_at is not null)::int as delivered from outbox`,
      )
      const told = count?.told ?? 0
      expect(told).toBeGreaterThanOrEqual(cycles)
      expect([count?.rows, count?.delivered]).toEqual([told, told])
      expect(new Set(sink.posted.map(({ headers }) => headers['webhook-id'])).size).toBe(told)
    },
    cycles * 30_000,
  )

  async function killedAfter(delayMs: number, when: { readonly day: Day; readonly nowMs: number }): Promise<boolean> {
    const orders = JSON.stringify({ connection: warehouse.connection, url: sink.url, secret, ...when })
    const child = spawn(process.execPath, [program, orders], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(child, 'exit')
    await Promise.race([once(child.stdout, 'data'), ended])
    await Promise.race([sleep(delayMs), ended])
    child.kill('SIGKILL')
    const [code] = (await ended) as [number | null]
    return code === null
  }
})
