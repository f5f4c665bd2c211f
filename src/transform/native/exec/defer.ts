import type { RunnerRequest } from '../../runner.ts'
import type { Database } from '../adapter/database.ts'
import type { RelationParts } from '../adapter/relation.ts'
import { PreviousState } from '../graph/previous-state.ts'
import type { Node } from '../parse/nodes.ts'
import type { Prepared } from './prepare.ts'

/** Where nodes are in the earlier run, and when a reference goes there. */
export interface Deferral {
  readonly deferred?: ReadonlyMap<string, RelationParts>
  /** Whether a reference to this node goes to the relation of the earlier run. */
  readonly defers?: (node: Node) => Promise<boolean>
}

const REFERABLE: ReadonlySet<string> = new Set(['model', 'seed', 'snapshot'])

/**
 * `--defer`: a node that is not built in this target is read from the relation that the earlier run built; with `--favor-state`
 * so is one that is built, unless it was selected. Throws TRANSFORM_STATE_MISSING.
 */
export function deferring(
  prepared: Prepared,
  request: RunnerRequest,
  chosen: ReadonlySet<string>,
  database: Database,
): Deferral {
  if (request.defer !== true && request.command !== 'clone') return {}
  const state = new PreviousState(request.deferStatePath ?? request.statePath, prepared.project.targetFolder)
  const deferred = new Map(
    Object.entries(state.manifest().nodes).flatMap(([id, entry]) => {
      const own = prepared.manifest.nodes.get(id)
      return own === undefined || !REFERABLE.has(own.resourceType) || isEphemeral(entry)
        ? []
        : [[id, relationParts(entry)] as const]
    }),
  )
  if (request.command === 'clone') return { deferred }
  const defers = async (node: Node): Promise<boolean> => {
    if (!deferred.has(node.uniqueId)) return false
    if (request.favorState === true && !chosen.has(node.uniqueId)) return true
    const relations = await database.cache.relations(node.schema)
    return !relations.has(node.alias)
  }
  return { deferred, defers }
}

type Entry = Readonly<Record<string, unknown>>

function isEphemeral(entry: Entry): boolean {
  return (entry['config'] as Entry | undefined)?.['materialized'] === 'ephemeral'
}

function relationParts(entry: Entry): RelationParts {
  const text = (key: string): string | null => {
    const value = entry[key]
    return typeof value === 'string' ? value : null
  }
  return { database: text('database'), schema: text('schema'), identifier: text('alias') }
}
