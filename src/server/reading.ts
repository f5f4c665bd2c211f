import type { FastifyInstance } from 'fastify'
import { isoInstant } from '../domain/clock.ts'
import { day, dayAt } from '../domain/day.ts'
import { readBrief } from './brief.ts'
import type { Door } from './mount.ts'
import type { ProjectFacts } from './project-facts.ts'
import { serve } from './route.ts'

/** What the screens read. */
export function reading(app: FastifyInstance, door: Door, projectOf: () => ProjectFacts): void {
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
  serve(app, 'GET /api/v1/overview', ({ query }) =>
    readBrief(door.warehouse(), door.clock, {
      date: query.date === undefined ? undefined : day(query.date),
      zone: projectOf().zone,
    }),
  )
}
