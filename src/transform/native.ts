import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { systemClock } from '../domain/clock.ts'
import type { Clock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import { defineRunner, runnerCommands } from './runner.ts'
import type { Runner } from './runner.ts'
import { withoutSecrets } from './scrub-secrets.ts'

const commands = runnerCommands

/** The native runner with a clock of one's own; the adapter opens it with the machine's. */
export function nativeRunner(clock: Clock, fetcher: typeof fetch = globalThis.fetch): Runner {
  return {
    name: 'native',
    capabilities: { commands, everyFeature: false },
    async invoke(request, listener) {
      if (!commands.includes(request.command)) {
        throw new MillraceError('TRANSFORM_COMMAND_UNSUPPORTED', { command: request.command, runner: 'native' })
      }
      const onEvent = withoutSecrets(listener, request.env)
      const machine = { clock, newId: () => randomUUID(), fetch: fetcher }
      if (request.command === 'parse' || request.command === 'ls') {
        const { invokeParsed } = await import('./native/exec/parsed.ts')
        return invokeParsed(request, machine, onEvent)
      }
      const { invokeNative } = await import('./native/exec/invoke.ts')
      return invokeNative(request, machine, onEvent)
    },
  }
}

export const adapter = defineRunner({
  name: 'native',
  summary: 'Runs dbt projects inside this process, without Python.',
  options: z.object({}),
  open: async () => Promise.resolve(nativeRunner(systemClock)),
})
