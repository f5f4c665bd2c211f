import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addDays, day } from '../src/domain/day.ts'
import { adapter as googleAds, openGoogleAds } from '../src/connectors/google-ads.ts'
import { adapter as metaAds, openMetaAds } from '../src/connectors/meta-ads.ts'
import { systemClock, systemRandom } from '../src/domain/clock.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import { startSandboxProcess } from '../src/sandbox/process.ts'
import { startEmbedded } from '../src/warehouse/embedded-server.ts'
import type { Bench, Line } from './figures.ts'
import { processMs, runProgram } from './measure.ts'
import type { MillionOutput } from './million.ts'
import { benchPublish } from './publish.ts'
import type { RivalFigures } from './rivals.ts'
import { runRival } from './rivals.ts'

type Say = (line: string) => void

const root = join(import.meta.dirname, '..')
const millrace = join(root, 'bin', 'millrace.cjs')

interface Done {
  readonly seconds: number
  readonly rows: number
}

async function demoOnce(cwd: string): Promise<Done & { readonly wallSeconds: number }> {
  const ended = await runProgram(process.execPath, [millrace, 'demo', '--once', '--json'], { cwd })
  const last = ended.stdout.trim().split('\n').at(-1) ?? '{}'
  if (ended.code !== 0) throw new Error(`demo ended with ${ended.code}: ${ended.stderr.slice(-800)}`)
  return { ...(JSON.parse(last) as Done), wallSeconds: ended.seconds }
}

async function benchDemo(say: Say): Promise<Bench> {
  say('demo, twice in one folder …')
  const folder = await mkdtemp(join(tmpdir(), 'millrace-demo-'))
  const first = await demoOnce(folder)
  const again = await demoOnce(folder)
  await rm(folder, { recursive: true, force: true })
  return {
    figures: { demo_first_s: first.wallSeconds, demo_again_s: again.wallSeconds, demo_rows: first.rows },
    lines: [
      { what: 'demo, 30 days, set-up done', ours: first.wallSeconds, unit: 's', bar: { atMost: 20 } },
      { what: 'demo again, nothing changed', ours: again.wallSeconds, unit: 's', bar: { atMost: 5 } },
    ],
  }
}

async function benchPostgres(say: Say): Promise<Bench> {
  say('embedded Postgres …')
  const dir = join(await mkdtemp(join(tmpdir(), 'millrace-pg-')), 'pg')
  const timed = async () => {
    const startedMs = performance.now()
    const server = await startEmbedded({ dir, port: 54_400 })
    const seconds = (performance.now() - startedMs) / 1_000
    await server.stop()
    return seconds
  }
  const first = await timed()
  const again = await timed()
  await rm(dir, { recursive: true, force: true })
  return {
    figures: { postgres_first_start_s: first, postgres_start_s: again },
    lines: [
      { what: 'embedded Postgres: initdb and start', ours: first, unit: 's', bar: { atMost: 2 } },
      { what: 'embedded Postgres: start again', ours: again, unit: 's', bar: { atMost: 0.3 } },
    ],
  }
}

async function benchCommands(say: Say): Promise<Bench> {
  say('start-up of commands …')
  const folder = await mkdtemp(join(tmpdir(), 'millrace-cli-'))
  await runProgram(process.execPath, [millrace, 'init', folder, '--yes', '--force'])
  const version = await processMs(9, process.execPath, [millrace, '--version'])
  const help = await processMs(9, process.execPath, [millrace, '--help'])
  const bare = await processMs(9, process.execPath, ['-e', '0'])
  const doctor = await processMs(2, process.execPath, [millrace, 'doctor', '--json', '--project', folder])
  await rm(folder, { recursive: true, force: true })
  return {
    figures: { version_ms: version, help_ms: help, node_bare_ms: bare, doctor_ms: doctor },
    lines: [
      {
        what: 'millrace --version',
        ours: version,
        unit: 'ms',
        rival: { name: 'node -e 0', value: bare },
        bar: { atMost: 60 },
      },
      {
        what: 'millrace --help',
        ours: help,
        unit: 'ms',
        rival: { name: 'node -e 0', value: bare },
        bar: { atMost: 80 },
      },
      { what: 'millrace doctor', ours: doctor, unit: 'ms', bar: { atMost: 3_000 } },
    ],
  }
}

async function benchCheck(say: Say): Promise<Bench> {
  say('npm run check …')
  const { seconds, code } = await runProgram('npm', ['run', 'check', '--silent'], { cwd: root })
  if (code !== 0) say('npm run check found something; its time counts all the same')
  return {
    figures: { check_s: seconds },
    lines: [{ what: 'npm run check', ours: seconds, unit: 's', bar: { atMost: 15 } }],
  }
}

interface Load {
  readonly campaigns: number
  readonly days: number
  readonly accounts: number
}

/** Land, unify, audit and publish beside what others do with the same answers of the same sandbox, into the same Postgres. */
async function benchMany(load: Load, say: Say): Promise<Bench> {
  const until = day('2026-06-30')
  const since = addDays(until, 1 - load.days)
  const nowMs = Date.parse('2026-11-20T12:00:00Z')
  const dir = join(await mkdtemp(join(tmpdir(), 'millrace-many-')), 'pg')
  const server = await startEmbedded({ dir, port: 54_400 })
  await using sandbox = await startSandboxProcess({
    seed: 7,
    nowMs,
    world: { bulk: { accounts: load.accounts, campaigns: load.campaigns } },
  })
  const { connection } = server
  const databaseUrl = `postgres://${connection.user}:${encodeURIComponent(connection.password ?? '')}@${connection.host}:${connection.port}/${connection.database}`
  const input = {
    ...sandbox.credentials,
    adsUrl: sandbox.googleAdsUrl,
    oauthUrl: sandbox.googleOauthUrl,
    apiVersion: 'v24',
    accounts: sandbox.accounts.map((account) => account.accountId),
    since,
    until,
    nowMs,
    databaseUrl,
  }
  say(`${load.accounts} accounts × ${load.campaigns} campaigns × ${load.days} days: ours …`)
  const ours = await loadOurs({ ...input, schema: 'bench_ours', parallelAccounts: 2 }, say)
  const rivals: Record<string, RivalFigures | null> = {}
  for (const [name, program, more] of [
    ['pandas_to_sql', 'pandas_load.py', { method: 'default', schema: 'public' }],
    ['pandas_copy', 'pandas_load.py', { method: 'copy', schema: 'bench_copy' }],
    ['dlt', 'dlt_load.py', { schema: 'bench_dlt' }],
  ] as const) {
    say(`${name} …`)
    rivals[name] = await runRival(program, { ...input, ...more }, say)
  }
  await server.stop()
  await rm(dir, { recursive: true, force: true })
  return manyFigures(ours, rivals)
}

async function loadOurs(input: object, say: Say): Promise<MillionOutput> {
  const ended = await runProgram(process.execPath, [join(import.meta.dirname, 'million.ts'), JSON.stringify(input)])
  if (ended.stderr) say(ended.stderr.slice(-800))
  return JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '{}') as MillionOutput
}

function manyFigures(ours: MillionOutput, rivals: Readonly<Record<string, RivalFigures | null>>): Bench {
  const rate = (one: { readonly rows: number; readonly seconds: number } | null | undefined) =>
    one ? one.rows / one.seconds : null
  const best = Math.max(...Object.values(rivals).map((one) => rate(one) ?? 0)) || null
  const toSql = rate(rivals['pandas_to_sql'])
  const own = ours.rows / ours.seconds
  const lines: Line[] = [
    {
      what: 'campaign-days a second',
      ours: own,
      unit: 'rows/s',
      rival: { name: 'pandas to_sql', value: toSql },
      bar: toSql ? { atLeast: 10 * toSql } : undefined,
    },
    {
      what: 'campaign-days a second',
      ours: own,
      unit: 'rows/s',
      rival: { name: 'the best rival', value: best },
      bar: best ? { atLeast: 2 * best } : undefined,
    },
    { what: 'memory above start', ours: ours.rssAboveStartMb, unit: 'MB', bar: { atMost: 300 } },
  ]
  return {
    figures: {
      load_rows: ours.rows,
      load_rows_per_s: own,
      load_rows_per_cpu_s: ours.rows / ours.cpuSeconds,
      load_with_later_checks_s: ours.runSeconds,
      load_rss_above_start_mb: ours.rssAboveStartMb,
      ...Object.fromEntries(
        Object.entries(rivals).flatMap(([name, one]) => [
          [`${name}_rows_per_s`, rate(one)],
          [`${name}_rows_per_cpu_s`, one ? one.rows / one.cpu_s : null],
          [`${name}_rss_mb`, one?.rss_mb ?? null],
        ]),
      ),
      load_ratio_to_sql: toSql ? own / toSql : null,
      load_ratio_best: best ? own / best : null,
    },
    lines,
  }
}

/** What the platforms count: one operation at Google however many days, one call a page at Meta. */
async function benchCalls(say: Say): Promise<Bench> {
  say('operations and calls …')
  await using sandbox = await startSandbox({ seed: 1, nowMs: Date.parse('2026-11-22T17:00:00Z') })
  const range = { since: day('2026-10-23'), until: day('2026-11-21') }
  const signal = new AbortController().signal
  const context = { clock: systemClock, random: systemRandom, fetch, signal, log: () => undefined }
  const google = openGoogleAds(
    googleAds.options.parse({
      ...sandbox.credentials,
      baseUrl: sandbox.googleAdsUrl,
      oauthUrl: sandbox.googleOauthUrl,
    }),
  )
  const meta = openMetaAds(
    metaAds.options.parse({ accessToken: sandbox.credentials.metaAccessToken, baseUrl: sandbox.metaUrl }),
  )
  const calls = async (connector: typeof google, route: string) => {
    const [account] = await connector.discover(context)
    if (!account) return null
    const before = sandbox.log().length
    const slice = {
      ...range,
      platform: account.platform,
      accountId: account.accountId,
      level: 'campaign',
      breakdownKey: '',
      kind: 'advance',
    } as const
    const sink = { rows: () => Promise.resolve(), entities: () => Promise.resolve() }
    await connector.extract(slice, account, context, sink)
    return sandbox
      .log()
      .slice(before)
      .filter((one) => one.route === route).length
  }
  const operations = await calls(google, 'google.stream')
  const pages = await calls(meta, 'meta.insights')
  return {
    figures: { google_operations_per_account: operations, meta_calls_per_page: pages },
    lines: [
      { what: 'Google operations for 30 days of an account', ours: operations, unit: '', bar: { atMost: 1 } },
      { what: 'Meta insights calls for 30 days, one page', ours: pages, unit: '', bar: { atMost: 1 } },
    ],
  }
}

const publishBars: Readonly<Record<string, number>> = {
  publish_first_10k_ms: 120,
  publish_first_100k_ms: 1_200,
  publish_changed_10k_ms: 60,
  publish_changed_100k_ms: 600,
  publish_unchanged_10k_ms: 25,
  publish_unchanged_100k_ms: 200,
}

async function benchPublishing(say: Say): Promise<Bench> {
  say('publish of one partition …')
  const figures = await benchPublish()
  const lines = Object.entries(publishBars).map(([name, bar]): Line => {
    const size = name.includes('100k') ? '100k' : '10k'
    return {
      what: name.replaceAll('_', ' ').replace(/ ms$/, ''),
      ours: figures[name] ?? null,
      unit: 'ms',
      rival: { name: 'delete+insert', value: figures[`delete_insert_${size}_ms`] ?? null },
      bar: { atMost: bar },
    }
  })
  return { figures, lines }
}

/** `npm run bench -- pipeline`: the bars of the nightly pipeline, each beside its rival where it has one. */
export async function bench({ long, say }: { readonly long: boolean; readonly say: Say }): Promise<Bench> {
  const million: Load = { accounts: 5, campaigns: 2_000, days: long ? 100 : 20 }
  const parts = [
    await benchPostgres(say),
    await benchCommands(say),
    await benchDemo(say),
    await benchCalls(say),
    await benchPublishing(say),
    await benchMany(million, say),
    await benchCheck(say),
  ]
  return {
    figures: Object.assign({}, ...parts.map((part) => part.figures)) as Bench['figures'],
    lines: parts.flatMap((part) => part.lines),
  }
}
