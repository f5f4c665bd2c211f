import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'

/** The address of a module of this room, for the text of a child process. */
export const moduleUrl = (name: string): string => JSON.stringify(new URL(`./${name}`, import.meta.url).href)

export interface Child {
  readonly process: ChildProcess
  /** Lines of its stdout so far. */
  readonly lines: readonly string[]
  /** Resolves when it has printed so many lines, or has ended. */
  printed(count: number): Promise<void>
  /** Resolves when a line with this text has been printed. Rejects when it ends without. */
  said(text: string): Promise<void>
  /** Ends it as a power cut would, and resolves when it is gone. */
  kill(): Promise<void>
  readonly ended: Promise<number | null>
}

/** Runs the text of a module in a process of its own. */
export function startChild(text: string): Child {
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: ['ignore', 'pipe', 'inherit'] })
  // A test that fails before it ends its children must not leave them behind.
  const killLast = (): void => void child.kill('SIGKILL')
  process.once('exit', killLast)
  const lines: string[] = []
  const waiting = new Set<() => void>()
  const wake = (): void => waiting.forEach((one) => one())
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    wake()
  })
  let isEnded = false
  const ended = new Promise<number | null>((resolve) =>
    child.once('close', (code) => {
      isEnded = true
      process.off('exit', killLast)
      wake()
      resolve(code)
    }),
  )
  const until = (isSo: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!isSo()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return {
    process: child,
    lines,
    ended,
    printed: (count) => until(() => lines.length >= count || isEnded),
    async said(text) {
      await until(() => isEnded || lines.some((line) => line.includes(text)))
      if (!lines.some((line) => line.includes(text))) throw new Error(`it ended without saying ${text}`)
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

const encoder = new TextEncoder()

/** Lines as an append takes them. */
export function linesOf(lines: readonly string[]): { readonly count: number; readonly lines: Uint8Array } {
  return { count: lines.length, lines: encoder.encode(lines.map((line) => `${line}\n`).join('')) }
}
