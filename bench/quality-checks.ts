// The checks: do they find what is planted, leave clean months alone, and cost one scan.
import { daysOf } from '../src/domain/day.ts'
import { blockingAudit } from '../src/quality/audit.ts'
import { builtinChecks } from '../src/quality/builtin.ts'
import type { Check } from '../src/quality/check.ts'
import { compileLibrary } from '../src/quality/compile.ts'
import type { LibraryCheck } from '../src/quality/config-schema.ts'
import { pastOf, plantedFaults } from '../src/quality/faults.fixture.ts'
import { audited, cleanMonth, extractOf, published, settleMs } from '../src/quality/fixture.ts'
import { buildMart, pacedDays, publishedFaults, settle } from '../src/quality/post-faults.fixture.ts'
import { runPostChecks } from '../src/quality/post.ts'
import { scanStage } from '../src/quality/scan.ts'
import { builtinSuite } from '../src/quality/suite.ts'
import { openTestWarehouse } from '../src/warehouse/fixture.ts'
import type { Session, Stage, Warehouse } from '../src/warehouse/warehouse.ts'
import type { Bench } from './figures.ts'
import { median } from './measure.ts'

interface Found {
  readonly planted: number
  readonly found: number
}

/** Faults of staged rows, each on a month of its own that was clean before, with its past published. */
async function findStaged(warehouse: Warehouse, say: (line: string) => void): Promise<Found> {
  let seed = 70_000
  let [planted, found] = [0, 0]
  for (const [id, faults] of Object.entries(plantedFaults)) {
    for (const [name, corrupt] of Object.entries(faults)) {
      seed += 1
      planted += 1
      const staging = cleanMonth(seed)
      await published(warehouse, pastOf(seed, staging))
      corrupt(staging)
      if ((await audited(warehouse, staging)).refusedBy.includes(id)) found += 1
      else say(`not found: ${id}: ${name}`)
    }
  }
  return { planted, found }
}

/** Faults of published days. */
async function findPublished(warehouse: Warehouse, say: (line: string) => void): Promise<Found> {
  let seed = 80_000
  let [planted, found] = [0, 0]
  for (const [id, faults] of Object.entries(publishedFaults)) {
    for (const [name, { before, after }] of Object.entries(faults)) {
      seed += 1
      planted += 1
      const staging = pacedDays(seed)
      before?.(staging)
      await settle(warehouse, staging)
      await buildMart(warehouse)
      await after?.(warehouse, staging)
      const [run] = await runPostChecks(warehouse, {
        since: staging.until,
        until: staging.until,
        accountIds: [staging.account.accountId],
        nowMs: staging.nowMs + 20 * 3_600_000,
        suite: builtinSuite,
      })
      const own = run?.results.find((one) => one.checkId === id)
      if (own?.outcome === 'fail' || own?.outcome === 'warn') found += 1
      else say(`not found: ${id}: ${name}`)
    }
  }
  return { planted, found }
}

/** Clean months that any blocking check refuses a day of. */
async function refusedClean(warehouse: Warehouse, months: number): Promise<number> {
  let refused = 0
  for (let seed = 1; seed <= months; seed += 1) {
    const staging = cleanMonth(90_000 + seed)
    await published(warehouse, pastOf(90_000 + seed, staging))
    if ((await audited(warehouse, staging)).refusedBy.length > 0) refused += 1
  }
  return refused
}

const fiveChecks = [
  { column: 'cost', metric: 'invalidValues', arguments: { min: 0 }, mustBe: 0 },
  { column: 'ctr', metric: 'invalidValues', arguments: { min: 0, max: 1 }, mustBe: 0 },
  { column: 'clicks', metric: 'invalidValues', arguments: { maxColumn: 'impressions' }, mustBe: 0 },
  { column: 'conversion_value', metric: 'nullValues', mustBe: 0 },
  { column: 'campaign_id', metric: 'invalidValues', arguments: { pattern: '\\d+' }, mustBe: 0 },
] as const satisfies readonly LibraryCheck[]

async function stageOf(session: Session, rows: number): Promise<Stage> {
  const staging = cleanMonth(3)
  await session.query(
    `create temp table bench_stage on commit drop as
     select (20000000000 + i)::text as entity_id, $1::date as date, $2::text as currency, (i * 1.5)::numeric(20, 6) as cost, (i * 40)::bigint as impressions,
            i::bigint as clicks, null::bigint as link_clicks, null::bigint as video_views, (i * 0.03)::numeric(20, 6) as conversions, (i * 0.9)::numeric(20, 6) as conversion_value
     from generate_series(1, $3::int) i`,
    [staging.until, staging.account.currency, rows],
  )
  await session.query('analyze bench_stage')
  const day = { ...staging, since: staging.until, controlTotals: null }
  return { table: 'bench_stage', extract: extractOf(day), account: staging.account, days: daysOf(day) }
}

interface Costs {
  readonly fiveMs: number
  readonly auditMs: number
}

/** Five row checks in one scan, and the whole audit with its results written, over as many rows of one day. */
async function measureScan(warehouse: Warehouse, rows: number, repeats: number): Promise<Costs> {
  const five: readonly Check[] = fiveChecks.map((config, at) => compileLibrary(`bench_${at}`, config))
  return warehouse.transaction(async (session) => {
    const stage = await stageOf(session, rows)
    const { currency } = stage.account
    const times: Record<'five' | 'audit', number[]> = { five: [], audit: [] }
    const audit = blockingAudit({ nowMs: stage.extract.requestedAtMs + settleMs, settleMs, checks: builtinChecks })
    for (let repeat = 0; repeat <= repeats; repeat += 1) {
      const startedMs = performance.now()
      await scanStage(session, stage, five, { currency })
      const scannedMs = performance.now()
      await audit(session, stage)
      if (repeat === 0) continue
      times.five.push(scannedMs - startedMs)
      times.audit.push(performance.now() - scannedMs)
    }
    return { fiveMs: median(times.five), auditMs: median(times.audit) }
  })
}

export async function bench({
  long,
  say,
}: {
  readonly long: boolean
  readonly say: (line: string) => void
}): Promise<Bench> {
  await using warehouse = await openTestWarehouse()
  const costs = await measureScan(warehouse, 100_000, long ? 15 : 5)
  say('scans measured; now planted faults, each on a month of its own')
  const staged = await findStaged(warehouse, say)
  const seen = await findPublished(warehouse, say)
  const months = long ? 300 : 30
  const refused = await refusedClean(warehouse, months)
  const planted = staged.planted + seen.planted
  const foundPercent = (100 * (staged.found + seen.found)) / planted
  return {
    figures: {
      checks_five_rows_100k_scan_ms: costs.fiveMs,
      checks_builtin_audit_100k_ms: costs.auditMs,
      checks_planted_faults: planted,
      checks_planted_found_percent: foundPercent,
      checks_clean_months: months,
      checks_clean_months_refused: refused,
    },
    lines: [
      { what: 'five row checks over 100 k rows, one scan', ours: costs.fiveMs, unit: 'ms', bar: { atMost: 300 } },
      { what: 'all blocking checks over 100 k rows, written', ours: costs.auditMs, unit: 'ms', bar: { atMost: 1_500 } },
      { what: `planted faults found, of ${planted}`, ours: foundPercent, unit: '%', bar: { atLeast: 100 } },
      { what: `clean months refused, of ${months}`, ours: refused, unit: 'months', bar: { atMost: 0 } },
    ],
  }
}
