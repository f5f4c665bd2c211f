import type { FastifyInstance } from 'fastify'
import { isoInstant } from '../domain/clock.ts'
import { dayAt } from '../domain/day.ts'
import type { TimeZone } from '../domain/day.ts'
import { isNarrowed } from './asking.ts'
import type { RouteOutput } from './contract.ts'
import { Figures } from './figure.ts'
import { countedAnswer } from './live-counted.ts'
import type { SqlRow } from '../warehouse/warehouse.ts'
import type { Door, LiveCounts, LiveLook } from './mount.ts'
import { serve } from './route.ts'

type Live = RouteOutput<'GET /api/v1/live'>

/** A row as Postgres gives it: instants are dates there and text in an answer. */
type Raw<Row> = {
  readonly [Key in keyof Row]: Key extends 'at' | 'watermark' | 'committedAt' | 'costAsOf' ? Date | null : Row[Key]
}

const campaignsMax = 200
const eventsMax = 40

const instants = <Row>(rows: readonly Raw<Row>[]): Row[] =>
  rows.map(
    (row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value instanceof Date ? isoInstant(value.getTime()) : value]),
      ) as Row,
  )

interface Asked {
  readonly now: Date
  readonly minutes: number
  readonly campaign: string | null
}

type Counters = Pick<Live, 'minutes' | 'campaigns' | 'partitions'>

async function countersOf(figures: Figures, { now, minutes, campaign }: Asked): Promise<Counters> {
  const [byMinute, campaigns, partitions] = await Promise.all([
    figures.ask<Raw<Live['minutes'][number]>>('live-minutes', [now, minutes, campaign]),
    figures.ask<Raw<Live['campaigns'][number]>>('live-campaigns', [now, campaign, campaignsMax]),
    figures.ask<Raw<Live['partitions'][number]>>('live-state', []),
  ])
  return {
    minutes: instants<Live['minutes'][number]>(byMinute),
    campaigns: instants<Live['campaigns'][number]>(campaigns),
    partitions: instants<Live['partitions'][number]>(partitions),
  }
}

/** Live counters as they are now, and, where the program has the log open, a look at its newest events. */
export function live(
  app: FastifyInstance,
  door: Door,
  { zoneOf, look: { sample, counts } }: { readonly zoneOf: () => TimeZone; readonly look: LiveLook },
): void {
  serve(app, 'GET /api/v1/live', async ({ query: { minutes, campaign } }) => {
    const now = new Date(door.clock.nowMs())
    const figures = new Figures(door.warehouse(), door.clock)
    const asked = { now, minutes, campaign: campaign ?? null }
    const [counted, reconciled] = await Promise.all([
      counts
        ? ownAccounts(door)
            .then((isOwn) => counts({ nowMs: now.getTime(), minutes, campaignId: asked.campaign, campaignsMax, isOwn }))
            // How far the counting of everybody's events is belongs to nobody in particular.
            .then((found) => countedAnswer(isNarrowed() ? { ...found, partitions: [] } : found, now.toISOString()))
        : countersOf(figures, asked).then((rows) => ({ ...rows, sources: figures.sources })),
      figures.ask<Raw<Live['reconciled'][number]>>('live-reconciled', [dayAt(now.getTime(), zoneOf())]),
    ])
    return {
      asOf: now.toISOString(),
      ...counted,
      reconciled: instants<Live['reconciled'][number]>(reconciled),
      sources: { ...figures.sources, ...counted.sources },
    }
  })
  serve(app, 'GET /api/v1/live/events', async () => {
    const asOf = isoInstant(door.clock.nowMs())
    if (!sample) return { asOf, end: 0, events: [] }
    const { end, events } = await sample(eventsMax)
    const own = await ownEvents(door, events)
    // How much everybody sends together is nobody's own.
    return {
      asOf,
      end: isNarrowed() ? own.length : end,
      events: own.map(({ atMs, ...event }) => ({ ...event, at: isoInstant(atMs) })),
    }
  })
}

interface Sampled {
  readonly platform: string
  readonly campaignId: string
}

/** Of a sample, the events of campaigns that the asker may see. */
async function ownEvents<Event extends Sampled>(door: Door, events: readonly Event[]): Promise<readonly Event[]> {
  if (!isNarrowed()) return events
  const rows = await door
    .warehouse()
    .query<Sampled & SqlRow>(
      `select distinct platform, entity_id as "campaignId" from dim_entity where level = 'campaign' and entity_id = any ($1::text[])`,
      [events.map(({ campaignId }) => campaignId)],
    )
  const own = new Set(rows.map(({ platform, campaignId }) => `${platform} ${campaignId}`))
  return events.filter(({ platform, campaignId }) => own.has(`${platform} ${campaignId}`))
}

/** Which accounts' counters the asker may see: a store outside the warehouse has those of everybody. */
async function ownAccounts(door: Door): Promise<Parameters<LiveCounts>[0]['isOwn']> {
  if (!isNarrowed()) return () => true
  const rows = await door
    .warehouse()
    .query<SqlRow>(`select platform || ' ' || account_id as account from dim_account where is_current`)
  const own = new Set(rows.map(({ account }) => account))
  return ({ platform, accountId }) => own.has(`${platform} ${accountId}`)
}
