import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { MillraceError } from '../domain/errors.ts'
import { ensureDbt, pinnedDbt } from './dbt-install.ts'
import { runDbt } from './dbt-process.ts'
import { defineRunner, runnerCommands } from './runner.ts'
import type { Runner } from './runner.ts'

const commands = runnerCommands

/** Where the project's own service script puts dbt, unless MILLRACE_SERVICES_DIR says otherwise. */
export function defaultDbtFolder(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['MILLRACE_SERVICES_DIR'] ?? join(homedir(), '.cache', 'millrace-services'), 'dbt')
}

const options = z.object({
  folder: z.string().optional().describe('Virtual environment that holds dbt-core; the services folder when absent.'),
  install: z
    .boolean()
    .default(false)
    .describe('Whether to install the pinned dbt-core when the folder does not hold it.'),
})

export const adapter = defineRunner({
  name: 'dbt-core',
  summary: `Runs real dbt-core ${pinnedDbt.core} from a Python environment that Millrace looks after.`,
  options,
  async open({ folder, install }): Promise<Runner> {
    const home = resolve(folder ?? defaultDbtFolder(process.env))
    const program = await ensureDbt(home, install)
    return {
      name: 'dbt-core',
      capabilities: { commands, everyFeature: true },
      async invoke(request, onEvent) {
        if (!commands.includes(request.command)) {
          throw new MillraceError('TRANSFORM_COMMAND_UNSUPPORTED', { command: request.command, runner: 'dbt-core' })
        }
        return runDbt(program, request, onEvent)
      },
    }
  },
})
