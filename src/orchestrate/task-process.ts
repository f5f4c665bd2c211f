import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Clock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { LogLevel } from './body.ts'
import { failureOf } from './body.ts'
import type { ClaimedTask, TaskResult } from './queue.ts'
import { classOfExitCode } from './retry.ts'
import { readLines } from './task-lines.ts'
import { endMark } from './task-message.ts'
import type { FromTask, ToTask } from './task-message.ts'

export type StopReason = 'cancelled' | 'timeout' | 'drain'

export interface ProcessOptions {
  /** Address of the module that exports `bodies`. */
  readonly bodies: string
  readonly clock: Clock
  /** Between being asked, SIGTERM and SIGKILL, each. */
  readonly graceMs: number
  readonly env: Readonly<Record<string, string | undefined>>
  /** Resolves to false: printing has to wait for `drained`. */
  readonly onLine: (task: ClaimedTask, level: LogLevel, message: string) => boolean
  readonly drained: () => Promise<void>
}

/** Compiled, the file beside this one ends in .js; in a checkout Node runs the .ts as it is. */
function mainPath(): string {
  return fileURLToPath(import.meta.url).replace(/task-process\.(ts|js)$/, 'task-main.$1')
}

/** Where this process keeps what it compiled, its tasks' processes do too: they start in half of the time. */
function keptCompiled(): Readonly<Record<string, string>> {
  const folder = getCompileCacheDir()
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder }
}

interface Work {
  readonly task: ClaimedTask
  readonly resolve: (result: TaskResult) => void
  readonly ended: AbortController
  readonly marks: Set<'stdout' | 'stderr'>
  why: StopReason | null
  result: TaskResult | null
}

/**
 * A process that runs tasks, one at a time, and stays for the next: starting it costs 50 to 100 ms, asking it one. It has a
 * process group of its own, so that what a task has started itself ends with it.
 */
export class TaskProcess {
  readonly #child: ChildProcess
  readonly #options: ProcessOptions
  #work: Work | undefined
  /** Undefined while it can be used. */
  #gone: { readonly code: number | null; readonly signal: NodeJS.Signals | null } | undefined
  /** Its exit comes later than the signal: until then it looks alive, and would take a task with it. */
  #isKilled = false

  constructor(options: ProcessOptions) {
    this.#options = options
    this.#child = fork(mainPath(), [options.bodies], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
      serialization: 'json',
      env: { ...keptCompiled(), ...options.env },
      execArgv: [],
    })
    this.#child.on('message', (message: FromTask) => this.#heard(message))
    this.#child.on('error', () => this.#left(null, null))
    this.#child.on('exit', (code, signal) => this.#left(code, signal))
    this.#read('stdout', this.#child.stdout, 'info')
    this.#read('stderr', this.#child.stderr, 'warn')
  }

  get isUsable(): boolean {
    return this.#gone === undefined && !this.#isKilled && this.#work === undefined
  }

  /** Runs the task to its end, whatever that is. Never throws. */
  run(task: ClaimedTask): Promise<TaskResult> {
    return new Promise((resolve) => {
      this.#work = { task, resolve, ended: new AbortController(), marks: new Set(), why: null, result: null }
      if (this.#gone) return this.#left(this.#gone.code, this.#gone.signal)
      this.#tell({ type: 'run', task })
      void this.#limit(this.#work)
    })
  }

  /** Asks the task to end, and makes it: its signal first, SIGTERM then, SIGKILL at last, the whole group. */
  async stop(why: StopReason): Promise<void> {
    const work = this.#work
    if (!work || work.why) return
    work.why = why
    this.#tell({ type: 'stop', why })
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      if (await this.#passes(this.#options.graceMs, work.ended.signal)) return
      this.kill(signal)
    }
  }

  /** Ends the process and everything it has started, at once. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    const { pid } = this.#child
    if (pid === undefined || this.#gone) return
    this.#isKilled = true
    try {
      process.kill(-pid, signal)
    } catch {
      // It ended between the question and the signal; its exit is told by itself.
    }
  }

  async #limit(work: Work): Promise<void> {
    if (await this.#passes(work.task.timeoutMs, work.ended.signal)) return
    await this.stop('timeout')
  }

  /** True when the signal came before the time was over. */
  #passes(durationMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#options.clock.sleep(durationMs, signal).then(
      () => false,
      () => true,
    )
  }

  #tell(message: ToTask): void {
    if (this.#child.connected) this.#child.send(message, () => undefined)
  }

  #heard(message: FromTask): void {
    const work = this.#work
    if (!work) return
    if (message.type === 'log') this.#options.onLine(work.task, message.level, message.message)
    else if (message.fence === work.task.fence) {
      work.result = message.result
      this.#settle(work)
    }
  }

  /** Done when the result is there and everything that was printed before it has been read. */
  #settle(work: Work): void {
    if (work.result === null || work.marks.size < 2) return
    this.#end(work, work.result)
  }

  #end(work: Work, result: TaskResult): void {
    this.#work = undefined
    work.ended.abort()
    work.resolve(stoppedAs(work.why, work.task, result))
  }

  #left(code: number | null, signal: NodeJS.Signals | null): void {
    // What a task has started must not outlive it, even when the task ended by itself.
    this.kill('SIGKILL')
    this.#gone = { code, signal }
    const work = this.#work
    if (work) this.#end(work, work.result ?? exited(work.task, code, signal))
  }

  #read(name: 'stdout' | 'stderr', stream: Readable | null, level: LogLevel): void {
    if (!stream) return
    const lines = readLines(stream, {
      end: () => (this.#work ? endMark(this.#work.task.fence) : ''),
      onLine: (line) => {
        const work = this.#work
        if (!work || this.#options.onLine(work.task, level, line)) return true
        void this.#options.drained().then(() => lines.resume())
        return false
      },
      onEnd: () => {
        this.#work?.marks.add(name)
        if (this.#work) this.#settle(this.#work)
      },
    })
  }
}

/** A task that was stopped has failed for that reason, however it put it; one that was done before it heard has succeeded. */
function stoppedAs(why: StopReason | null, task: ClaimedTask, result: TaskResult): TaskResult {
  if (why === null || result.kind !== 'failed') return result
  if (why === 'drain') return { kind: 'deferred', delayMs: 0 }
  const error =
    why === 'timeout'
      ? new MillraceError('ORCHESTRATE_TASK_TIMEOUT', { timeoutMs: task.timeoutMs })
      : new MillraceError('ORCHESTRATE_TASK_STOPPED', { why })
  return failureOf(error)
}

function exited(task: ClaimedTask, code: number | null, signal: NodeJS.Signals | null): TaskResult {
  const failure = failureOf(
    new MillraceError('ORCHESTRATE_TASK_EXITED', { task: task.task, exit: signal ?? `code ${String(code)}` }),
  )
  return failure.kind === 'failed' ? { ...failure, errorClass: classOfExitCode(code), exitCode: code } : failure
}
