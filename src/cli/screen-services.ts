import type { Settings } from '../config-check.ts'
import type { EmbeddedEngine } from '../orchestrate/embedded-engine.ts'
import { embeddedEngine } from '../orchestrate/embedded-engine.ts'
import type { Ports } from '../orchestrate/ports.ts'
import type { BackfillDesk } from '../server/backfills.ts'
import type { ConnectionDesk } from '../server/connections.ts'
import type { ImportDesk } from '../server/imports.ts'
import type { Insight } from '../server/insight.ts'
import { backfillDesk } from './backfill-desk.ts'
import type { Invocation } from './command.ts'
import { connectionDesk } from './connection-desk.ts'
import { importDesk } from './import-desk.ts'
import { insightOf } from './insight.ts'
import { configuredPipeline } from './pipeline.ts'

export interface ScreenServices {
  readonly engine: EmbeddedEngine
  readonly desk: BackfillDesk
  readonly insight: Insight
  readonly connectionDesk: ConnectionDesk
  readonly importDesk: ImportDesk
}

/** What the dashboard needs of the program beside the warehouse: an engine, plans of backfills, what the configuration says, connections and files. */
export function screenServices(invocation: Invocation, settings: Settings, ports: Ports): ScreenServices {
  const { signal, output } = invocation
  const engine = embeddedEngine({ warehouse: ports.warehouse })
  const pipeline = configuredPipeline(settings)
  const desk = backfillDesk({ ports, pipeline, engine, signal, say: (message) => output.say(message) })
  const { warehouse } = ports
  return {
    engine,
    desk,
    insight: insightOf(invocation, settings),
    connectionDesk: connectionDesk({ invocation, warehouse, open: new Set(Object.keys(settings.connections)) }),
    importDesk: importDesk({ invocation, ports, zone: settings.pipeline.zone }),
  }
}
