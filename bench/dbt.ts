// dbt projects written by rule, built by our runner and by real dbt-core on one Postgres: whole processes, side by side.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { defaultDbtFolder } from '../src/transform/dbt-core.ts'
import { nativeRunner } from '../src/transform/native.ts'
import { runnerCommands } from '../src/transform/runner.ts'
import { systemClock } from '../src/domain/clock.ts'
import { startEmbedded } from '../src/warehouse/embedded-server.ts'
import { heavyProject, reportingProject, shopProject, simpleProject, writeProject } from './dbt-projects.ts'
import type { Files } from './dbt-projects.ts'
import type { Bench, Figures, Line } from './figures.ts'
import { median, processMs, runProgram } from './measure.ts'

const root = join(import.meta.dirname, '..')
const millrace = join(root, 'bin', 'millrace.cjs')
const dbtFolder = defaultDbtFolder(process.env)
const dbt = join(dbtFolder, 'bin', 'dbt')
const python = join(dbtFolder, 'bin', 'python')

interface Cost {
  readonly seconds: number
  readonly cpuS: number
  readonly rssMb: number
}

/** Runs a program under a small parent that reports what it used: Node cannot ask that of a child. */
const meter = `import json, resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"code": code, "seconds": time.monotonic() - began, "cpuS": used.ru_utime + used.ru_stime, "rssMb": used.ru_maxrss / 1024}))`

class Side {
  readonly name: string
  readonly #program: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  constructor(name: string, program: readonly string[], env: NodeJS.ProcessEnv) {
    this.name = name
    this.#program = program
    this.#env = env
  }

  /** One command in one project, its own target folder and schema. Throws when it does not end with 0. */
  async run(project: string, schema: string, words: readonly string[]): Promise<Cost> {
    const place = ['--project-dir', project, '--profiles-dir', project, '--target-path', `target_${this.name}`]
    const env = { ...this.#env, MILLRACE_DBT_SCHEMA: `${schema}_${this.name}` }
    const ended = await runProgram(
      existsSync(python) ? python : 'python3',
      ['-c', meter, ...this.#program, ...words, ...place],
      { env },
    )
    const { code, ...cost } = JSON.parse(ended.stdout) as Cost & { readonly code: number }
    if (code !== 0) throw new Error(`${this.name} ${words.join(' ')} ended with ${code}`)
    return cost
  }

  /** The middle of a few runs of a short command. */
  async middle(project: string, schema: string, words: readonly string[], runs: number): Promise<Cost> {
    const costs: Cost[] = []
    for (let run = 0; run < runs; run += 1) costs.push(await this.run(project, schema, words))
    const of = (key: keyof Cost): number => median(costs.map((cost) => cost[key]))
    return { seconds: of('seconds'), cpuS: of('cpuS'), rssMb: of('rssMb') }
  }
}

interface Pair {
  readonly ours: Cost
  readonly theirs: Cost | null
}

export async function bench({
  long,
  say,
}: {
  readonly long: boolean
  readonly say: (line: string) => void
}): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-dbt-bench-'))
  const server = await startEmbedded({ dir: join(folder, 'server'), port: undefined, durable: false })
  try {
    const { host, port, user, password, database } = server.connection
    const env = {
      MILLRACE_DBT_HOST: host,
      MILLRACE_DBT_PORT: String(port),
      MILLRACE_DBT_USER: user,
      MILLRACE_DBT_PASSWORD: password ?? '',
      MILLRACE_DBT_DBNAME: database,
      DBT_SEND_ANONYMOUS_USAGE_STATS: 'false',
      DO_NOT_TRACK: '1',
    }
    say(`load average ${loadavg()[0]?.toFixed(1)}; dbt-core ${existsSync(dbt) ? 'present' : 'absent'}`)
    const client = new pg.Client({ host, port, user, database, ...(password === null ? {} : { password }) })
    await client.connect()
    const rows = long ? 5_000_000 : 1_000_000
    await client.query(`create schema bench_raw`)
    await client.query(
      `create table bench_raw.events as select i as id, i % 300 as campaign, date '2026-01-01' + (i % 90) as day, i % 9 as clicks, (i % 1000) / 7.0 as cost from generate_series(1, ${rows}) i`,
    )
    await client.end()
    return await measured(folder, env, { long, rows, say })
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Given {
  readonly long: boolean
  readonly rows: number
  readonly say: (line: string) => void
}

async function measured(folder: string, env: NodeJS.ProcessEnv, { rows, say }: Given): Promise<Bench> {
  const ours = new Side('millrace', [process.execPath, millrace, 'dbt'], env)
  const theirs = existsSync(dbt) ? new Side('dbt', [dbt], env) : null
  const put = (name: string, files: Files): string => {
    writeProject(join(folder, name), files)
    return join(folder, name)
  }
  const pair = async (project: string, schema: string, words: readonly string[], runs = 3): Promise<Pair> => {
    say(`${schema}: ${words.join(' ')}`)
    return {
      ours: await ours.middle(project, schema, words, runs),
      theirs: theirs && (await theirs.run(project, schema, words)),
    }
  }
  const reporting = put('reporting', reportingProject(25, 900))
  const simple = put('simple', simpleProject(2_000))
  const shop = put('shop', shopProject())
  const heavy = put('heavy', heavyProject())
  const version = {
    ours: (await processMs(5, process.execPath, [millrace, '--version'])) / 1_000,
    theirs: theirs && (await runProgram(dbt, ['--version'])).seconds,
  }
  const pairs = {
    parse_cold: await pair(reporting, 'reporting', ['parse', '--no-partial-parse']),
    parse_warm: await pair(reporting, 'reporting', ['parse']),
    ls_warm: await pair(reporting, 'reporting', ['ls', '--quiet']),
    parse_2000_cold: await pair(simple, 'simple', ['parse', '--no-partial-parse'], 1),
    parse_2000_warm: await pair(simple, 'simple', ['parse'], 1),
    build_750: await pair(reporting, 'reporting', ['build'], 1),
    build_shop: await pair(shop, 'shop', ['build']),
    build_heavy: await pair(heavy, 'heavy', ['build'], 1),
  }
  return benchOf(version, pairs, { rows, showMs: await showMs(shop, env) })
}

/** `show --inline` in a process that has the project, as an editor would ask; null while the runner has no `show`. */
async function showMs(project: string, env: NodeJS.ProcessEnv): Promise<number | null> {
  const wanted: string = 'show'
  const command = runnerCommands.find((known) => known === wanted)
  if (command === undefined) return null
  const request = {
    command,
    projectDir: project,
    profilesDir: project,
    targetPath: 'target_millrace',
    select: [],
    exclude: [],
    vars: {},
    fullRefresh: false,
    failFast: false,
    inline: "select * from {{ ref('orders') }}",
    env: { ...env, MILLRACE_DBT_SCHEMA: 'shop_millrace' },
  }
  const times: number[] = []
  for (let run = 0; run < 6; run += 1) {
    const begun = performance.now()
    await nativeRunner(systemClock).invoke(request, () => undefined)
    if (run > 0) times.push(performance.now() - begun)
  }
  return median(times)
}

function benchOf(
  version: { readonly ours: number; readonly theirs: number | null },
  pairs: Readonly<Record<string, Pair>>,
  { rows, showMs: show }: { readonly rows: number; readonly showMs: number | null },
): Bench {
  const line = (what: string, key: string, atMost?: number): Line => ({
    what,
    ours: pairs[key]?.ours.seconds ?? null,
    unit: 's',
    rival: { name: 'dbt-core', value: pairs[key]?.theirs?.seconds ?? null },
    ...(atMost === undefined ? {} : { bar: { atMost } }),
  })
  const of = (key: string, what: keyof Cost): Figures => ({
    [`${key}_${what === 'seconds' ? 's' : what === 'cpuS' ? 'cpu_s' : 'rss_mb'}`]: pairs[key]?.ours[what] ?? null,
    [`dbt_core_${key}_${what === 'seconds' ? 's' : what === 'cpuS' ? 'cpu_s' : 'rss_mb'}`]:
      pairs[key]?.theirs?.[what] ?? null,
  })
  const figures = Object.assign(
    { version_s: version.ours, dbt_core_version_s: version.theirs, show_inline_ms: show },
    ...Object.keys(pairs).flatMap((key) => [of(key, 'seconds'), of(key, 'cpuS'), of(key, 'rssMb')]),
  ) as Figures
  return {
    figures,
    lines: [
      {
        what: '--version',
        ours: version.ours,
        unit: 's',
        rival: { name: 'dbt-core', value: version.theirs },
        bar: { atMost: 0.15 },
      },
      line('cold parse, 750 nodes and 900 macros', 'parse_cold', 2),
      {
        what: 'its memory',
        ours: pairs['parse_cold']?.ours.rssMb ?? null,
        unit: 'MB',
        rival: { name: 'dbt-core', value: pairs['parse_cold']?.theirs?.rssMb ?? null },
        bar: { atMost: 250 },
      },
      line('warm parse', 'parse_warm', 0.5),
      line('warm ls', 'ls_warm', 0.5),
      line('cold parse, 2,000 models and 6,000 tests', 'parse_2000_cold', 4),
      line('warm parse of these', 'parse_2000_warm'),
      line('build of 750 nodes', 'build_750', 6),
      line('build of a shop of 28 nodes', 'build_shop', 0.6),
      line(`build bound by SQL: 10 models over ${rows / 1e6} M rows`, 'build_heavy'),
      { what: 'show --inline, warm, in process', ours: show, unit: 'ms', bar: { atMost: 100 } },
    ],
  }
}
