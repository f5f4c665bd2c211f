import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

/** As much of Flink's own settings as a cluster of one machine needs; the JVM's switches are those of the distribution. */
const configText = (home: string, rest: number, rpc: number): string => {
  const switches = /^ +all: (.*)$/m.exec(readFileSync(join(home, 'conf', 'config.yaml'), 'utf8'))?.[1] ?? ''
  return `env.java.opts.all: ${switches}
jobmanager.bind-host: 127.0.0.1
jobmanager.rpc.address: 127.0.0.1
jobmanager.rpc.port: ${rpc}
jobmanager.memory.process.size: 900m
taskmanager.bind-host: 127.0.0.1
taskmanager.host: 127.0.0.1
taskmanager.numberOfTaskSlots: 1
taskmanager.memory.process.size: 1000m
taskmanager.memory.managed.size: 64m
taskmanager.memory.network.min: 16m
taskmanager.memory.network.max: 16m
heartbeat.interval: 1000
heartbeat.timeout: 20000
parallelism.default: 1
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
rest.port: ${rest}
`
}

/** A job manager and task managers of Flink's own distribution, in a folder of their own. */
export class FlinkCluster implements AsyncDisposable {
  readonly folder: string
  readonly #home: string
  readonly #rest: number
  readonly #processes = new Set<ChildProcess>()
  #worker: ChildProcess | undefined

  private constructor(home: string, folder: string, rest: number) {
    this.#home = home
    this.folder = folder
    this.#rest = rest
  }

  static async start(home: string): Promise<FlinkCluster> {
    const folder = mkdtempSync(join(tmpdir(), 'mr-flink-'))
    for (const name of ['conf', 'log', 'checkpoints']) mkdirSync(join(folder, name))
    const rest = await freePort()
    writeFileSync(join(folder, 'conf', 'config.yaml'), configText(home, rest, await freePort()))
    const cluster = new FlinkCluster(home, folder, rest)
    cluster.#start('jobmanager.sh', ['start-foreground'])
    cluster.startWorker()
    return cluster
  }

  startWorker(): void {
    this.#worker = this.#start('taskmanager.sh', ['start-foreground'])
  }

  /** Ends the task manager as a power cut would. */
  async killWorker(): Promise<void> {
    const worker = this.#worker
    if (!worker) throw new Error('there is no task manager')
    worker.kill('SIGKILL')
    await once(worker, 'exit')
  }

  /** Hands statements over as a person does. */
  submit(sql: string): string {
    const file = join(this.folder, 'job.sql')
    writeFileSync(file, sql)
    const ended = spawnSync('bash', [join(this.#home, 'bin', 'sql-client.sh'), '-f', file], {
      env: this.#env(),
      encoding: 'utf8',
      timeout: 300_000,
    })
    return `${ended.stdout}\n${ended.stderr}`
  }

  async ask<Answer>(path: string): Promise<Answer | undefined> {
    const answer = await fetch(`http://127.0.0.1:${this.#rest}${path}`).catch(() => undefined)
    return answer?.ok ? ((await answer.json()) as Answer) : undefined
  }

  /** Waits until it has a task manager. */
  async ready(): Promise<void> {
    for (const startedMs = performance.now(); performance.now() - startedMs < 300_000; await delay(200)) {
      const overview = await this.ask<{ readonly taskmanagers: number }>('/overview')
      if ((overview?.taskmanagers ?? 0) > 0) return
    }
    throw new Error(`Flink does not come up; its logs are in ${this.folder}`)
  }

  /** Why jobs have failed, for whoever reads a failed test; empty when none has. */
  async trouble(): Promise<string> {
    const found = await this.ask<{ readonly jobs: readonly { readonly id: string; readonly status: string }[] }>(
      '/jobs',
    )
    const said = (found?.jobs ?? []).map(async ({ id }) => {
      const answer = await this.ask<{
        readonly exceptionHistory: { readonly entries: readonly { readonly stacktrace: string }[] }
      }>(`/jobs/${id}/exceptions`)
      return (
        answer?.exceptionHistory.entries
          .map(({ stacktrace }) =>
            stacktrace
              .split('\n')
              .filter((line) => !line.startsWith('\tat '))
              .join('\n'),
          )
          .join('\n') ?? ''
      )
    })
    return (await Promise.all(said)).join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#processes) {
      if (one.exitCode !== null || one.signalCode !== null) continue
      one.kill('SIGKILL')
      await once(one, 'exit')
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  #env(): NodeJS.ProcessEnv {
    return { ...process.env, FLINK_CONF_DIR: join(this.folder, 'conf'), FLINK_LOG_DIR: join(this.folder, 'log') }
  }

  #start(script: string, args: readonly string[]): ChildProcess {
    const child = spawn('bash', [join(this.#home, 'bin', script), ...args], { env: this.#env(), stdio: 'ignore' })
    this.#processes.add(child)
    const killLast = (): void => void child.kill('SIGKILL')
    process.once('exit', killLast)
    child.once('exit', () => process.off('exit', killLast))
    return child
  }
}
