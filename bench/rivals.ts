import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { runProgram } from './measure.ts'

/** One rival's figures of one run; null where its program is not installed. */
export interface RivalFigures {
  readonly rows: number
  readonly seconds: number
  readonly rss_mb: number
}

const folder = join(import.meta.dirname, 'rivals')

/** The virtual environment with pandas and dlt: `scripts/services.sh install rivals`. */
function rivalsPython(): string | null {
  const services = process.env['MILLRACE_SERVICES_DIR'] ?? join(homedir(), '.cache', 'millrace-services')
  const python = join(services, 'rivals', 'bin', 'python')
  return existsSync(python) ? python : null
}

/** Runs one rival's program; a rival that fails is absent, and why is said. */
export async function runRival(
  program: string,
  input: object,
  say: (line: string) => void,
): Promise<RivalFigures | null> {
  const python = rivalsPython()
  if (!python) {
    say(`${program}: absent; install it with: scripts/services.sh install rivals`)
    return null
  }
  const ended = await runProgram(python, [join(folder, program), JSON.stringify(input)])
  if (ended.code !== 0) {
    say(`${program} failed: ${ended.stderr.slice(-600)}`)
    return null
  }
  return JSON.parse(ended.stdout.trim().split('\n').at(-1) ?? '') as RivalFigures
}
