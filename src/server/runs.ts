import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { isoInstant, systemClock } from '../domain/clock.ts'
import type { Day } from '../domain/day.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Engine } from '../orchestrate/engine.ts'
import type { LogQuery, StoredLine } from '../orchestrate/task-log.ts'
import { countLog, readLog, readLogTable } from '../orchestrate/task-log.ts'
import type { SqlRow, Warehouse } from '../warehouse/warehouse.ts'
import { isNarrowed } from './asking.ts'
import type { RouteInput, RouteOutput } from './contract.ts'
import { logQuery } from './contract-runs.ts'
import { Figures } from './figure.ts'
import { layOutOnce } from './layout.ts'
import type { Door } from './mount.ts'
import { serve } from './route.ts'
import { sql } from './sql.ts'

type RunItem = RouteOutput<'GET /api/v1/runs'>['runs'][number]
/** Runs that are made here are dated by the program's clock, as those of a command are; the database's may stand elsewhere. */
export async function dateByProgram(door: Door, column: 'run_id' | 'backfill_id', id: string): Promise<void> {
  const shiftMs = door.clock.nowMs() - systemClock.nowMs()
  if (Math.abs(shiftMs) < 60_000) return
  await door
    .warehouse()
    .query(`update engine_run set clock_shift = make_interval(secs => $2::float8 / 1000) where ${column} = $1`, [
      id,
      shiftMs,
    ])
}

type LogAsked = RouteInput<'GET /api/v1/runs/:runId/logs'>['query']
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

/** Room for a task's name, its account and its state. */
const boxPx = { width: 212, height: 76 }

const textRoute = { schema: { hide: true }, config: { role: 'viewer', perClient: true } } as const

/** Reading runs, their grid, one of them and its lines. */
export function readingRuns(app: FastifyInstance, door: Door, engineOf: () => Engine): void {
  serve(app, 'GET /api/v1/runs', async ({ query }) => ({ runs: await listRuns(door.warehouse(), query) }))
  serve(app, 'GET /api/v1/runs/grid', async ({ query }) => {
    const runs = await listRuns(door.warehouse(), query)
    const tasks = await door.warehouse().query<GridItem & SqlRow>(sql('grid'), [runs.map((one) => one.runId)])
    return { runs, tasks: [...tasks] }
  })
  serve(app, 'GET /api/v1/runs/:runId', async ({ params }) => runDetail(door.warehouse(), engineOf, params.runId))
  serve(app, 'GET /api/v1/runs/:runId/graph', async ({ params }) => {
    const { tasks } = await runDetail(door.warehouse(), engineOf, params.runId)
    const boxes = tasks.map(({ task }) => ({ id: task, ...boxPx }))
    const edges = tasks.flatMap(({ task, after }) => after.map((from) => ({ from, to: task })))
    return { layout: layOutOnce(boxes, edges) }
  })
  serve(app, 'GET /api/v1/runs/:runId/data', async ({ params }) => {
    const figures = new Figures(door.warehouse(), door.clock)
    const partitions = await figures.ask<RouteOutput<'GET /api/v1/runs/:runId/data'>['partitions'][number]>(
      'run-partitions',
      [params.runId],
    )
    return { partitions: [...partitions], sources: figures.sources }
  })
  app.get('/api/v1/runs/:runId/logs/text', textRoute, async (request, reply) => {
    const asked = logQuery.omit({ limit: true }).safeParse(request.query)
    const run = z.object({ runId: z.uuid() }).safeParse(request.params)
    if (!asked.success || !run.success)
      throw new MillraceError('SERVER_REQUEST_INVALID', { detail: String(asked.error ?? run.error) })
    const { runId } = run.data
    return reply
      .type('text/plain; charset=utf-8')
      .header('content-disposition', `attachment; filename="run-${runId}.log"`)
      .send(Readable.from(linesOfText(door.warehouse(), runId, asked.data)))
  })
  serve(app, 'GET /api/v1/runs/:runId/logs', ({ params, query }) => readLines(door.warehouse(), params.runId, query))
}

/** A page of a run's lines; of those that are the asker's own, where not all are. */
export function linesOf(warehouse: Warehouse, asked: LogQuery): Promise<readonly StoredLine[]> {
  return isNarrowed() ? readLogTable(warehouse, asked) : readLog(warehouse, asked)
}

async function readLines(
  warehouse: Warehouse,
  runId: string,
  { task, after, grep, level, limit, offset, line }: LogAsked,
): Promise<RouteOutput<'GET /api/v1/runs/:runId/logs'>> {
  const asked = { runId, task, afterId: BigInt(after), grep, level }
  const [lines, shiftMs, found] = await Promise.all([
    linesOf(warehouse, { ...asked, offset, limit }),
    clockShiftMs(warehouse, runId),
    offset === undefined
      ? null
      : countLog(warehouse, { ...asked, line: line === undefined ? undefined : BigInt(line) }),
  ])
  return {
    lines: lines.map((one) => lineOf(one, shiftMs)),
    next: lines.length < limit ? null : (lines.at(-1)?.logId ?? null),
    found,
  }
}

const linesAtOnce = 5_000

/** Every line that matches, page by page, so that a long log is never held whole. */
async function* linesOfText(
  warehouse: Warehouse,
  runId: string,
  query: Omit<LogAsked, 'limit'>,
): AsyncGenerator<string> {
  for (let after: string | null = query.after; after !== null;) {
    const page: RouteOutput<'GET /api/v1/runs/:runId/logs'> = await readLines(warehouse, runId, {
      ...query,
      offset: undefined,
      after,
      limit: linesAtOnce,
    })
    if (page.lines.length > 0)
      yield page.lines
        .map(({ at, level, task, message }) => `${at} ${level.toUpperCase()} ${task}  ${message}\n`)
        .join('')
    after = page.next
  }
}

type Line = RouteOutput<'GET /api/v1/runs/:runId/logs'>['lines'][number]

/** A line as it is shown: at the program's time. */
export function lineOf({ logId, at, task, attempt, level, message }: StoredLine, shiftMs: number): Line {
  return { id: logId, task, attempt, at: isoInstant(at.getTime() + shiftMs), level, message }
}

/** By how much the clock of the program that made the run is ahead of the database's, in which its tasks and lines are dated. */
export async function clockShiftMs(warehouse: Pick<Warehouse, 'query'>, runId: string): Promise<number> {
  const [row] = await warehouse.query<{ readonly ms: number }>(
    'select extract(epoch from clock_shift)::float8 * 1000 as ms from engine_run where run_id = $1',
    [runId],
  )
  return row?.ms ?? 0
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
  const [{ tasks }, shiftMs, own] = await Promise.all([
    engineOf().inspect(runId),
    clockShiftMs(warehouse, runId),
    ownTasks(warehouse, runId),
  ])
  const shifted = (at: Date | string | null) => (at === null ? null : isoInstant(new Date(at).getTime() + shiftMs))
  return {
    run,
    summary: told?.summary ?? null,
    tasks: tasks.filter(own).map((one) => ({
      ...one,
      after: one.after.filter((task) => own({ task })),
      startedAt: shifted(one.startedAt),
      endedAt: shifted(one.endedAt),
      attempts: one.attempts.map((attempt) => ({
        ...attempt,
        startedAt: shifted(attempt.startedAt) ?? attempt.startedAt,
        endedAt: shifted(attempt.endedAt),
        retryAt: shifted(attempt.retryAt),
      })),
    })),
  }
}

/** Which of a run's tasks the asker may see: all of them, or those of their own accounts. */
async function ownTasks(warehouse: Warehouse, runId: string): Promise<(one: { readonly task: string }) => boolean> {
  if (!isNarrowed()) return () => true
  const rows = await warehouse.query<{ readonly task: string }>('select task from engine_task where run_id = $1', [
    runId,
  ])
  const names = new Set(rows.map(({ task }) => task))
  return ({ task }) => names.has(task)
}

/** Changing them: the engine decides, and its refusals are answered as they are. */
export function changingRuns(app: FastifyInstance, door: Door, engineOf: () => Engine, today: () => Day): void {
  serve(app, 'POST /api/v1/runs', async ({ body }) => {
    // Its tasks would wait for it for as long as it takes, and keep the days before it from being run.
    if (body.date > today()) throw new MillraceError('ORCHESTRATE_DAY_AHEAD', { day: body.date, today: today() })
    const runId = await engineOf().trigger({ pipeline: body.pipeline, partitionKey: body.date, kind: 'manual' })
    await dateByProgram(door, 'run_id', runId)
    return { runId }
  })
  serve(app, 'POST /api/v1/runs/:runId/cancel', async ({ params }) => {
    await engineOf().cancel(params.runId)
    return { ok: true }
  })
  serve(app, 'POST /api/v1/runs/:runId/clear', async ({ params, body }) => ({
    cleared: await engineOf().clear({ runId: params.runId, tasks: body.tasks, downstream: body.downstream }),
  }))
}
