import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { isRunEnded } from '../orchestrate/run-state.ts'
import type { EngineRunState } from '../orchestrate/run-state.ts'
import type { BootBoard } from './boot.ts'
import { bootView } from './boot.ts'
import type { Door } from './mount.ts'
import { languageOf } from './problem.ts'
import { clockShiftMs, lineOf, linesOf } from './runs.ts'

/** As often as the writer of lines writes. */
const lookEveryMs = 250
const linesPerLook = 1_000

interface Message {
  readonly id: string
  readonly event: string
  readonly data: unknown
}

/** Event streams of runs and of the start. Each message has an id, and `Last-Event-ID` goes on behind it. */
export function following(app: FastifyInstance, door: Door, board: BootBoard): void {
  app.get(
    '/api/v1/boot/stream',
    { sse: 'only', schema: { hide: true }, config: { role: 'viewer', perClient: true } },
    async (request, reply) => {
      const seen = Number(reply.sse.lastEventId ?? -1)
      const gone = goneOf(reply.sse)
      await reply.sse.send(bootMessages(board, Number.isFinite(seen) ? seen : -1, gone, languageOf(request)))
    },
  )
  app.get(
    '/api/v1/runs/:runId/logs/stream',
    { sse: 'only', schema: { hide: true }, config: { role: 'viewer', perClient: true } },
    async (request, reply) => {
      const { runId } = z.object({ runId: z.uuid() }).parse(request.params)
      const { task, after } = z
        .object({ task: z.string().optional(), after: z.string().regex(/^\d+$/).default('0') })
        .parse(request.query)
      const afterId = BigInt(reply.sse.lastEventId ?? after)
      await reply.sse.send(logMessages(door, { runId, task, afterId }, goneOf(reply.sse)))
    },
  )
}

/** Aborts when the reader has gone away. */
function goneOf(sse: { onClose(callback: () => void): void }): AbortSignal {
  const gone = new AbortController()
  sse.onClose(() => gone.abort())
  return gone.signal
}

async function* bootMessages(
  board: BootBoard,
  seen: number,
  gone: AbortSignal,
  language: 'en' | 'ko',
): AsyncGenerator<Message> {
  let last = seen
  while (!gone.aborted) {
    const { state } = board
    if (state.version > last) {
      last = state.version
      yield { id: String(last), event: 'boot', data: bootView(state, language) }
    } else await nextChange(board, gone)
  }
}

function nextChange(board: BootBoard, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stop()
      gone.removeEventListener('abort', done)
      resolve()
    }
    const stop = board.follow(done)
    gone.addEventListener('abort', done, { once: true })
  })
}

interface Followed {
  readonly runId: string
  readonly task: string | undefined
  readonly afterId: bigint
}

/** Lines as they are written, each under its own id, and `end` when the run has ended and nothing more is there. */
async function* logMessages(
  door: Door,
  { runId, task, afterId }: Followed,
  gone: AbortSignal,
): AsyncGenerator<Message> {
  let last = afterId
  const shiftMs = await clockShiftMs(door.warehouse(), runId)
  while (!gone.aborted) {
    // Asked before the lines: what was written until the end is then surely among them.
    const isOver = await hasEnded(door, runId)
    const lines = await linesOf(door.warehouse(), { runId, task, afterId: last, limit: linesPerLook })
    for (const line of lines) {
      last = BigInt(line.logId)
      yield { id: line.logId, event: 'line', data: lineOf(line, shiftMs) }
    }
    if (lines.length === linesPerLook) continue
    if (isOver) break
    await door.clock.sleep(lookEveryMs, gone).catch(() => undefined)
  }
  yield { id: String(last), event: 'end', data: {} }
}

async function hasEnded(door: Door, runId: string): Promise<boolean> {
  const [run] = await door
    .warehouse()
    .query<{ readonly state: EngineRunState }>('select state from engine_run where run_id = $1', [runId])
  return run === undefined || isRunEnded(run.state)
}
