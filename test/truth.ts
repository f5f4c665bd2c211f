import type { Day } from '../src/domain/day.ts'
import { normalised } from '../src/domain/decimal.ts'
import type { TruthRow } from '../src/sandbox/report.ts'
import type { Warehouse } from '../src/warehouse/warehouse.ts'

/** One fact in the words of both sides, numbers normalised: equal text is equal to the micro. */
export type FactLine = string

function line(entityId: string, numbers: readonly string[], currency: string): FactLine {
  return [entityId, currency, ...numbers.map((number) => normalised(number))].join(' ')
}

export function truthLines(rows: readonly TruthRow[]): readonly FactLine[] {
  return rows
    .map((row) =>
      line(row.campaignId, [row.cost, row.impressions, row.clicks, row.conversions, row.conversionValue], row.currency),
    )
    .sort()
}

/** What is published for one account and day, with the instant at which its extract was requested; null when nothing is. */
export async function publishedLines(
  job: { readonly ports: { readonly warehouse: Pick<Warehouse, 'query'> } },
  platform: string,
  accountId: string,
  date: Day,
): Promise<{ readonly lines: readonly FactLine[]; readonly requestedAtMs: number } | null> {
  const [state] = await job.ports.warehouse.query<{ requested: string }>(
    `select (extract(epoch from x.requested_at) * 1000)::bigint::text as requested
     from partition_state p join extract x on x.extract_id = p.extract_id
     where p.platform = $1 and p.account_id = $2 and p.date = $3 and p.level = 'campaign' and p.breakdown_key = ''`,
    [platform, accountId, date],
  )
  if (!state) return null
  const rows = await job.ports.warehouse.query<
    Record<'entity_id' | 'currency' | 'cost' | 'impressions' | 'clicks' | 'conversions' | 'conversion_value', string>
  >(
    `select entity_id, currency, cost, impressions, clicks, conversions, conversion_value from fact_ad_daily
     where platform = $1 and account_id = $2 and date = $3 and level = 'campaign' and breakdown_key = ''`,
    [platform, accountId, date],
  )
  const lines = rows.map((row) =>
    line(row.entity_id, [row.cost, row.impressions, row.clicks, row.conversions, row.conversion_value], row.currency),
  )
  return { lines: lines.sort(), requestedAtMs: Number(state.requested) }
}
