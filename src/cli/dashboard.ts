import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { OpenContext, Opening } from '../config.ts'
import type { RunEvent } from '../orchestrate/events.ts'
import type { LiveLook } from '../server/mount.ts'
import type { Server } from '../server/server.ts'
import type { Invocation } from './command.ts'
import { keepPlace } from './dashboard-place.ts'

const root = join(import.meta.dirname, '..', '..')
/** In a checkout beside the sources, in the package beside the compiled ones: both two folders below the root. */
export const webDir = join(root, 'dist', 'web')
const buildScript = join(root, 'scripts', 'build-web.ts')
const isCheckout = existsSync(buildScript) && existsSync(join(root, 'src', 'web'))

/** Builds the dashboard when this is a checkout whose sources have changed; a child, so that a start is not slower for it. */
function buildDashboard(onFailure: (code: number | null) => void): void {
  if (!isCheckout) return
  const child = spawn(process.execPath, [buildScript], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
  child.on('error', () => onFailure(null))
  child.on('exit', (code) => {
    if (code !== 0) onFailure(code)
  })
}

/** What a dashboard is started with; the port is the first that is free from it on. */
export interface DashboardOptions {
  readonly port: number
  readonly context: OpenContext
  /** A look at live events. */
  readonly live?: LiveLook | undefined
}

const said = {
  en: {
    open: (url: string) => `Dashboard  ${url}`,
    stays: 'The dashboard stays up until Ctrl-C.',
    failed: 'The dashboard could not be built; the API is there.',
  },
  ko: {
    open: (url: string) => `대시보드  ${url}`,
    stays: 'Ctrl-C를 누를 때까지 대시보드가 열려 있습니다.',
    failed: '대시보드를 빌드하지 못했습니다. API는 열려 있습니다.',
  },
} as const

/** Listens at once, before anything else is opened, and says where: as the first line of NDJSON, or in a sentence. */
export async function startDashboard(
  invocation: Invocation,
  { port, context, live }: DashboardOptions,
): Promise<Server> {
  const { output, language } = invocation
  const { startServer } = await import('../server/server.ts')
  const server = await startServer({
    host: '127.0.0.1',
    port,
    portSearch: true,
    key: undefined,
    clock: context.clock,
    webDir,
    live,
    onError: (error) => output.warn(`${error.message} ${String(error.cause)}`),
  })
  if (output.json) output.record({ event: 'ready', url: server.url })
  else output.say(said[language].open(server.url))
  serveDashboard(invocation)
  return kept(invocation, server)
}

/** The server, written down for `millrace open` as long as it is up. */
export function kept({ projectDir }: Invocation, server: Server): Server {
  const place = keepPlace(projectDir, { url: server.url, pid: process.pid })
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      place[Symbol.dispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

/** Sees to it that the folder which a server shows is filled. */
export function serveDashboard({ output, language }: Invocation): void {
  buildDashboard(() => output.warn(said[language].failed))
}

/** A context whose every stage of the opening is told to the boot page too, from the first one on, whenever that page is there. */
export interface BootRelay {
  readonly context: OpenContext
  to(server: Server | undefined): void
}

export function bootRelay(context: OpenContext): BootRelay {
  const early: Opening[] = []
  let board: Server['board'] | undefined
  return {
    context: {
      ...context,
      onOpening(opening) {
        context.onOpening(opening)
        if (board) board.stage(opening)
        else early.push(opening)
      },
    },
    to(server) {
      board = server?.board
      for (const opening of early.splice(0)) board?.stage(opening)
    },
  }
}

/** What is still being opened, and is closed at the end also when nobody came to wait for it. */
export function lateUse<Opened extends AsyncDisposable>(value: Promise<Opened>): LateUse<Opened> {
  value.catch(() => undefined)
  return {
    value,
    async [Symbol.asyncDispose]() {
      await (await value.catch(() => undefined))?.[Symbol.asyncDispose]()
    },
  }
}

interface LateUse<Opened> extends AsyncDisposable {
  readonly value: Promise<Opened>
}

/** Hands what a run tells to the boot page as well. */
export function alsoToBoard(tell: (event: RunEvent) => void, server: Server | undefined): (event: RunEvent) => void {
  return (event) => {
    tell(event)
    if (event.event === 'progress')
      server?.board.progress({ done: event.partitionsDone, total: event.partitionsTotal, rows: event.rows })
    if (event.event === 'run_finished') server?.board.progress(null)
  }
}

/** Waits until the command is told to end. */
export async function stayUp({ output, language, signal }: Invocation): Promise<void> {
  output.say(said[language].stays)
  if (signal.aborted) return
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
