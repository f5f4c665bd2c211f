import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '../src/domain/clock.ts'
import { day } from '../src/domain/day.ts'
import type { Sandbox } from '../src/sandbox/sandbox.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { truthLines } from './truth.ts'

/*
 * The same job as a person calls it: the program in a process of its own, in a project that `millrace init` made, at a path with
 * spaces and Hangul, with its own embedded Postgres, folder lake and sandbox.
 */
const long = process.env['MILLRACE_LONG'] === '1'
const main = join(import.meta.dirname, '../src/cli/main.ts')
const root = mkdtempSync(join(tmpdir(), 'millrace 광고 '))
const project = join(root, '내 광고 my ads')
const env = { PATH: process.env['PATH'], HOME: root, LANG: 'C.UTF-8', TMPDIR: tmpdir() }
const asOf = day('2026-09-06')
const noonMs = Date.parse(`${asOf}T12:00:00Z`)
let sandbox: Sandbox

beforeAll(async () => {
  // The sandbox that the project starts for itself, and its truth: the same seed, the same instant.
  sandbox = await startSandbox({ seed: 1, nowMs: noonMs })
})

afterAll(async () => {
  await sandbox.stop()
  rmSync(root, { recursive: true, force: true })
})

interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function millrace(...args: readonly string[]): Ran {
  const options = { cwd: root, env, encoding: 'utf8', timeout: 120_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args, '--project', project], options)
  return { code: status, stdout, stderr }
}

const records = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)

function makeProject(): void {
  expectFine(millrace('init', project))
  mkdirSync(join(project, '.millrace'), { recursive: true })
  nextMinute()
}

let minutes = 0

/** The project's day stands still, as a demo's does, so that its truth can be asked for here; each command is a minute later. */
function nextMinute(): void {
  minutes += 1
  const time = { asOf, clockMs: noonMs + minutes * 60_000 }
  writeFileSync(join(project, '.millrace/demo.json'), JSON.stringify(time))
}

/** Rows of a query, as `millrace sql` prints them. */
function rowsOf(query: string): readonly Readonly<Record<string, unknown>>[] {
  const ran = millrace('sql', '--format', 'json', query)
  expectFine(ran)
  return JSON.parse(ran.stdout) as readonly Readonly<Record<string, unknown>>[]
}

function published(date: string): readonly string[] {
  const rows = rowsOf(
    `select f.platform || ' ' || f.account_id || ' ' || concat_ws(' ', f.entity_id, f.currency, trim_scale(f.cost), f.impressions, f.clicks,
       trim_scale(f.conversions), trim_scale(f.conversion_value)) as line from fact_ad_daily f where f.date = '${date}'`,
  )
  return rows.map(({ line }) => String(line)).sort()
}

function truth(date: string): readonly string[] {
  return sandbox.accounts
    .flatMap(({ platform, accountId }) =>
      truthLines(sandbox.truth(platform as 'google_ads', accountId, date, noonMs)).map(
        (line) => `${platform} ${accountId} ${line}`,
      ),
    )
    .sort()
}

/** Ended with 0; what it said otherwise is in the failure. */
function expectFine({ code, stderr }: Ran): void {
  expect(code === 0 ? '' : `${code}: ${stderr}`).toBe('')
}

function expectDone(ran: Ran): Readonly<Record<string, unknown>> {
  expectFine(ran)
  const last = records(ran.stdout).at(-1) as {
    readonly event: string
    readonly summary: Readonly<Record<string, unknown>>
  }
  expect(last.event).toBe('run_finished')
  expect(last.summary['state']).toBe('success')
  return last.summary
}

/** Runs the program and kills it with signal 9 so many milliseconds after it was started. */
async function killed(afterMs: number, args: readonly string[]): Promise<number> {
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, [main, ...args, '--project', project], { cwd: root, env, stdio: 'ignore' })
  const timer = setTimeout(() => child.kill('SIGKILL'), afterMs)
  await once(child, 'close')
  clearTimeout(timer)
  return performance.now() - startedAtMs
}

describe('a project at a path with spaces and Hangul', { timeout: long ? 1_800_000 : 180_000 }, () => {
  test('runs as it is, and what it publishes is the truth; a second run changes nothing', () => {
    makeProject()
    const args = ['run', '--date', '2026-09-03', '--json']
    expectDone(millrace(...args))
    expect(published('2026-09-03')).toEqual(truth('2026-09-03'))
    nextMinute()
    expect(expectDone(millrace(...args))).toMatchObject({ rowsChanged: 0, partitions: { published: 0, unchanged: 6 } })
    expect(existsSync(join(project, '.millrace/postgres/data/postmaster.pid'))).toBe(false)
  })

  test('killed with its Postgres running, again and again, it ends right and leaves no server behind', async () => {
    const random = seededRandom(20_261_123)
    const args = (date: string) => ['run', '--date', date, '--json']
    const wholeMs = await killed(600_000, args('2026-09-02'))
    for (let round = 0; round < (long ? 20 : 3); round += 1) {
      nextMinute()
      await killed(random() * wholeMs, args('2026-09-01'))
      // What was published of a day is all of it for each account, or nothing.
      const seen = published('2026-09-01')
      const expected = truth('2026-09-01')
      const accounts = new Set(seen.map((line) => line.split(' ')[1]))
      expect(seen).toEqual(expected.filter((line) => accounts.has(line.split(' ')[1])))
    }
    nextMinute()
    expectDone(millrace(...args('2026-09-01')))
    expect(published('2026-09-01')).toEqual(truth('2026-09-01'))
    expect(rowsOf('select 1 from outbox where delivered_at is null')).toEqual([])
    expect(existsSync(join(project, '.millrace/postgres/data/postmaster.pid'))).toBe(false)
  })
})

describe('a CSV export', { timeout: 180_000 }, () => {
  const map =
    'columns:\n  date: Day\n  campaign_id: Campaign ID\n  campaign_name: Campaign\n  cost: Cost\n  clicks: Clicks\n  impressions: Impr.\n'
  const given = ['--platform', 'google_ads', '--account', '77', '--currency', 'KRW']
  const csv = join(root, '보고서 report.csv')
  const mapping = join(root, 'map.yaml')

  test('with a mark, twin headers, a line break in quotes and a totals line is imported whole', () => {
    const lines = [
      'Day,Campaign ID,Campaign,Cost,Clicks,Impr.,Note,Note',
      '2026-08-01,90071992547409931,"Spring\r\nsale",1200,3,100,a,b',
      '2026-08-01,2,Autumn,300,1,50,,',
      'Total,,,1500,4,150,,',
    ]
    writeFileSync(csv, `\uFEFF${lines.join('\r\n')}\r\n`)
    writeFileSync(mapping, map)
    expectDone(millrace('import', csv, '--map', mapping, ...given, '--json'))
    const rows = rowsOf(
      `select campaign_id, campaign_name, cost from daily_campaign_metrics where account_id = '77' order by cost`,
    )
    expect(rows).toEqual([
      { campaign_id: '2', campaign_name: 'Autumn', cost: '300.000000' },
      { campaign_id: '90071992547409931', campaign_name: 'Spring\r\nsale', cost: '1200.000000' },
    ])
  })

  test('with a value that is none imports nothing and names file, line and column', () => {
    writeFileSync(csv, 'Day,Campaign ID,Campaign,Cost,Clicks,Impr.\n2026-08-02,1,A,5,1,1\n2026-08-02,2,B,many,1,1\n')
    const { code, stderr } = millrace('import', csv, '--map', mapping, ...given)
    expect(code).toBe(2)
    expect(stderr).toContain('보고서 report.csv:3:16: "many" is no number for cost')
    expect(rowsOf(`select 1 from fact_ad_daily where date = '2026-08-02'`)).toEqual([])
  })

  test('with a mapping that names no column of it imports nothing and is told which', () => {
    writeFileSync(mapping, map.replace('Cost', 'Costs'))
    const { code, stderr } = millrace('import', csv, '--map', mapping, ...given)
    expect(code).toBe(2)
    expect(stderr).toContain('report.csv')
    expect(stderr).toContain('"Costs"')
  })
})
