import type { FastifyInstance } from 'fastify'
import { MillraceError } from '../domain/errors.ts'
import type { Engine } from '../orchestrate/engine.ts'
import { readLog } from '../orchestrate/task-log.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import type { RouteOutput } from './contract.ts'
import type { Door } from './mount.ts'
import { serve } from './route.ts'
import { sql } from './sql.ts'

type RunItem = RouteOutput<'GET /api/v1/runs'>['runs'][number]
type GridItem = RouteOutput<'GET /api/v1/runs/grid'>['tasks'][number]

interface RunFilter {
  readonly pipeline?: string | undefined
  readonly state?: string | undefined
  readonly runId?: string | undefined
  readonly limit: number
}

interface FoundRun extends SqlRow, Omit<RunItem, 'queuedAt' | 'startedAt' | 'endedAt'> {
  readonly queuedAt: Date
  readonly startedAt: Date | null
  readonly endedAt: Date | null
}

async function listRuns(warehouse: Warehouse, { pipeline, state, runId, limit }: RunFilter): Promise<RunItem[]> {
  const rows = await warehouse.query<FoundRun>(sql('runs'), [pipeline ?? null, state ?? null, runId ?? null, limit])
  return rows.map((row) => ({
    ...row,
    queuedAt: row.queuedAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
  }))
}

/** Reading runs, their grid, one of them and its lines. */
export function readingRuns(app: FastifyInstance, door: Door, engineOf: () => Engine): void {
  serve(app, 'GET /api/v1/runs', async ({ query }) => ({ runs: await listRuns(door.warehouse(), query) }))
  serve(app, 'GET /api/v1/runs/grid', async ({ query }) => {
    const runs = await listRuns(door.warehouse(), query)
    const tasks = await door.warehouse().query<GridItem & SqlRow>(sql('grid'), [runs.map((one) => one.runId)])
    return { runs, tasks: [...tasks] }
  })
  serve(app, 'GET /api/v1/runs/:runId', async ({ params }) => runDetail(door.warehouse(), engineOf, params.runId))
  serve(app, 'GET /api/v1/runs/:runId/logs', async ({ params, query }) => {
    const found = await readLog(door.warehouse(), {
      runId: params.runId,
      task: query.task,
      afterId: BigInt(query.after),
      grep: query.grep,
      limit: query.limit,
    })
    const lines = found
      .filter((one) => query.level === undefined || one.level === query.level)
      .map(({ logId, at, task, attempt, level, message }) => ({
        id: logId,
        task,
        attempt,
        at: at.toISOString(),
        level,
        message,
      }))
    return { lines, next: found.length < query.limit ? null : (found.at(-1)?.logId ?? null) }
  })
}

async function runDetail(
  warehouse: Warehouse,
  engineOf: () => Engine,
  runId: string,
): Promise<RouteOutput<'GET /api/v1/runs/:runId'>> {
  const [run] = await listRuns(warehouse, { runId, limit: 1 })
  if (!run) throw new MillraceError('ORCHESTRATE_RUN_UNKNOWN', { run: runId })
  const [told] = await warehouse.query<{ readonly summary: unknown }>(
    'select summary from pipeline_run where run_id = $1',
    [runId],
  )
  if (run.source === 'direct') return { run, tasks: [], summary: told?.summary ?? null }
  const { tasks } = await engineOf().inspect(runId)
  return {
    run,
    summary: told?.summary ?? null,
    tasks: tasks.map((one) => ({
      ...one,
      after: [...one.after],
      attempts: [...one.attempts],
      startedAt: one.startedAt?.toISOString() ?? null,
      endedAt: one.endedAt?.toISOString() ?? null,
    })),
  }
}

/** Changing them: the engine decides, and its refusals are answered as they are. */
export function changingRuns(app: FastifyInstance, engineOf: () => Engine): void {
  serve(app, 'POST /api/v1/runs', async ({ body }) => ({
    runId: await engineOf().trigger({ pipeline: body.pipeline, partitionKey: body.date, kind: 'manual' }),
  }))
  serve(app, 'POST /api/v1/runs/:runId/cancel', async ({ params }) => {
    await engineOf().cancel(params.runId)
    return { ok: true }
  })
  serve(app, 'POST /api/v1/runs/:runId/clear', async ({ params, body }) => ({
    cleared: await engineOf().clear({ runId: params.runId, tasks: body.tasks, downstream: body.downstream }),
  }))
}
