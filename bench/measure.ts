import { spawn } from 'node:child_process'

/** The middle of several figures: one slow run of a shared machine says nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly seconds: number
}

/** Runs a program to its end and keeps what it printed. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now()
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (data: Buffer) => out.push(data))
    child.stderr.on('data', (data: Buffer) => err.push(data))
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(out).toString(),
        stderr: Buffer.concat(err).toString(),
        seconds: (performance.now() - startedMs) / 1_000,
      }),
    )
  })
}

/** Median wall time in milliseconds of a whole process, after one run that does not count. */
export async function processMs(runs: number, command: string, args: readonly string[]): Promise<number> {
  const times: number[] = []
  for (let run = 0; run <= runs; run += 1) {
    const { seconds } = await runProgram(command, args)
    if (run > 0) times.push(seconds * 1_000)
  }
  return median(times)
}
