import type { FastifyInstance } from 'fastify'
import { isoInstant } from '../domain/clock.ts'
import { day, dayAt } from '../domain/day.ts'
import { readBrief } from './brief.ts'
import type { Overview } from './brief.ts'
import { campaigns } from './campaigns.ts'
import { compare } from './compare.ts'
import { live } from './live.ts'
import { Figures } from './figure.ts'
import { incidents } from './incidents.ts'
import type { Door, LiveLook } from './mount.ts'
import { quality } from './quality.ts'
import type { ProjectFacts } from './project-facts.ts'
import { serve } from './route.ts'

const alertsMax = 500

/** What the screens read. */
export function reading(app: FastifyInstance, door: Door, projectOf: () => ProjectFacts, look: LiveLook): void {
  serve(app, 'GET /api/v1/project', async () => {
    const { name, zone, isDemo } = projectOf()
    const pipelines = await door
      .warehouse()
      .query<{ readonly pipeline: string }>(
        'select pipeline from engine_pipeline union select pipeline from pipeline_run order by pipeline',
      )
    const nowMs = door.clock.nowMs()
    return {
      name,
      zone,
      isDemo,
      today: dayAt(nowMs, zone),
      now: isoInstant(nowMs),
      pipelines: pipelines.map((one) => one.pipeline),
    }
  })
  campaigns(app, door, () => projectOf().zone)
  compare(app, door, () => projectOf().zone)
  incidents(app, door)
  quality(app, door, () => projectOf().zone)
  live(app, door, { zoneOf: () => projectOf().zone, look })
  serve(app, 'GET /api/v1/alerts', async ({ query }) => {
    const nowMs = door.clock.nowMs()
    const figures = new Figures(door.warehouse(), door.clock)
    const rows = await figures.ask<Omit<Overview['alerts'][number], 'at'> & { readonly at: Date }>('alerts', [
      new Date(nowMs - query.days * 86_400_000),
      new Date(nowMs),
      alertsMax,
    ])
    return { alerts: rows.map((one) => ({ ...one, at: one.at.toISOString() })), sources: figures.sources }
  })
  serve(app, 'GET /api/v1/overview', ({ query }) =>
    readBrief(door.warehouse(), door.clock, {
      date: query.date === undefined ? undefined : day(query.date),
      zone: projectOf().zone,
    }),
  )
}
