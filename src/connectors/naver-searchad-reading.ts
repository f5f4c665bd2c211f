import type { AdAccount } from '../domain/account.ts'
import type { DayRange } from '../domain/day.ts'
import { addDays, daysOf } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { addDecimals, decimal, fromUnits, toUnits, zero } from '../domain/decimal.ts'
import type { EntityObservation } from '../domain/entity.ts'
import { MillraceError, isMillraceError } from '../domain/errors.ts'
import type { RawRow } from '../domain/mapping.ts'
import type { ControlTotals } from '../domain/metric.ts'
import type { ConnectorContext, ExtractResult, Sink } from './connector.ts'
import type { NaverClient } from './naver-searchad-client.ts'
import type { ReportLimits } from './naver-searchad-reports.ts'
import { naverJob, naverReportRows } from './naver-searchad-reports.ts'
import { naverEntity, unlistedNaverEntity } from './naver-searchad-rows.ts'

const reports = ['AD', 'AD_CONVERSION'] as const
const sinkRows = 1_000
/** Ids in one question of `/stats`. */
const statIdsMax = 100

interface Seen {
  readonly known: Set<string>
  netCost: Decimal
  /** Conversions that are no purchases. */
  otherConversions: Decimal
  rows: number
  /** Campaign-days with a cost: each may be rounded to a whole won. */
  costs: number
}

export interface NaverReading {
  readonly client: NaverClient
  readonly account: AdAccount
  readonly range: DayRange
  readonly context: ConnectorContext
  readonly sink: Sink
  readonly limits: ReportLimits
}

/** Reads one slice: the campaigns, then two reports a day, then the sums that Naver itself makes of the range. */
export async function readNaverSlice(reading: NaverReading): Promise<Omit<ExtractResult, 'apiVersion'>> {
  const { client, account, range, context, limits } = reading
  const seen: Seen = { known: new Set(), netCost: zero, otherConversions: zero, rows: 0, costs: 0 }
  const listing = { method: 'GET', path: '/ncc/campaigns', customerId: account.accountId } as const
  const campaigns = (await client.json(listing, context)) as readonly Readonly<Record<string, unknown>>[]
  await observe(
    reading,
    seen,
    campaigns.map((node) => naverEntity(node, account.accountId)),
  )
  const asked = daysOf(range).flatMap((date) =>
    reports.map((report) => ({ report, date, accountId: account.accountId })),
  )
  // All are asked for before the first is waited for: Naver works at them while this reads.
  const jobs = []
  for (const question of asked) jobs.push(await naverJob(client, question, context))
  for (const [at, question] of asked.entries())
    await handOver(reading, seen, await naverReportRows(client, question, jobs[at]!, context, limits))
  const controlTotals = await statTotals(reading, seen)
  const requestIds = jobs.map(({ jobId }) => jobId)
  return { rows: seen.rows, requestIds, controlTotals, operations: client.calls }
}

async function observe({ sink }: NaverReading, { known }: Seen, entities: readonly EntityObservation[]): Promise<void> {
  const unseen = entities.filter(({ entityId }) => entityId !== '' && !known.has(entityId))
  for (const { entityId } of unseen) known.add(entityId)
  if (unseen.length > 0) await sink.entities(unseen)
}

async function handOver(reading: NaverReading, seen: Seen, rows: readonly RawRow[]): Promise<void> {
  const ids = [...new Set(rows.map((row) => row['campaign_id'] ?? ''))]
  await observe(
    reading,
    seen,
    ids.map((id) => unlistedNaverEntity(id, reading.account.accountId)),
  )
  for (const row of rows) {
    if (row['net_cost'] !== null) {
      seen.netCost = addDecimals(seen.netCost, decimal(row['net_cost'] ?? '0'))
      seen.costs += 1
    } else if (row['purchases'] === null) {
      seen.otherConversions = addDecimals(seen.otherConversions, decimal(row['conversion_count'] ?? '0'))
    }
  }
  for (let at = 0; at < rows.length; at += sinkRows) await reading.sink.rows(rows.slice(at, at + sinkRows))
  seen.rows += rows.length
}

interface StatAnswer {
  readonly data?: readonly Readonly<Record<string, unknown>>[]
  /** Up to when the numbers go: yyyyMMddHHmm in Korea. */
  readonly cycleBaseTm?: string
}

/**
 * Sums of the range that Naver makes by another way than its reports. They are told only when they speak of whole days. `salesAmt` is
 * with VAT and rounded, so that it is no control total; it shows whether the reports' cost is what the connection says it is.
 */
async function statTotals(reading: NaverReading, seen: Seen): Promise<ControlTotals | null> {
  const { range, context, account } = reading
  const ids = [...seen.known].sort()
  let [impressions, clicks, sales, all] = [zero, zero, zero, zero]
  for (let at = 0; at < ids.length; at += statIdsMax) {
    const answer = await stats(reading, ids.slice(at, at + statIdsMax))
    const end = `${addDays(range.until, 1).replaceAll('-', '')}0000`
    if (!answer?.data || (answer.cycleBaseTm ?? end) < end) {
      context.log({ level: 'info', message: `naver_searchad/${account.accountId}: no sums to compare with yet` })
      return null
    }
    for (const row of answer.data) {
      impressions = addDecimals(impressions, count(row['impCnt']))
      clicks = addDecimals(clicks, count(row['clkCnt']))
      sales = addDecimals(sales, count(row['salesAmt']))
      all = addDecimals(all, count(row['ccnt']))
    }
  }
  checkBasis(reading, seen, sales)
  // `ccnt` counts conversions of every type; without the others that were read, the purchases must be left.
  const conversions = addDecimals(all, negated(seen.otherConversions))
  return { impressions, clicks, ...(reading.limits.conversionTotals && { conversions }) }
}

const negated = (value: Decimal) => fromUnits(-toUnits(value, 6), 6)

const count = (value: unknown) => decimal(typeof value === 'number' || typeof value === 'string' ? String(value) : '0')

async function stats(
  { client, range, context, account }: NaverReading,
  ids: readonly string[],
): Promise<StatAnswer | undefined> {
  const query = {
    ids: ids.join(','),
    fields: JSON.stringify(['impCnt', 'clkCnt', 'salesAmt', 'ccnt']),
    timeRange: JSON.stringify({ since: range.since, until: range.until }),
    timeIncrement: 'allDays',
  }
  try {
    return (await client.json(
      { method: 'GET', path: '/stats', query, customerId: account.accountId },
      context,
    )) as StatAnswer
  } catch (error) {
    // Some accounts are not served by it (11001). A question that is refused there says nothing about the reports.
    if (!isMillraceError(error, 'CONNECTORS_BAD_REQUEST')) throw error
    context.log({ level: 'warn', message: `naver_searchad/${account.accountId} gives no sums: ${error.message}` })
    return undefined
  }
}

/** Throws CONNECTORS_SCHEMA_DRIFT when the reports' cost has plainly the other basis than was said: every number would be a tenth off. */
function checkBasis({ account, limits }: NaverReading, { netCost, costs }: Seen, sales: Decimal): void {
  const apart = (units: bigint) => {
    const difference = units * 10n - toUnits(sales, 6) * 10n
    return difference < 0n ? -difference : difference
  }
  const net = toUnits(netCost, 6)
  // What the sum would be, were a tenth added or taken twice; the right one is the nearest.
  const right = apart((net * 11n) / 10n)
  const wrong = limits.costBasis === 'net' ? apart(net) : apart((net * 121n) / 100n)
  const tolerance = BigInt(costs + 1) * 10_000_000n
  if (right <= tolerance || wrong > tolerance) return
  const other = limits.costBasis === 'net' ? 'gross' : 'net'
  const detail = `the reports' cost is ${other === 'gross' ? 'with' : 'without'} VAT, as the sums of /stats show: set costBasis to ${other}`
  throw new MillraceError('CONNECTORS_SCHEMA_DRIFT', { platform: 'naver_searchad', account: account.accountId, detail })
}
