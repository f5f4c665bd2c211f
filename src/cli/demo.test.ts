import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEmbedded } from '../warehouse/embedded-server.ts'
import type { EmbeddedServer } from '../warehouse/embedded-server.ts'

/*
 * The whole job by the real binary, on the embedded Postgres and the sandbox, in a folder whose path has a space and Hangul.
 * One demo of a few days is made once; the commands that a person is told to try next work on it.
 */
const main = join(import.meta.dirname, 'main.ts')
const folder = mkdtempSync(join(tmpdir(), 'millrace 데모 '))
const demoProject = join(folder, '.millrace', 'demo')
const env = {
  PATH: process.env['PATH'],
  HOME: folder,
  LANG: 'C.UTF-8',
  NODE_COMPILE_CACHE: join(tmpdir(), 'millrace-test-compile-cache'),
}

afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Line = Readonly<Record<string, unknown>>

function run(...args: readonly string[]) {
  const options = { cwd: folder, env, encoding: 'utf8', timeout: 120_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options)
  const lines = () =>
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Line)
  return { code: status, stdout, stderr, lines }
}

/** What went wrong in its own words; empty when nothing did. */
const failureOf = ({ code, stdout, stderr }: ReturnType<typeof run>) =>
  code === 0 ? '' : `${code}\n${stdout}\n${stderr}`

const demo = () => run('demo', '--once', '--json', '--days', '3', '--as-of', '2026-11-10')
const first = demo()

describe('demo --once --json', () => {
  const done = (ran: ReturnType<typeof run>) => ran.lines().at(-1)

  test('ends with 0 and a done object of exactly the promised keys', () => {
    expect(failureOf(first)).toBe('')
    expect(Object.keys(done(first) ?? {})).toEqual([
      'event',
      'days',
      'platforms',
      'accounts',
      'rows',
      'models',
      'dbt_tests',
      'checks',
      'cost_total',
      'seconds',
    ])
    expect(done(first)).toMatchObject({
      event: 'done',
      days: 3,
      platforms: ['google_ads', 'meta_ads'],
      accounts: 6,
      dbt_tests: { fail: 0 },
      checks: { fail: 0 },
      cost_total: { KRW: expect.stringMatching(/^\d+$/), USD: expect.any(String), EUR: expect.any(String) },
    })
  })

  test('says of each load the rows of its own account, though two work at a time', () => {
    const loads = first.lines().filter((line) => line['event'] === 'task_finished' && line['kind'] === 'load')
    expect(loads).toHaveLength(6)
    expect(loads.reduce((sum, load) => sum + Number(load['rows']), 0)).toBe(done(first)?.['rows'])
  })

  test('loads what is downloaded before it downloads more, so that readers have the first account early', () => {
    const begun = first.lines().filter(({ event }) => event === 'task_started')
    expect(begun.findIndex(({ kind }) => kind === 'load')).toBeLessThan(
      begun.findLastIndex(({ kind }) => kind === 'extract'),
    )
  })

  test('tells of at least five delivering campaigns an account', () => {
    const sql = `select account_id, count(distinct campaign_id)::int as campaigns from daily_campaign_metrics where impressions > 0 group by 1`
    const rows = run('sql', '--project', demoProject, sql).lines()
    expect(rows).toHaveLength(6)
    for (const row of rows) expect(row['campaigns']).toBeGreaterThanOrEqual(5)
  })

  test('again gives the same rows and sums, and finds every partition unchanged', () => {
    const second = demo()
    expect(failureOf(second)).toBe('')
    for (const key of ['days', 'rows', 'models', 'cost_total']) expect(done(second)?.[key]).toEqual(done(first)?.[key])
    const finished = second.lines().find(({ event }) => event === 'run_finished') as
      | { summary: { partitions: Line } }
      | undefined
    expect(finished?.summary.partitions).toMatchObject({ published: 0, unchanged: 18, superseded: 0 })
    const models = second.lines().find(({ event, kind }) => event === 'task_finished' && kind === 'dbt')
    expect(models).toMatchObject({ outcome: 'unchanged' })
  }, 120_000)
})

describe('a backup of what the demo made', () => {
  test('backup makes one, lists it, shows its plan, wants a yes, and brings it back', () => {
    const backup = (...args: readonly string[]) => run('backup', ...args, '--project', demoProject)
    const made = backup('create', '--keep', '1')
    expect(failureOf(made)).toBe('')
    const [one] = made.lines()
    expect(one).toMatchObject({ server: expect.stringMatching(/^18/), tables: expect.any(Number) })
    expect(backup('list').lines()).toMatchObject([{ id: one?.['id'] }])
    expect(backup('restore', '--dry-run').lines()).toMatchObject([{ event: 'plan', id: one?.['id'], gap: null }])
    expect(backup('restore')).toMatchObject({ code: 2, stderr: expect.stringContaining('CLI_CONFIRMATION_NEEDED') })
    expect(backup('restore', 'nope').stderr).toContain('WAREHOUSE_BACKUP_UNKNOWN')
    expect(failureOf(backup('restore', '--to', 'backup', '--yes'))).toBe('')
    const rows = run('sql', '--project', demoProject, 'select count(*)::int as rows from fact_ad_daily')
    expect(rows.lines()).toEqual([{ rows: first.lines().at(-1)?.['rows'] }])
    expect(run('upgrade', '--dry-run', '--project', demoProject).lines()).toEqual([{ event: 'plan', missing: [] }])
  }, 240_000)
})

describe('on what the demo made, its Postgres kept up between the commands', () => {
  let server: EmbeddedServer
  beforeAll(async () => {
    server = await startEmbedded({ dir: join(demoProject, '.millrace', 'postgres') })
  })
  afterAll(() => server.stop())

  test('status shows every partition published, the runs, and the delivered notices', () => {
    const lines = run('status', '--project', demoProject, '--since', '2026-11-07', '--until', '2026-11-10').lines()
    const partitions = lines.filter(({ event }) => event === 'partition')
    expect(partitions.filter(({ state }) => state === 'published')).toHaveLength(18)
    expect(partitions.filter(({ state }) => state === 'missing').map(({ date }) => date)).toEqual(
      Array(6).fill('2026-11-10'),
    )
    const runs = lines.filter(({ event }) => event === 'run')
    expect(runs.map(({ state, models }) => [state, models])).toEqual([
      ['success', 'unchanged'],
      ['success', 'success'],
    ])
    expect(lines.filter(({ event }) => event === 'outbox')).toContainEqual(
      expect.objectContaining({ channel: 'outbox', delivered: 2, waiting: 0 }),
    )
    const incidents = run('incidents', 'list', '--all', '--json', '--project', demoProject)
    expect([failureOf(incidents), incidents.stdout]).toEqual(['', ''])
  })

  test('sql prints numerics with all their digits, an empty result with its header, and only reads', () => {
    const sql = (...args: readonly string[]) => run('sql', '--project', demoProject, ...args)
    expect(sql('select 12345678901234567890.123456 as a, 9007199254740993 as b', '--format', 'csv').stdout).toBe(
      'a,b\n12345678901234567890.123456,9007199254740993\n',
    )
    expect(sql('select 1 as a, 2 as b where false -- nothing', '--format', 'csv').stdout).toBe('a,b\n')
    const before = sql('select count(*)::int as n from outbox').stdout
    expect(sql('delete from outbox').code).toBe(2)
    expect(sql('with gone as (delete from outbox returning 1) select 1 from gone').code).toBe(2)
    expect(sql('select 1; drop table outbox').code).toBe(2)
    expect(sql('explain select 1; drop table outbox').code).toBe(2)
    // A sequence moves for good, also from within a query; not in a transaction that only reads.
    expect(sql(`select nextval('outbox_outbox_id_seq')`).stderr).toContain('only reads')
    expect(sql('select count(*)::int as n from outbox').stdout).toBe(before)
    const slow = sql('select pg_sleep(20)', '--timeout', '0.2')
    expect(slow).toMatchObject({ code: 2, stdout: '' })
    expect(slow.stderr).toContain('CLI_SQL_TIMEOUT')
  }, 120_000)

  test('dbt works on its project and warehouse with dbt’s own exit codes', () => {
    expect(run('--project', demoProject, 'dbt', 'run', '--select', 'account_daily').code).toBe(0)
    expect(run('--project', demoProject, 'dbt', 'frobnicate').code).toBe(2)
    const none = run('--project', demoProject, 'dbt', 'run', '--select', 'accounts_daily')
    expect([none.code, none.stdout]).toEqual([0, expect.stringContaining('Nothing to do')])
    expect(run('--project', demoProject, 'dbt', 'test').stdout).toContain(
      'Done. PASS=41 WARN=0 ERROR=0 SKIP=0 NO-OP=0 TOTAL=41',
    )
  }, 120_000)

  test('backfill prints its plan; without a person to ask it does nothing, and says how to agree', () => {
    const range = ['--since', '2026-11-05', '--until', '2026-11-06', '--platform', 'meta_ads']
    const plan = run('backfill', '--project', demoProject, ...range, '--dry-run')
    expect(failureOf(plan)).toBe('')
    expect(plan.lines().map(({ slices, partitions }) => [slices, partitions])).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ])
    const unasked = run('backfill', '--project', demoProject, ...range)
    expect(unasked.code).toBe(2)
    expect(unasked.stderr).toContain('CLI_CONFIRMATION_NEEDED')
    const agreed = run('backfill', '--project', demoProject, ...range, '--yes', '--json')
    expect(failureOf(agreed)).toBe('')
    expect(agreed.lines().at(-1)).toMatchObject({
      event: 'run_finished',
      summary: { state: 'success', days: 2, accounts: 3 },
    })
  }, 120_000)

  test('import loads a CSV through the whole job, and a wrong mapping names what was not understood', () => {
    writeFileSync(
      join(folder, 'report.csv'),
      'Day,Campaign ID,Campaign,Cost,Impr.,Clicks\n2026-11-01,77,가을 세일,"1,200",1000,20\n2026-11-03,77,가을 세일,800,900,10\n',
    )
    writeFileSync(
      join(folder, 'map.yaml'),
      'columns: { date: Day, campaign_id: Campaign ID, campaign_name: Campaign, cost: Cost, impressions: Impr., clicks: Clicks }\nnumbers: { group: "," }\n',
    )
    const options = [
      '--project',
      demoProject,
      '--platform',
      'naver_searchad',
      '--account',
      'n-1',
      '--currency',
      'KRW',
      '--map',
      'map.yaml',
    ]
    const dry = run('import', 'report.csv', ...options, '--dry-run', '--json')
    expect(failureOf(dry)).toBe('')
    expect(dry.lines()).toEqual([
      { event: 'understood', rows: 2, totals: 0, days: ['2026-11-01', '2026-11-03'], problems: 0 },
    ])
    const loaded = run('import', 'report.csv', ...options)
    expect(failureOf(loaded)).toBe('')
    expect(loaded.stdout).toContain('2 days, 1 platform, 1 account: 2 rows (2 changed)')
    expect(loaded.stdout).toContain('Cost  ₩2,000')
    const sql = `select date, cost, campaign_name from daily_campaign_metrics where account_id = 'n-1' order by 1`
    expect(run('sql', '--project', demoProject, sql, '--format', 'csv').stdout).toBe(
      'date,cost,campaign_name\n2026-11-01,1200.000000,가을 세일\n2026-11-03,800.000000,가을 세일\n',
    )
    writeFileSync(
      join(folder, 'refused.csv'),
      'Day,Campaign ID,Campaign,Cost,Impr.,Clicks\n2026-11-01,77,가을 세일,1,10,20\n2026-11-03,77,가을 세일,800,900,10\n',
    )
    const refused = run('import', 'refused.csv', ...options)
    expect([refused.code, refused.stdout.match(/Done in part/g)?.length]).toEqual([5, 1])
    expect(refused.stderr).toContain('Ad Data Pipeline Partial')
    expect(refused.stderr).not.toContain('Ad Data Pipeline Success')
    writeFileSync(
      join(folder, 'map.yaml'),
      'columns: { date: Day, campaign_id: Campaign ID, cost: Spend, impressions: Impr., clicks: Clicks }\n',
    )
    const wrong = run('import', 'report.csv', ...options)
    expect(wrong.code).not.toBe(0)
    expect(wrong.stderr).toContain('Spend')
  }, 120_000)

  test('unify takes its days as from and to as well, and not both ways at once', () => {
    const plan = (...range: string[]) =>
      run('unify', '--from-lake', '--dry-run', '--json', '--project', demoProject, ...range)
    const since = plan('--since', '2026-11-07', '--until', '2026-11-10')
    expect(since.lines().length).toBeGreaterThan(0)
    expect(plan('--from', '2026-11-07', '--to', '2026-11-10').stdout).toBe(since.stdout)
    expect(plan('--from', '2026-08-01', '--to', '2026-08-02').stdout).not.toBe(since.stdout)
    const twice = plan('--from', '2026-11-07', '--since', '2026-11-07')
    expect([twice.code, twice.stderr.includes('CLI_USAGE')]).toEqual([2, true])
  }, 120_000)
})

describe('on what the demo made', () => {
  test('doctor finds everything well, within its project', () => {
    const ran = run('doctor', '--json', '--project', demoProject)
    expect(failureOf(ran)).toBe('')
    expect(ran.lines().filter(({ outcome }) => outcome === 'fail')).toEqual([])
  }, 120_000)

  test('a run that is interrupted ends with 130 and leaves the warehouse as it was', async () => {
    const child = spawn(
      process.execPath,
      [main, 'run', '--json', '--since', '2026-10-01', '--until', '2026-10-30', '--project', demoProject],
      {
        cwd: folder,
        env,
      },
    )
    let stdout = ''
    child.stdout.on('data', (chunk: Buffer) => {
      if (stdout === '') child.kill('SIGINT')
      stdout += chunk.toString()
    })
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(130)
    expect(stdout.trim().split('\n').at(-1)).toContain('CLI_INTERRUPTED')
  }, 120_000)
})
