import type { AdAccount } from '../domain/account.ts'
import type { MetricSource, RawColumn, RawMapping } from '../domain/mapping.ts'
import type { DailyMetric, ExtractRecord } from '../domain/metric.ts'
import type { Lake } from '../lake/lake.ts'
import { readRawRows } from '../lake/parquet.ts'
import type { FinerSums } from './aggregate.ts'
import { finerSums } from './aggregate.ts'
import { unifyRows } from './unify.ts'

/**
 * The facts of an extract from its raw files in the lake, without the platform: what a load reads, and what a changed mapping is
 * applied by. Day after day, in batches; only a `finer` day is held as a whole, in sums.
 * Throws LAKE_OBJECT_MISSING, LAKE_FILE_UNREADABLE, LAKE_COLUMN_MISSING and what `unifyRows` throws.
 */
export async function* readExtract(
  lake: Lake,
  extract: Pick<ExtractRecord, 'rawKeys'>,
  mapping: RawMapping,
  account: Pick<AdAccount, 'currency'>,
): AsyncGenerator<readonly DailyMetric[], void, undefined> {
  const columns = columnsRead(mapping)
  for (const [, key] of Object.entries(extract.rawKeys).sort(([a], [b]) => (a < b ? -1 : 1))) {
    await using file = await lake.open(key)
    const sums: FinerSums | null = mapping.grain === 'finer' ? finerSums() : null
    for await (const rows of readRawRows(file.path, columns)) {
      const metrics = unifyRows(rows, mapping, account)
      if (sums) sums.add(metrics)
      else yield metrics
    }
    if (sums) yield sums.rows()
  }
}

function columnsOf(metric: MetricSource): readonly string[] {
  if (metric.from === 'none') return []
  return metric.from === 'sum' ? metric.columns : [metric.column]
}

/** The columns that the canonical row is made of; names, statuses and budgets stay where they are. */
export function columnsRead(mapping: RawMapping): readonly RawColumn[] {
  const metrics: readonly MetricSource[] = [
    mapping.cost,
    mapping.impressions,
    mapping.clicks,
    mapping.linkClicks,
    mapping.videoViews,
    mapping.conversions,
    mapping.conversionValue,
  ]
  const names = new Set([mapping.date, mapping.entityId, mapping.currency])
  for (const metric of metrics) for (const name of columnsOf(metric)) names.add(name)
  if (mapping.actions) for (const column of Object.values(mapping.actions)) names.add(column)
  return mapping.columns.filter(({ name }) => names.has(name))
}
