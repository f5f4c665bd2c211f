import type { FastifyInstance } from 'fastify'
import type { BackfillAsk, BackfillPlan } from '../orchestrate/backfill.ts'
import { cancelBackfill, pauseBackfill, planBackfill, resumeBackfill, startBackfill } from '../orchestrate/backfill.ts'
import type { Engine } from '../orchestrate/engine.ts'
import type { Random } from '../domain/clock.ts'
import { day } from '../domain/day.ts'
import type { DayRange } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { RouteInput, RouteOutput } from './contract.ts'
import type { Door } from './mount.ts'
import { serve } from './route.ts'
import { dateByProgram } from './runs.ts'
import { sql } from './sql.ts'

type Choice = RouteInput<'GET /api/v1/backfills/plan'>['query']
type Plan = RouteOutput<'GET /api/v1/backfills/plan'>
type Listed = RouteOutput<'GET /api/v1/backfills'>['backfills'][number]

/** What only the program that opened the connections can say of a backfill. */
export interface BackfillDesk {
  /** The accounts that the choice reaches, by asking their platforms. */
  ask(choice: {
    readonly range: DayRange
    readonly reprocess: BackfillAsk['reprocess']
    readonly platform: string | undefined
    readonly account: string | undefined
  }): Promise<BackfillAsk>
  /** Makes the graph of all accounts the one that new runs are made from. */
  deploy(): Promise<unknown>
  /** Questions of a day that a platform allows, where it names a number. */
  readonly perDayMax: Readonly<Record<string, number>>
  readonly random: Random
}

/** Backfills: what one would do, beginning one, and pausing, resuming and cancelling it. Workers carry them out. */
export function backfills(
  app: FastifyInstance,
  door: Door,
  { engineOf, deskOf }: { readonly engineOf: () => Engine; readonly deskOf: () => BackfillDesk | undefined },
): void {
  const desk = () => {
    const found = deskOf()
    if (!found) throw new MillraceError('SERVER_NO_WORKERS')
    return found
  }
  serve(app, 'GET /api/v1/backfills', async () => {
    const rows = await door
      .warehouse()
      .query<Omit<Listed, 'createdAt'> & { readonly createdAt: Date }>(sql('backfill-list'), [])
    return { backfills: rows.map((one) => ({ ...one, createdAt: one.createdAt.toISOString() })) }
  })
  serve(app, 'GET /api/v1/backfills/plan', async ({ query }) => {
    const { plan } = await planned(door.warehouse(), desk(), query)
    return planAnswer(door, plan, desk().perDayMax)
  })
  serve(app, 'POST /api/v1/backfills', async ({ body }) => {
    const { ask, plan } = await planned(door.warehouse(), desk(), body)
    if (plan.days.length === 0)
      throw new MillraceError('SERVER_BACKFILL_EMPTY', { since: body.since, until: body.until })
    await desk().deploy()
    const { random } = desk()
    const backfillId = await startBackfill(door.warehouse(), ask, plan, { runsActiveMax: body.runs, random })
    await dateByProgram(door, 'backfill_id', backfillId)
    return { backfillId, days: plan.days.length }
  })
  serve(app, 'POST /api/v1/backfills/:backfillId', async ({ params: { backfillId }, body: { action } }) => {
    if (action === 'pause') await pauseBackfill(door.warehouse(), backfillId)
    else if (action === 'resume') await resumeBackfill(door.warehouse(), backfillId)
    else await cancelBackfill(door.warehouse(), engineOf(), backfillId)
    return { ok: true }
  })
}

/** Whether the schedules go on. */
export function schedules(app: FastifyInstance, door: Door, engineOf: () => Engine): void {
  serve(app, 'GET /api/v1/pipelines', async () => {
    const rows = await door
      .warehouse()
      .query<{ readonly pipeline: string; readonly paused: boolean }>(
        'select pipeline, paused from engine_pipeline order by pipeline',
      )
    return { pipelines: [...rows] }
  })
  serve(app, 'POST /api/v1/pipelines/:pipeline', async ({ params, body }) => {
    await engineOf().pause(params.pipeline, body.paused)
    return { ok: true }
  })
}

async function planned(
  warehouse: Warehouse,
  desk: BackfillDesk,
  { since, until, reprocess, platform, account, runs }: Choice,
): Promise<{ readonly ask: BackfillAsk; readonly plan: BackfillPlan }> {
  const range = { since: day(since), until: day(until) }
  if (range.since > range.until)
    throw new MillraceError('SERVER_REQUEST_INVALID', { detail: `since ${since} is after until ${until}` })
  const ask = await desk.ask({ range, reprocess, platform, account })
  return { ask, plan: await planBackfill(warehouse, ask, runs) }
}

async function planAnswer(
  door: Door,
  { days, operations, minutes }: BackfillPlan,
  perDayMax: BackfillDesk['perDayMax'],
): Promise<Plan> {
  const used = await door.warehouse().query<{ readonly platform: string; readonly used: number }>(
    `select platform, sum(cardinality(request_ids))::int as used from extract
     where requested_at >= date_trunc('day', $1::timestamptz, 'UTC') group by platform`,
    [new Date(door.clock.nowMs())],
  )
  const usedOf = new Map(used.map((one) => [one.platform, one.used]))
  return {
    days: days.map((one) => ({ date: one.day, accounts: [...one.accounts] })),
    partitions: days.reduce((sum, one) => sum + one.accounts.length, 0),
    questions: Object.entries(operations).map(([platform, count]) => ({
      platform,
      planned: count,
      usedToday: usedOf.get(platform) ?? 0,
      perDayMax: perDayMax[platform] ?? null,
    })),
    minutes,
  }
}
