import type { OpenContext, Opening } from '../config.ts'
import type { Settings } from '../config-check.ts'
import { systemClock, systemRandom } from '../domain/clock.ts'
import type { Language } from '../domain/errors.ts'
import type { Invocation } from './command.ts'
import { demoClock, demoNoonMs, readDemoTime } from './demo-clock.ts'

/** The project's settings. Throws CONFIG_* with every problem. */
export async function projectSettings(invocation: Invocation): Promise<Settings> {
  const { projectDir, env, secrets, language } = invocation
  // Loaded here and not above: a mistake in the arguments, or help, must not wait for it.
  const { loadConfig } = await import('../config-inspect.ts')
  return loadConfig({ projectDir, env, secrets, language })
}

const words = {
  en: { warehouse: 'Postgres', lake: 'Lake', sandbox: 'Sandbox', schema: 'Schema' },
  ko: { warehouse: 'Postgres', lake: '레이크', sandbox: '샌드박스', schema: '스키마' },
} as const satisfies Record<Language, Record<Opening['part'], string>>

/** What took no time is not worth a line. */
const secondsWorthSaying = 1

/**
 * How ports are opened for a command: with a line on stderr for what takes a person's time, on the machine's clock, or on the
 * demo's when the project is one.
 */
export function openContext(invocation: Invocation): OpenContext {
  const { output, language, projectDir, secrets, deed } = invocation
  const demo = readDemoTime(projectDir)
  return {
    clock: demo ? demoClock(demo) : systemClock,
    random: systemRandom,
    fetch: globalThis.fetch,
    secrets,
    reread: () => projectSettings(invocation),
    ...(demo && {
      sandboxNowMs: demoNoonMs(demo.asOf),
      sandboxBusy: { since: demo.asOf, eventsPerSecond: demo.eventsPerSecond },
    }),
    onWarehouse: (warehouse) => deed.begin(warehouse),
    onOpening({ part, state, place, seconds }) {
      if (state === 'opening' || seconds < secondsWorthSaying) return
      output.say(`${words[language][part]}  ${place}  ${seconds.toFixed(1)}s`)
    },
  }
}
