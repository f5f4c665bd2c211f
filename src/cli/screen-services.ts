import type { Settings } from '../config-check.ts'
import type { EmbeddedEngine } from '../orchestrate/embedded-engine.ts'
import { embeddedEngine } from '../orchestrate/embedded-engine.ts'
import type { Ports } from '../orchestrate/ports.ts'
import type { BackfillDesk } from '../server/backfills.ts'
import type { Insight } from '../server/insight.ts'
import { backfillDesk } from './backfill-desk.ts'
import type { Invocation } from './command.ts'
import { insightOf } from './insight.ts'
import { configuredPipeline } from './pipeline.ts'

export interface ScreenServices {
  readonly engine: EmbeddedEngine
  readonly desk: BackfillDesk
  readonly insight: Insight
}

/** What the dashboard needs of the program beside the warehouse: an engine, plans of backfills, and what the configuration says. */
export function screenServices(invocation: Invocation, settings: Settings, ports: Ports): ScreenServices {
  const { signal, output } = invocation
  const engine = embeddedEngine({ warehouse: ports.warehouse })
  const pipeline = configuredPipeline(settings)
  const desk = backfillDesk({ ports, pipeline, engine, signal, say: (message) => output.say(message) })
  return { engine, desk, insight: insightOf(invocation, settings) }
}
