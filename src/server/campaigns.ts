import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { addDays, day, dayAt, daysBetween } from '../domain/day.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { campaignQuery } from './contract-campaigns.ts'
import { civilDay } from './contract-runs.ts'
import type { RouteInput, RouteOutput } from './contract.ts'
import { delimited } from './delimited.ts'
import { Figures } from './figure.ts'
import type { PackParquet } from './insight.ts'
import { monthPlan, weighed } from './month-plan.ts'
import type { Door } from './mount.ts'
import { serve } from './route.ts'
import { sql } from './sql.ts'

type Answer = RouteOutput<'GET /api/v1/campaigns'>
type Asked = RouteInput<'GET /api/v1/campaigns'>['query']

/** The week that ends yesterday, when none is named. */
const daysDefault = 7
const exportRowsMax = 100_000

/** Of the columns that are no text; decimals keep every digit. */
const campaignTypes: Readonly<Record<string, string>> = {
  provisional: 'BOOLEAN',
  cost: 'DECIMAL(38, 6)',
  impressions: 'BIGINT',
  clicks: 'BIGINT',
  conversions: 'DECIMAL(38, 6)',
  ctr: 'DECIMAL(38, 8)',
  cpc: 'DECIMAL(38, 6)',
  cvr: 'DECIMAL(38, 8)',
  cpa: 'DECIMAL(38, 6)',
  roas: 'DECIMAL(38, 6)',
  costBefore: 'DECIMAL(38, 6)',
}

const exported = { schema: { hide: true }, config: { role: 'viewer', perClient: true } } as const

/** The leaderboard, and the same rows as a file. */
export function campaigns(
  app: FastifyInstance,
  door: Door,
  zoneOf: () => TimeZone,
  parquetOf: () => PackParquet | undefined,
): void {
  serve(app, 'GET /api/v1/campaigns', ({ query }) => readCampaigns(door, zoneOf(), query))
  accountDays(app, door)
  serve(app, 'POST /api/v1/campaigns/selections', ({ body }) => keepSelection(door, body.names))
  app.get('/api/v1/campaigns/export', exported, async (request, reply) => {
    const asked = campaignQuery.omit({ limit: true }).safeParse(request.query)
    if (!asked.success) throw new MillraceError('SERVER_REQUEST_INVALID', { detail: asked.error.message })
    const { format = 'csv' } = request.query as { readonly format?: string }
    const isTsv = format === 'tsv'
    const { rows, from, to } = await readCampaigns(door, zoneOf(), { ...asked.data, limit: exportRowsMax })
    const pack = parquetOf()
    if (format === 'parquet' && pack)
      return reply
        .type('application/vnd.apache.parquet')
        .header('content-disposition', `attachment; filename="campaigns-${from}-${to}.parquet"`)
        .send(await pack(rows, campaignTypes))
    return reply
      .type(isTsv ? 'text/tab-separated-values; charset=utf-8' : 'text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="campaigns-${from}-${to}.${isTsv ? 'tsv' : 'csv'}"`)
      .send(delimited(rows, isTsv ? '\t' : ','))
  })
}

const daysAsked = z.object({
  platform: z
    .string()
    .max(40)
    .regex(/^[a-z_]+$/),
  account: z.string().max(100),
  from: civilDay,
  to: civilDay,
})

/** One account’s campaigns by the day, as a file that `millrace import --map millrace` and the dashboard read again. */
function accountDays(app: FastifyInstance, door: Door): void {
  app.get('/api/v1/campaigns/days/export', exported, async (request, reply) => {
    const asked = daysAsked.safeParse(request.query)
    if (!asked.success) throw new MillraceError('SERVER_REQUEST_INVALID', { detail: asked.error.message })
    const { platform, account, from, to } = asked.data
    const rows = await door
      .warehouse()
      .query<Readonly<Record<string, string | null>>>(sql('campaign-days'), [platform, account, from, to])
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="${platform}-days-${from}-${to}.csv"`)
      .send(delimited(rows, ','))
  })
}

/** Throws SERVER_SELECTION_UNKNOWN. */
async function selected(door: Door, selection: string): Promise<readonly string[]> {
  const [row] = await door
    .warehouse()
    .query<{ readonly names: readonly string[] }>('select names from screen_selection where selection = $1', [
      selection,
    ])
  if (!row) throw new MillraceError('SERVER_SELECTION_UNKNOWN', { selection })
  return row.names
}

/** The same names are the same list, whoever pastes them and in whatever order. */
async function keepSelection(door: Door, given: readonly string[]): Promise<{ selection: string; names: number }> {
  const names = [...new Set(given.map((one) => one.trim()))].filter((one) => one !== '').toSorted()
  if (names.length === 0) throw new MillraceError('SERVER_REQUEST_INVALID', { detail: 'the list is empty' })
  const selection = createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 16)
  await door
    .warehouse()
    .query(
      'insert into screen_selection (selection, names, created_at) values ($1, $2, $3) on conflict (selection) do nothing',
      [selection, names, new Date(door.clock.nowMs())],
    )
  return { selection, names: names.length }
}

async function readCampaigns(door: Door, zone: TimeZone, query: Asked): Promise<Answer> {
  const { from, to } = rangeOf(query, dayAt(door.clock.nowMs(), zone))
  const length = daysBetween(from, to) + 1
  const figures = new Figures(door.warehouse(), door.clock)
  const names = query.selection === undefined ? null : await selected(door, query.selection)
  const before = { from: addDays(from, -length), to: addDays(from, -1) }
  const today = dayAt(door.clock.nowMs(), zone)
  const { months, days } = weighed([monthPlan(from, to, today), monthPlan(before.from, before.to, today)])
  const filter = [from, to, query.platform ?? null, query.currency ?? null, query.q ?? null] as const
  const rows = await figures.ask<Row>('campaigns', [
    ...filter,
    query.sort,
    query.limit,
    names,
    ...[months, days].flatMap(({ dates, weights }) => [dates, ...weights.map((each) => each.map(String))]),
  ])
  const totals = rows.filter((one) => one.campaigns !== null)
  return {
    from,
    to,
    beforeFrom: before.from,
    beforeTo: before.to,
    count: totals.reduce((sum, one) => sum + one.campaigns, 0),
    totals,
    rows: rows.flatMap(({ campaigns, ...row }) => (campaigns === null ? [row as Answer['rows'][number]] : [])),
    sources: figures.sources,
  }
}

/** The totals of each currency, which have a number of campaigns, and the campaigns, which have none. */
type Row =
  | (Answer['totals'][number] & { readonly campaigns: number })
  | (Answer['rows'][number] & { readonly campaigns: null })

function rangeOf(query: Asked, today: Day): { readonly from: Day; readonly to: Day } {
  const to = query.to === undefined ? addDays(today, -1) : day(query.to)
  const from = query.from === undefined ? addDays(to, 1 - daysDefault) : day(query.from)
  if (from > to) throw new MillraceError('SERVER_REQUEST_INVALID', { detail: `from ${from} is after to ${to}` })
  return { from, to }
}
