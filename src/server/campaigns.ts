import type { FastifyInstance } from 'fastify'
import { addDays, day, dayAt, daysBetween } from '../domain/day.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { campaignQuery } from './contract-campaigns.ts'
import type { RouteInput, RouteOutput } from './contract.ts'
import { delimited } from './delimited.ts'
import { Figures } from './figure.ts'
import type { Door } from './mount.ts'
import { serve } from './route.ts'

type Answer = RouteOutput<'GET /api/v1/campaigns'>
type Asked = RouteInput<'GET /api/v1/campaigns'>['query']

/** The week that ends yesterday, when none is named. */
const daysDefault = 7
const exportRowsMax = 100_000

const exported = { schema: { hide: true }, config: { role: 'viewer', perClient: true } } as const

/** The leaderboard, and the same rows as a file. */
export function campaigns(app: FastifyInstance, door: Door, zoneOf: () => TimeZone): void {
  serve(app, 'GET /api/v1/campaigns', ({ query }) => readCampaigns(door, zoneOf(), query))
  app.get('/api/v1/campaigns/export', exported, async (request, reply) => {
    const asked = campaignQuery.omit({ limit: true }).safeParse(request.query)
    if (!asked.success) throw new MillraceError('SERVER_REQUEST_INVALID', { detail: asked.error.message })
    const isTsv = (request.query as { readonly format?: string }).format === 'tsv'
    const { rows, from, to } = await readCampaigns(door, zoneOf(), { ...asked.data, limit: exportRowsMax })
    return reply
      .type(isTsv ? 'text/tab-separated-values; charset=utf-8' : 'text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="campaigns-${from}-${to}.${isTsv ? 'tsv' : 'csv'}"`)
      .send(delimited(rows, isTsv ? '\t' : ','))
  })
}

async function readCampaigns(door: Door, zone: TimeZone, query: Asked): Promise<Answer> {
  const { from, to } = rangeOf(query, dayAt(door.clock.nowMs(), zone))
  const length = daysBetween(from, to) + 1
  const figures = new Figures(door.warehouse(), door.clock)
  const filter = [from, to, query.platform ?? null, query.currency ?? null, query.q ?? null] as const
  const [rows, totals] = await Promise.all([
    figures.ask<Answer['rows'][number]>('campaigns', [...filter, query.sort, query.limit]),
    figures.ask<Answer['totals'][number]>('campaign-totals', filter),
  ])
  return {
    from,
    to,
    beforeFrom: addDays(from, -length),
    beforeTo: addDays(from, -1),
    count: totals.reduce((sum, one) => sum + one.campaigns, 0),
    totals: [...totals],
    rows: [...rows],
    sources: figures.sources,
  }
}

function rangeOf(query: Asked, today: Day): { readonly from: Day; readonly to: Day } {
  const to = query.to === undefined ? addDays(today, -1) : day(query.to)
  const from = query.from === undefined ? addDays(to, 1 - daysDefault) : day(query.from)
  if (from > to) throw new MillraceError('SERVER_REQUEST_INVALID', { detail: `from ${from} is after to ${to}` })
  return { from, to }
}
