import type { FastifyInstance } from 'fastify'
import { addDays, day, dayAt } from '../domain/day.ts'
import type { Day, TimeZone } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import { metricCatalogue } from '../domain/metric-catalogue.ts'
import type { Platform } from '../domain/platform.ts'
import { addressesUntold } from '../domain/url-tags.ts'
import type { MaturityPoint } from '../warehouse/maturity.ts'
import { provisionalUntil } from '../warehouse/maturity.ts'
import { statement } from '../warehouse/statements.ts'
import type { RouteInput, RouteOutput } from './contract.ts'
import { Figures } from './figure.ts'
import type { Door } from './mount.ts'
import { serve } from './route.ts'

type Compared = RouteOutput<'GET /api/v1/compare'>
type Asked = RouteInput<'GET /api/v1/compare'>['query']
type Account = RouteOutput<'GET /api/v1/compare/coverage'>['accounts'][number]

const daysDefault = 28
const restatedMax = 60
/** As the morning brief has it. */
const settleHours = 6

/** Platforms beside one another, what became of their days afterwards, and what of each account is there. */
export function compare(app: FastifyInstance, door: Door, zoneOf: () => TimeZone): void {
  const yesterday = () => addDays(dayAt(door.clock.nowMs(), zoneOf()), -1)
  serve(app, 'GET /api/v1/compare', ({ query }) => readCompared(door, query, yesterday()))
  serve(app, 'GET /api/v1/compare/maturity', async ({ query: { horizon } }) => {
    const figures = new Figures(door.warehouse(), door.clock)
    const curve = await figures.askQuery<MaturityPoint>('maturity-curve', statement('maturity-curve'), [
      String(horizon),
      null,
      null,
    ])
    return { horizon, curve: [...curve], rest: [...provisionalUntil(curve)], sources: figures.sources }
  })
  serve(app, 'GET /api/v1/compare/coverage', async ({ query }) => {
    const month = query.month ?? yesterday().slice(0, 7)
    const from = day(`${month}-01`)
    const to = addDays(day(`${addDays(from, 31).slice(0, 7)}-01`), -1)
    const figures = new Figures(door.warehouse(), door.clock)
    const values = [from, to, new Date(door.clock.nowMs()), settleHours] as const
    const accounts = await figures.ask<Account>('compare-days', values)
    return { month, from, to, accounts: [...accounts], sources: figures.sources }
  })
}

async function readCompared(door: Door, query: Asked, yesterday: Day): Promise<Compared> {
  const to = query.to === undefined ? yesterday : day(query.to)
  const from = query.from === undefined ? addDays(to, 1 - daysDefault) : day(query.from)
  if (from > to) throw new MillraceError('SERVER_REQUEST_INVALID', { detail: `from ${from} is after to ${to}` })
  const currency = query.currency ?? null
  const figures = new Figures(door.warehouse(), door.clock)
  const [platforms, currencies, restated, names] = await Promise.all([
    figures.ask<Compared['platforms'][number]>('compare-platforms', [from, to, currency]),
    figures.ask<{ readonly currency: string }>('compare-currencies', []),
    figures.ask<Compared['restated'][number]>('compare-restated', [from, to, restatedMax]),
    figures.ask<Omit<Compared['names'][number], 'whyUntold'> & { readonly platform: Platform }>('compare-names', []),
  ])
  const shown = new Set(platforms.map((one) => one.platform))
  return {
    from,
    to,
    currency,
    currencies: currencies.map((one) => one.currency),
    platforms: [...platforms],
    caveats: caveatsOf(shown),
    restated: [...restated],
    names: names.map((one) => ({ ...one, whyUntold: addressesUntold[one.platform] ?? null })),
    sources: figures.sources,
  }
}

/** Of the catalogue, what concerns the platforms that are shown. */
function caveatsOf(shown: ReadonlySet<string>): Compared['caveats'] {
  return metricCatalogue.flatMap(({ id, caveats = {} }) =>
    Object.entries(caveats)
      .filter(([platform]) => shown.has(platform))
      .map(([platform, { comparable, en, ko }]) => ({ platform, metric: id, comparable, en, ko })),
  )
}
