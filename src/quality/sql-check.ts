import type { Day } from '../domain/day.ts'
import type { BoundedStatement, ReadOnly } from '../warehouse/read-only.ts'
import type { Session, Stage } from '../warehouse/warehouse.ts'
import type { Judgement } from './check.ts'
import { judgeValue } from './compile.ts'
import type { SqlCheckConfig } from './config-schema.ts'

/** What a query found of one day, with some of its rows. */
export interface SqlFound {
  readonly judgement: Judgement
  readonly samples: readonly Readonly<Record<string, unknown>>[]
}

const timeoutSeconds = 10

/** The rows of a day, as JSON text: how rows that nobody else can see yet come before a reader that is not in their transaction. */
export interface DayRows {
  readonly date: Day
  readonly json: string
  readonly rows: number
}

const stagedColumns = `entity_id as campaign_id, date, currency, cost, impressions, clicks, link_clicks, video_views, conversions, conversion_value`

/** The staged rows day by day, under the names of `daily_campaign_metrics`. Taken only when there is a query to run over them. */
export async function stagedRows(session: Session, stage: Pick<Stage, 'table' | 'days'>): Promise<readonly DayRows[]> {
  const rows = await session.query<{ readonly date: Day; readonly json: string; readonly rows: number }>(
    `select date, json_agg(to_json(s))::text as json, count(*)::int as rows from (select ${stagedColumns} from ${stage.table}) s
     where date is not null group by date`,
  )
  const byDay = new Map(rows.map((row) => [row.date, row]))
  return stage.days.map((date) => byDay.get(date) ?? { date, json: '[]', rows: 0 })
}

const datasetName = 'daily_campaign_metrics'

/**
 * The statement of a query over one day's rows. Only the two names in braces are filled in, with text of this program; the rows and
 * the day travel as values. The query stands in brackets inside ours: it can be nothing but one select.
 */
function sqlStatement(config: SqlCheckConfig, day: DayRows): BoundedStatement {
  const query = config.query
    .replaceAll('{dataset}', datasetName)
    .replaceAll('{partition}', `date = $2::date`)
    .replace(/;\s*$/, '')
  const samplesMax = config.returns === 'value' ? 1 : (config.samples ?? 20)
  const text = `
    with ${datasetName} as materialized (
      select r.campaign_id, r.date, r.currency, r.cost, r.impressions, r.clicks, r.link_clicks, r.video_views, r.conversions, r.conversion_value,
             r.clicks::numeric / nullif(r.impressions, 0) as ctr, r.cost / nullif(r.clicks, 0) as cpc, r.conversions / nullif(r.clicks, 0) as cvr,
             r.cost / nullif(r.conversions, 0) as cpa, r.conversion_value / nullif(r.cost, 0) as roas
      from json_to_recordset($1::json) as r (campaign_id text, date date, currency text, cost numeric, impressions bigint, clicks bigint, link_clicks bigint,
           video_views bigint, conversions numeric, conversion_value numeric)
      where r.date = $2::date
    ), found as materialized (
      ${query}
    )
    select (select count(*)::int from found) as rows, (select coalesce(json_agg(s), '[]') from (select * from found limit ${samplesMax}) s) as samples`
  return {
    text,
    values: [day.json, day.date],
    timeoutMs: 1_000 * (config.timeoutSeconds ?? timeoutSeconds),
  }
}

/** Runs one query over one day's rows. Throws when it cannot be carried out or gives no number where one is asked for: never a pass. */
export async function runSqlCheck(runner: ReadOnly, config: SqlCheckConfig, day: DayRows): Promise<SqlFound> {
  const [row] = await runner.query<{
    readonly rows: number
    readonly samples: readonly Readonly<Record<string, unknown>>[]
  }>(sqlStatement(config, day))
  const { rows = 0, samples = [] } = row ?? {}
  if (config.returns !== 'value')
    return { judgement: judgeValue(config, { value: rows, tested: Math.max(day.rows, rows), failed: rows }), samples }
  const value = onlyNumber(rows, samples[0])
  const judgement = judgeValue(config, { value, tested: 1, failed: 0 })
  return { judgement: { ...judgement, failed: judgement.outcome === 'fail' ? 1 : 0 }, samples: [] }
}

function onlyNumber(rows: number, row: Readonly<Record<string, unknown>> | undefined): number {
  const cells = Object.values(row ?? {})
  const value = typeof cells[0] === 'string' ? Number(cells[0]) : cells[0]
  if (rows !== 1 || cells.length !== 1 || typeof value !== 'number' || !Number.isFinite(value))
    throw new Error(
      `the query gave ${rows} rows of ${cells.length} cells, not one number: ${JSON.stringify(row ?? null)}`,
    )
  return value
}
