import type { FastifyInstance } from 'fastify'
import { addDays, day, dayAt } from '../domain/day.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import type { Facts } from '../domain/errors.ts'
import { differenceOf } from '../quality/explain.ts'
import type { RouteOutput } from './contract.ts'
import { Figures } from './figure.ts'
import type { Door } from './mount.ts'
import { serve } from './route.ts'

type Quality = RouteOutput<'GET /api/v1/quality'>
type Connectors = RouteOutput<'GET /api/v1/connectors'>
type Account = Connectors['accounts'][number]

type Drifted = Omit<Quality['contracts'][number], 'lines'> & { readonly explain: Facts | null }

const samplesMax = 100
/** As the morning brief has it. */
const settleHours = 6
const coverageDays = 30

/** What was checked and how it came out, and what of each account is there. */
export function quality(app: FastifyInstance, door: Door, zoneOf: () => TimeZone): void {
  const dateOf = (asked: string | undefined): Day =>
    asked === undefined ? addDays(dayAt(door.clock.nowMs(), zoneOf()), -1) : day(asked)
  serve(app, 'GET /api/v1/quality', async ({ query }) => {
    const date = dateOf(query.date)
    const figures = new Figures(door.warehouse(), door.clock)
    const [checks, scores, samples, drifts] = await Promise.all([
      figures.ask<Quality['checks'][number]>('quality-checks', [date]),
      figures.ask<Quality['scores'][number]>('quality-scores', [date]),
      figures.ask<Quality['samples'][number]>('quality-samples', [date, samplesMax]),
      figures.ask<Drifted>('quality-contracts', [date]),
    ])
    const contracts = drifts.map(({ explain, ...one }) => ({ ...one, lines: [...differenceOf(explain ?? {})] }))
    return {
      date,
      checks: [...checks],
      scores: [...scores],
      contracts,
      samples: [...samples],
      sources: figures.sources,
    }
  })
  serve(app, 'GET /api/v1/connectors', async ({ query }) => {
    const date = dateOf(query.date)
    const figures = new Figures(door.warehouse(), door.clock)
    const rows = await figures.ask<Omit<Account, 'lastAt'> & { readonly lastAt: Date | null }>('connector-days', [
      date,
      new Date(door.clock.nowMs()),
      settleHours,
    ])
    const accounts: Account[] = rows.map((one) => ({ ...one, lastAt: one.lastAt?.toISOString() ?? null }))
    return { date, from: addDays(date, 1 - coverageDays), accounts, sources: figures.sources }
  })
}
