import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adapter as googleAds, openGoogleAds } from '../src/connectors/google-ads.ts'
import { adapter as metaAds, openMetaAds } from '../src/connectors/meta-ads.ts'
import type { Connector } from '../src/connectors/connector.ts'
import { standingClock, seededRandom } from '../src/domain/clock.ts'
import { addDays, day } from '../src/domain/day.ts'
import { startSandbox } from '../src/sandbox/sandbox.ts'
import type { Bench } from './figures.ts'
import { median, runProgram } from './measure.ts'

type Say = (line: string) => void

const root = join(import.meta.dirname, '..')
const millrace = join(root, 'bin', 'millrace.cjs')

/** 2,500 campaigns over 400 days, as an export has them. */
async function writeCsv(path: string): Promise<void> {
  const file = createWriteStream(path)
  file.write('Day,Campaign ID,Campaign,Impr.,Clicks,Cost,Conversions,Conv. value\n')
  for (let at = 0; at < 400; at += 1) {
    const date = addDays(day('2025-09-01'), at)
    const lines: string[] = []
    for (let one = 0; one < 2_500; one += 1) {
      const clicks = (one * 37 + at * 11) % 500
      lines.push(
        `${date},2${String(one).padStart(10, '0')},Campaign ${one} 검색,${clicks * 20 + (one % 7)},${clicks},${clicks * 410}.${String(at % 100).padStart(2, '0')},${(clicks % 9) / 2},${(clicks % 9) * 5000}`,
      )
    }
    if (!file.write(`${lines.join('\n')}\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

const mapping = `columns:
  date: Day
  campaign_id: Campaign ID
  campaign_name: Campaign
  impressions: Impr.
  clicks: Clicks
  cost: Cost
  conversions: Conversions
  conversion_value: Conv. value
`

/** The most memory that a process had, by Linux; null elsewhere, and once it is gone. */
function peakMb(pid: number | undefined): number | null {
  const path = `/proc/${pid}/status`
  const found = existsSync(path) ? /VmHWM:\s+(\d+) kB/.exec(readFileSync(path, 'utf8'))?.[1] : undefined
  return found === undefined ? null : Number(found) / 1_024
}

interface Imported {
  readonly seconds: number
  readonly rssMb: number | null
}

/** The command as a person calls it; Postgres is another process and has its own memory. */
async function importOnce(project: string, csv: string, more: readonly string[]): Promise<Imported> {
  const args = ['import', csv, '--platform', 'google_ads', '--account', '1234567890', '--currency', 'KRW']
  const startedMs = performance.now()
  const child = spawn(
    process.execPath,
    [millrace, ...args, '--map', join(project, 'map.yaml'), '--project', project, '--json', ...more],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-800)))
  let rssMb: number | null = null
  const watch = setInterval(() => (rssMb = peakMb(child.pid) ?? rssMb), 50)
  const [code] = (await once(child, 'close')) as [number]
  clearInterval(watch)
  if (code !== 0) throw new Error(`millrace import ended with ${code}: ${said}`)
  return { seconds: (performance.now() - startedMs) / 1_000, rssMb }
}

async function benchImport(say: Say): Promise<Bench> {
  say('import of 1,000,000 rows …')
  const project = await mkdtemp(join(tmpdir(), 'millrace-import-'))
  writeFileSync(join(project, 'millrace.config.json'), '{ "transform": false }')
  writeFileSync(join(project, 'map.yaml'), mapping)
  const csv = join(project, 'export.csv')
  await writeCsv(csv)
  // The server and its first start belong to no import.
  await runProgram(process.execPath, [millrace, 'sql', 'select 1', '--project', project])
  const read = await importOnce(project, csv, ['--dry-run'])
  const whole = await importOnce(project, csv, [])
  await rm(project, { recursive: true, force: true })
  return {
    figures: {
      import_read_s: read.seconds,
      import_read_rss_mb: read.rssMb,
      import_s: whole.seconds,
      import_rss_mb: whole.rssMb,
    },
    lines: [
      { what: '1 M rows of CSV: read, every cell understood', ours: read.seconds, unit: 's' },
      { what: '1 M rows of CSV: imported and published', ours: whole.seconds, unit: 's', bar: { atMost: 15 } },
      { what: 'its memory', ours: whole.rssMb, unit: 'MB', bar: { atMost: 300 } },
    ],
  }
}

function sizeMb(path: string): number {
  const bytes = statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .reduce((sum, one) => sum + statSync(join(one.parentPath, one.name)).size, 0)
    : statSync(path).size
  return bytes / 2 ** 20
}

/** What google-ads-api takes, installed and imported, measured once with 25.1.0 on Node 24. */
const rivalInstalledMb = 173
const rivalImportMs = 1_300

async function benchWeight(say: Say): Promise<Bench> {
  say('weight of the connectors …')
  const sources = readdirSync(join(root, 'src/connectors')).filter(
    (name) => !/\.(test|contract|fixture)\.ts$/.test(name),
  )
  const ownMb = sources.reduce((sum, name) => sum + sizeMb(join(root, 'src/connectors', name)), 0)
  const packages = (...names: readonly string[]) =>
    names.reduce((sum, name) => sum + sizeMb(join(root, 'node_modules', name)), 0)
  const addedMb = ownMb + packages('csv-parse', 'fflate')
  // The whole program stands on these two; without connectors they would be here all the same.
  const packagesMb = packages('csv-parse', 'fflate', 'zod', 'yaml')
  // In processes of their own; what is compiled once is kept for the next, as bin/millrace.cjs does it.
  const script = `const t = performance.now(); await Promise.all([import('${root}/src/connectors/google-ads.ts'), import('${root}/src/connectors/meta-ads.ts')]); console.log(performance.now() - t)`
  const env = { NODE_COMPILE_CACHE: join(tmpdir(), 'millrace-bench-compile-cache') }
  const times: number[] = []
  for (let run = 0; run < 8; run += 1) {
    const { stdout } = await runProgram(process.execPath, ['--input-type=module', '-e', script], { env })
    if (run > 0) times.push(Number(stdout.trim()))
  }
  const importMs = median(times)
  const installedMb = ownMb + packagesMb
  return {
    figures: {
      connectors_own_mb: ownMb,
      connectors_added_mb: addedMb,
      connectors_packages_mb: packagesMb,
      connectors_import_ms: importMs,
      google_ads_api_installed_mb: rivalInstalledMb,
      google_ads_api_import_ms: rivalImportMs,
    },
    lines: [
      { what: 'all connectors, own code', ours: ownMb, unit: 'MB' },
      {
        what: 'what they add: with csv-parse and fflate, as installed',
        ours: addedMb,
        unit: 'MB',
        rival: { name: 'google-ads-api', value: rivalInstalledMb },
        bar: { atMost: 5 },
      },
      {
        what: 'with zod and yaml too, which every room stands on',
        ours: installedMb,
        unit: 'MB',
        rival: { name: 'google-ads-api', value: rivalInstalledMb },
        bar: { atMost: 5 },
      },
      {
        what: 'import of google_ads and meta_ads',
        ours: importMs,
        unit: 'ms',
        rival: { name: 'google-ads-api', value: rivalImportMs },
        bar: { atMost: 50 },
      },
    ],
  }
}

const nowMs = Date.parse('2026-11-22T12:00:00Z')

/** Calls that 30 days of one account take. */
async function operationsOf(connector: Connector): Promise<number> {
  const context = {
    clock: standingClock(nowMs),
    random: seededRandom(1),
    fetch,
    signal: new AbortController().signal,
    log: () => {},
  }
  const [account] = await connector.discover(context)
  if (!account) throw new Error('the sandbox has no account')
  const slice = { level: 'campaign', breakdownKey: '', kind: 'refresh' } as const
  const range = { since: day('2026-10-20'), until: day('2026-11-18') }
  const { platform, accountId } = account
  const sink = { rows: () => Promise.resolve(), entities: () => Promise.resolve() }
  const { operations } = await connector.extract({ ...slice, ...range, platform, accountId }, account, context, sink)
  return operations
}

async function benchOperations(say: Say): Promise<Bench> {
  say('operations …')
  await using sandbox = await startSandbox({ seed: 1, nowMs })
  const { google_ads: google, meta_ads: meta } = sandbox.connections
  const googleOperations = await operationsOf(openGoogleAds(googleAds.options.parse(google)))
  const metaCalls = await operationsOf(openMetaAds(metaAds.options.parse(meta)))
  return {
    figures: { google_operations_30_days: googleOperations, meta_calls_30_days: metaCalls },
    lines: [
      {
        what: 'Google operations, 30 days of an account',
        ours: googleOperations,
        unit: 'operations',
        rival: { name: 'one query a day', value: 30 },
        bar: { atMost: 1 },
      },
      {
        what: 'Meta calls, 30 days of an account, campaigns listed',
        ours: metaCalls,
        unit: 'calls',
        rival: { name: 'one job a day', value: 30 },
        bar: { atMost: 2 },
      },
    ],
  }
}

export async function bench({ say }: { readonly long: boolean; readonly say: Say }): Promise<Bench> {
  const parts = [await benchOperations(say), await benchWeight(say), await benchImport(say)]
  return {
    figures: Object.assign({}, ...parts.map(({ figures }) => figures)) as Bench['figures'],
    lines: parts.flatMap(({ lines }) => lines),
  }
}
