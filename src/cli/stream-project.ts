import type { Settings } from '../config-check.ts'
import type { Clock } from '../domain/clock.ts'
import { MillraceError } from '../domain/errors.ts'
import type { Counters } from '../stream/counters.ts'
import type { EventLog } from '../stream/log.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Given, Invocation } from './command.ts'
import { openContext, projectSettings } from './project.ts'

/** What the commands of live events work on. */
export interface StreamProject extends AsyncDisposable {
  readonly settings: Settings
  readonly clock: Clock
  readonly warehouse: Warehouse
  readonly log: EventLog
  readonly counters: Counters
}

/** The project's warehouse, event log and counters, opened. */
export async function openStreamProject(invocation: Invocation): Promise<StreamProject> {
  const settings = await projectSettings(invocation)
  const context = openContext(invocation)
  const { openWarehouse, openLog, openCounters } = await import('../config.ts')
  await using opening = new AsyncDisposableStack()
  const warehouse = opening.use(await openWarehouse(settings, context))
  const log = opening.use(await openLog(settings, warehouse, context.clock))
  const counters = opening.use(await openCounters(settings, warehouse))
  const opened = opening.move()
  return {
    settings,
    clock: context.clock,
    warehouse,
    log,
    counters,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

interface Bounds {
  readonly command: string
  readonly name: string
  readonly min: number
  readonly max: number
  readonly whole?: boolean
}

/** A number among the options, or undefined when it was not given. Throws CLI_USAGE. */
export function numberOf(given: Given, { command, name, min, max, whole = true }: Bounds): number | undefined {
  const text = given[name]
  if (typeof text !== 'string') return undefined
  const number = Number(text)
  const isFit = text.trim() !== '' && number >= min && number <= max && (!whole || Number.isInteger(number))
  if (isFit) return number
  throw new MillraceError('CLI_USAGE', { command, detail: `--${name} wants ${min} to ${max}, not ${text}` })
}
