import type { Day } from '../domain/day.ts'
import type { Decimal } from '../domain/decimal.ts'
import { sumDecimals, zero } from '../domain/decimal.ts'
import type { Session, SqlRow, Stage } from '../warehouse/warehouse.ts'
import { attempt } from './attempt.ts'
import type { Check, PartitionFacts, RowCounts, SliceValues, SummedMetric } from './check.ts'
import { summedMetrics } from './check.ts'
import type { Fragment } from './fragment.ts'
import { identifier, joined, rendered, sql, trusted } from './fragment.ts'

/** Everything that one pass over the stage says. */
export interface Scan {
  /** Of the days that have rows and were asked for. */
  readonly partitions: ReadonlyMap<Day, PartitionFacts>
  readonly rows: number
  readonly strayRows: number
  readonly sums: Readonly<Record<SummedMetric, Decimal>>
  /** By check, then by day; a day without rows is absent. */
  readonly counts: ReadonlyMap<string, ReadonlyMap<Day, RowCounts>>
  /** Checks whose predicate the database could not compute, and what it said. */
  readonly broken: ReadonlyMap<string, string>
}

/** A check with its place in the scan's columns, so that no check's name becomes a column's. */
interface Placed {
  readonly check: Check
  readonly place: number
}

/** A row of the scan: `date`, measures, and f/w/x with a place for each row rule. */
type ScanRow = SqlRow & { readonly date: Day | null }

const columnOf: Readonly<Record<SummedMetric, string>> = {
  cost: 'cost',
  impressions: 'impressions',
  clicks: 'clicks',
  conversions: 'conversions',
  conversionValue: 'conversion_value',
}

const noCounts: RowCounts = { fails: 0, warns: 0, excessMax: 0 }

/** What else the scan is to find out. */
export interface ScanWants {
  /** The median cost per click; without it every day's is null. It needs all rows in order, and there must be a past to compare it with. */
  readonly median: boolean
}

/**
 * All row rules of all checks and all measures of the stage in one scan, grouped by day. When the database refuses that statement
 * the measures are taken alone and each rule by itself: the broken rule is named, the others are still judged.
 */
export async function scanStage(
  session: Session,
  stage: Stage,
  checks: readonly Check[],
  values: SliceValues,
  wants: ScanWants = { median: true },
): Promise<Scan> {
  const scan = await scanRules(session, stage, checks, values)
  const ofDays = await read(session, orderedStatement(stage, wants))
  const byDay = new Map(ofDays.map((row) => [row.date, row]))
  const partitions = [...scan.partitions].map(
    ([date, facts]) => [date, { ...facts, ...orderedOf(byDay.get(date)) }] as const,
  )
  return { ...scan, partitions: new Map(partitions) }
}

async function scanRules(session: Session, stage: Stage, checks: readonly Check[], values: SliceValues): Promise<Scan> {
  const placed = checks.filter((check) => check.rows ?? check.measure).map((check, place): Placed => ({ check, place }))
  const whole = await attempt(session, () => read(session, scanStatement(stage, placed, values, true)))
  if (whole.ok) return scanOf(stage, whole.value, placed, new Map())
  const measures = await read(session, scanStatement(stage, [], values, true))
  const broken = new Map<string, string>()
  const rows: ScanRow[] = [...measures]
  for (const one of placed) {
    const alone = await attempt(session, () => read(session, scanStatement(stage, [one], values, false)))
    if (alone.ok) rows.push(...alone.value)
    else broken.set(one.check.id, alone.problem)
  }
  return scanOf(stage, rows, placed, broken)
}

function scanStatement(stage: Stage, placed: readonly Placed[], values: SliceValues, withMeasures: boolean): Fragment {
  const columns = [...(withMeasures ? measures : []), ...placed.flatMap((one) => ruleColumns(one, values))]
  return sql`select ${joined([sql`date`, ...columns], ', ')} from ${trusted(stage.table)} group by date`
}

/** Counts are whole and cannot be NaN; to ask them costs as much as to add them. */
function numberOf(metric: SummedMetric): Fragment {
  const column = identifier(columnOf[metric])
  return metric === 'impressions' || metric === 'clicks' ? sql`${column}` : sql`nullif(${column}, 'NaN')`
}

/**
 * What a day's rows say only together. In statements of their own, because an aggregate that needs its rows in order has the whole
 * scan sort the stage by day first, which takes four times as long as all sums and counts. Ids are counted by hash.
 */
function orderedStatement(stage: Stage, { median }: ScanWants): Fragment {
  const table = trusted(stage.table)
  const medians = sql`full join (
    select date, percentile_cont(0.5) within group (order by (cost / clicks)::float8) as median_cost_per_click
    from ${table} where clicks > 0 and cost > 0 group by date) m using (date)`
  return sql`select ${joined([sql`date`, sql`d.distinct_entities`, median ? sql`m.median_cost_per_click` : sql`null as median_cost_per_click`], ', ')}
    from (select date, count(*)::int as distinct_entities
      from (select date, entity_id collate "C" from ${table} where entity_id <> '' group by 1, 2) ids group by date) d
    ${median ? medians : sql``}`
}

const measures: readonly Fragment[] = [
  sql`count(*)::int as rows`,
  // What is no number is for a check to find; a sum over it would be none either, and every other check would be lost with it.
  ...summedMetrics.map((metric) => sql`sum(${numberOf(metric)})::text as ${identifier(`sum_${metric}`)}`),
]

function ruleColumns({ check, place }: Placed, values: SliceValues): readonly Fragment[] {
  const { rows: rule, measure } = check
  if (!rule) return measure ? [sql`(${measure()})::float8 as ${identifier(`m${place}`)}`] : []
  const fails = rule.fails(values)
  const warns = rule.warns?.(values)
  const excess = rule.excess?.(values)
  return [
    sql`count(*) filter (where ${fails})::int as ${identifier(`f${place}`)}`,
    ...(warns ? [sql`count(*) filter (where ${warns})::int as ${identifier(`w${place}`)}`] : []),
    ...(excess ? [sql`max(${excess}) filter (where ${fails})::float8 as ${identifier(`x${place}`)}`] : []),
  ]
}

async function read(session: Session, statement: Fragment): Promise<readonly ScanRow[]> {
  const { text, values } = rendered(statement)
  return session.query<ScanRow>(text, values)
}

function scanOf(
  stage: Stage,
  rows: readonly ScanRow[],
  placed: readonly Placed[],
  broken: ReadonlyMap<string, string>,
): Scan {
  const asked = new Set<string>(stage.days)
  const measured = rows.filter((row) => 'rows' in row)
  const ofDays = measured.filter((row): row is ScanRow & { date: Day } => row.date !== null && asked.has(row.date))
  const all = measured.reduce((sum, row) => sum + Number(row['rows']), 0)
  return {
    partitions: new Map(ofDays.map((row) => [row.date, partitionOf(row.date, row)])),
    rows: all,
    strayRows: all - ofDays.reduce((sum, row) => sum + Number(row['rows']), 0),
    sums: sumsOf(measured),
    counts: new Map(placed.map((one) => [one.check.id, countsOf(one, rows)])),
    broken,
  }
}

function partitionOf(date: Day, row: ScanRow): PartitionFacts {
  return { date, rows: Number(row['rows']), ...orderedOf(undefined) }
}

function orderedOf(row: ScanRow | undefined): Pick<PartitionFacts, 'distinctEntities' | 'medianCostPerClick'> {
  const median = row?.['median_cost_per_click']
  return {
    distinctEntities: Number(row?.['distinct_entities'] ?? 0),
    medianCostPerClick: median === null || median === undefined ? null : Number(median),
  }
}

function sumsOf(rows: readonly ScanRow[]): Readonly<Record<SummedMetric, Decimal>> {
  const sumOf = (metric: SummedMetric) => sumDecimals(rows.map((row) => (row[`sum_${metric}`] ?? zero) as Decimal))
  return {
    cost: sumOf('cost'),
    impressions: sumOf('impressions'),
    clicks: sumOf('clicks'),
    conversions: sumOf('conversions'),
    conversionValue: sumOf('conversionValue'),
  }
}

function countsOf({ place }: Placed, rows: readonly ScanRow[]): ReadonlyMap<Day, RowCounts> {
  const own = rows.filter(
    (row): row is ScanRow & { date: Day } => row.date !== null && (`f${place}` in row || `m${place}` in row),
  )
  return new Map(
    own.map((row) => [
      row.date,
      {
        ...noCounts,
        fails: Number(row[`f${place}`] ?? 0),
        warns: Number(row[`w${place}`] ?? 0),
        excessMax: Number(row[`x${place}`] ?? 0),
        ...(`m${place}` in row && { measure: Number(row[`m${place}`]) }),
      },
    ]),
  )
}
