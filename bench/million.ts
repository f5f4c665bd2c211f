import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '../src/domain/clock.ts'
import { day, timeZone } from '../src/domain/day.ts'
import { adapter as googleAds, openGoogleAds } from '../src/connectors/google-ads.ts'
import { adapter as folder } from '../src/lake/folder.ts'
import { duckConnection } from '../src/lake/parquet.ts'
import { runPipeline } from '../src/orchestrate/run.ts'
import { adapter as native } from '../src/transform/native.ts'
import { adapter as postgres } from '../src/warehouse/postgres.ts'

/** What the parent process hands over: the sandbox's addresses, the days, the database. */
export interface MillionInput {
  readonly adsUrl: string
  readonly oauthUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  readonly loginCustomerId: string
  readonly accounts: readonly string[]
  readonly since: string
  readonly until: string
  readonly nowMs: number
  readonly databaseUrl: string
  readonly schema: string
  readonly parallelAccounts: number
}

export interface MillionOutput {
  readonly rows: number
  /** From the first call to the commit of the last publish. */
  readonly seconds: number
  /** Of this process alone, in the same time. */
  readonly cpuSeconds: number
  /** Until the run has ended, with the checks of what readers now see. */
  readonly runSeconds: number
  readonly rssAboveStartMb: number
  readonly tasks: Readonly<Record<string, number>>
}

/** Land, unify, audit and publish of many campaign-days in a process of its own, so that its memory is its own. */
async function loadMany(input: MillionInput): Promise<MillionOutput> {
  const scratch = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
  const warehouse = await postgres.open(postgres.options.parse({ url: input.databaseUrl, schema: input.schema }))
  await warehouse.migrate()
  const lake = await folder.open({ root: join(scratch, 'lake') })
  const connector = openGoogleAds(
    googleAds.options.parse({ ...input, baseUrl: input.adsUrl, accounts: [...input.accounts] }),
  )
  const startRss = process.memoryUsage.rss()
  // The rivals' programs have loaded pandas, pyarrow and dlt before their clock starts; so has ours its DuckDB.
  ;(await duckConnection())[Symbol.dispose]()
  const tasks: Record<string, number> = {}
  let published = { atMs: 0, cpu: process.cpuUsage() }
  const cpuBefore = process.cpuUsage()
  const startedMs = performance.now()
  const summary = await runPipeline(
    {
      clock: { nowMs: () => Math.round(input.nowMs + performance.now() - startedMs), sleep: () => Promise.resolve() },
      random: systemRandom,
      fetch,
      connections: [{ name: 'google', connector, accountIds: [] }],
      lake,
      warehouse,
      runner: await native.open({}),
      dbt: null,
      channels: [],
      scratchDir: join(scratch, 'spool'),
      parallelAccounts: input.parallelAccounts,
      async [Symbol.asyncDispose]() {
        await Promise.resolve()
      },
    },
    { range: { since: day(input.since), until: day(input.until) }, kind: 'advance', zone: timeZone('Asia/Seoul') },
    (event) => {
      if (event.event !== 'task_finished') return
      tasks[event.kind] = (tasks[event.kind] ?? 0) + event.seconds
      if (event.kind === 'load') published = { atMs: performance.now(), cpu: process.cpuUsage(cpuBefore) }
    },
    new AbortController().signal,
  )
  const runSeconds = (performance.now() - startedMs) / 1_000
  const seconds = (published.atMs - startedMs) / 1_000
  const { cpu } = published
  // The kernel's own highest mark: nothing that comes and goes between two looks is missed.
  const peakRss = process.resourceUsage().maxRSS * 1_024
  await warehouse[Symbol.asyncDispose]()
  await rm(scratch, { recursive: true, force: true })
  if (summary.state !== 'success') process.stderr.write(`${JSON.stringify(summary.troubles.slice(0, 3))}\n`)
  const cpuSeconds = (cpu.user + cpu.system) / 1e6
  return { rows: summary.rows, seconds, cpuSeconds, runSeconds, rssAboveStartMb: (peakRss - startRss) / 2 ** 20, tasks }
}

process.stdout.write(`${JSON.stringify(await loadMany(JSON.parse(process.argv[2] ?? '{}') as MillionInput))}\n`)
process.exit(0)
