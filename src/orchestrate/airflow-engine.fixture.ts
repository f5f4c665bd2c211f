import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { systemClock, systemRandom } from '../domain/clock.ts'
import { airflowEngine } from './airflow-engine.ts'
import type { Engine } from './engine.ts'
import type { EngineUnderTest } from './engine.contract.ts'
import type { Graph } from './graph.ts'

/** The `airflow` of scripts/services.sh; empty when it is not installed. */
export const airflowProgram = process.env['MILLRACE_TEST_AIRFLOW'] ?? ''

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export interface RunningAirflow extends AsyncDisposable {
  readonly engine: Engine
  readonly baseUrl: string
  /** Where a probe finds how its attempts end, a file a pipeline. */
  readonly probes: string
}

/**
 * A whole Airflow in a home of its own, on SQLite, with its LocalExecutor: API server, scheduler, Dag processor, triggerer. Its tasks
 * run a small program in the place of `millrace task run`.
 */
export async function startAirflow(): Promise<RunningAirflow> {
  const home = mkdtempSync(join(tmpdir(), 'millrace-airflow-engine-'))
  const [port, triggerPort, logPort] = [await freePort(), await freePort(), await freePort()]
  const baseUrl = `http://127.0.0.1:${port}`
  const probes = join(home, 'probes')
  const dagsFolder = join(home, 'dags')
  for (const folder of [probes, dagsFolder]) mkdirSync(folder)
  const probe = new URL('../../test/airflow_probe.py', import.meta.url).pathname
  const child = spawn(airflowProgram, ['standalone'], {
    // Ended as a whole: its children stay behind when only the first one is told.
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore'],
    env: {
      ...process.env,
      ...quickSettings,
      PATH: `${dirname(airflowProgram)}:${process.env['PATH'] ?? ''}`,
      AIRFLOW_HOME: home,
      AIRFLOW__CORE__DAGS_FOLDER: dagsFolder,
      AIRFLOW__API__PORT: String(port),
      AIRFLOW__API__BASE_URL: baseUrl,
      AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `${baseUrl}/execution/`,
      AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT: String(logPort),
      AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT: String(triggerPort),
      MILLRACE_BIN: `'${join(dirname(airflowProgram), 'python')}' '${probe}'`,
      MILLRACE_PROJECT: '',
      MILLRACE_PROBES: probes,
    },
  })
  const stop = async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await systemClock.sleep(200)
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await untilHealthy(baseUrl)
  } catch (error) {
    await stop()
    throw error
  }
  const token = tokenOf(baseUrl)
  const engine = airflowEngine({ baseUrl, token, fetch, dagsFolder, clock: systemClock, random: systemRandom })
  return { engine, baseUrl, probes, [Symbol.asyncDispose]: stop }
}

const quickSettings = {
  AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
  AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: 'True',
  AIRFLOW__CORE__PARALLELISM: '4',
  AIRFLOW__API__HOST: '127.0.0.1',
  AIRFLOW__API__WORKERS: '1',
  AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL: '2',
  AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL: '2',
  AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME: '0.2',
}

async function untilHealthy(baseUrl: string): Promise<void> {
  for (let look = 0; look < 600; look += 1) {
    const health = await fetch(`${baseUrl}/api/v2/monitor/health`)
      .then((answer) => answer.json() as Promise<Record<string, { readonly status: string | null } | undefined>>)
      .catch(() => undefined)
    if (['scheduler', 'dag_processor'].every((part) => health?.[part]?.status === 'healthy')) return
    await systemClock.sleep(500)
  }
  throw new TypeError('Airflow did not get well in five minutes')
}

/** A new one when the last is some minutes old; this Airflow gives it to anybody. */
function tokenOf(baseUrl: string): () => Promise<string> {
  let known = { text: '', untilMs: 0 }
  return async () => {
    if (systemClock.nowMs() > known.untilMs) {
      const answer = await fetch(`${baseUrl}/auth/token`)
      const { access_token: text } = (await answer.json()) as { readonly access_token: string }
      known = { text, untilMs: systemClock.nowMs() + 300_000 }
    }
    return known.text
  }
}

/** The contract's view of it: probes are files, retries are a second apart, and time passes by itself. */
export async function airflowUnderTest(): Promise<EngineUnderTest> {
  const running = await startAirflow()
  const { engine } = running
  const told = new Set<string>()
  return {
    engine: {
      ...engine,
      deploy: (graph) => {
        writeProbes(running.probes, graph)
        return engine.deploy({
          ...graph,
          tasks: graph.tasks.map((one) => ({ ...one, retry: { delayMs: 1_000, delayMsMax: 1_000 } })),
        })
      },
    },
    async work() {
      await untilQuiet(engine)
      const events: { readonly at: string; readonly what: string }[] = []
      for (const run of await engine.runs({ limit: 100 })) {
        if (told.has(run.runId)) continue
        for (const { task, attempts } of (await engine.inspect(run.runId)).tasks)
          for (const one of attempts) {
            events.push({ at: one.startedAt, what: `began ${task}` })
            if (one.endedAt !== null) events.push({ at: one.endedAt, what: `ended ${task}` })
          }
        if (run.endedAt !== null) told.add(run.runId)
      }
      return events.toSorted((a, b) => (a.at < b.at ? -1 : 1)).map((one) => one.what)
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

/** How the attempts of a graph’s tasks end: its inputs’ exits, or well. */
export function writeProbes(folder: string, { pipeline, tasks }: Graph): void {
  const exits = tasks.map(({ id, input }) => [
    id,
    (input as { readonly exits?: readonly number[] } | null)?.exits ?? [0],
  ])
  writeFileSync(join(folder, `${pipeline}.json`), JSON.stringify(Object.fromEntries(exits)))
}

/** Until no run is under way; one that stays queued, because its Dag is paused, is given ten seconds. */
async function untilQuiet(engine: Engine): Promise<void> {
  for (let queuedLooks = 0; ;) {
    const states = (await engine.runs({ limit: 100 })).map((one) => one.state)
    if (!states.includes('running')) {
      if (!states.includes('queued') || queuedLooks > 20) return
      queuedLooks += 1
    } else queuedLooks = 0
    await systemClock.sleep(500)
  }
}
