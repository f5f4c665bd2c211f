import { MillraceError } from '../../../domain/errors.ts'
import { fromIso } from '../jinja/civil-format.ts'
import { PyDateTime } from '../jinja/civil-time.ts'
import { fromHost } from '../jinja/json.ts'
import { repr, str, typeName } from '../jinja/text.ts'
import type { Value } from '../jinja/value.ts'
import { PythonError } from '../jinja/value.ts'
import { INTERNAL_PACKAGE } from './macro-registry.ts'
import type { MacroRegistry } from './macro-registry.ts'
import type { Manifest, Node } from './nodes.ts'

const STRATEGY = 'get_incremental_microbatch_sql'

/** How much of time one batch of a microbatch model covers. */
const batchSizes = ['hour', 'day', 'month', 'year'] as const
export type BatchSize = (typeof batchSizes)[number]

/** Whether a model asks to be built in batches of time. */
export function asksForBatches({ resourceType, config }: Pick<Node, 'resourceType' | 'config'>): boolean {
  const isIncremental = config['materialized'] === 'incremental' && config['incremental_strategy'] === 'microbatch'
  return resourceType === 'model' && isIncremental
}

/** Whether batches are run at all: a project with a strategy of that name of its own has it called once, unless its flags say otherwise. */
export function runsBatches(macros: MacroRegistry, isRequired: boolean): boolean {
  return isRequired || macros.find(STRATEGY)?.packageName === INTERNAL_PACKAGE
}

/**
 * The manifest with every microbatch model's `begin` as an instant. Throws TRANSFORM_MICROBATCH_CONFIG, in dbt's words, for the first
 * configuration that is missing or wrong.
 */
export function withBatches(manifest: Manifest): Manifest {
  const nodes = new Map(
    [...manifest.nodes].map(([id, node]): [string, Node] => [
      id,
      asksForBatches(node) ? checked(node, manifest) : node,
    ]),
  )
  return { ...manifest, nodes }
}

function checked(node: Node, manifest: Manifest): Node {
  const { event_time: eventTime, batch_size: size, lookback, concurrent_batches: concurrent } = node.config
  if (isNone(eventTime))
    refuse(
      node,
      'event_time',
      "must provide an 'event_time' (string) config that indicates the name of the event time column.",
    )
  if (typeof eventTime !== 'string')
    refuse(node, 'event_time', `must provide an 'event_time' config of type string, but got: ${classOf(eventTime)}.`)
  const begin = beginOf(node)
  if (!batchSizes.some((one) => one === size))
    refuse(
      node,
      'batch_size',
      `must provide a 'batch_size' config that is one of ${repr(fromHost(batchSizes))}, but got: ${str(fromHost(size))}.`,
    )
  if (!isNone(lookback) && !Number.isInteger(lookback))
    refuse(node, 'lookback', `must provide the optional 'lookback' config as type int, but got: ${classOf(lookback)}).`)
  if (!isNone(concurrent) && typeof concurrent !== 'boolean')
    refuse(
      node,
      'concurrent_batches',
      `optional 'concurrent_batches' config must be of type \`bool\` if specified, but got: ${classOf(concurrent)}).`,
    )
  checkInputs(node, manifest)
  return { ...node, config: { ...node.config, begin } }
}

function isNone(value: unknown): value is null | undefined {
  return value === null || value === undefined
}

function beginOf(node: Node): string {
  const { begin } = node.config
  if (isNone(begin))
    refuse(
      node,
      'begin',
      "must provide a 'begin' (datetime) config that indicates the earliest timestamp the microbatch model should be built from.",
    )
  if (typeof begin !== 'string')
    refuse(node, 'begin', `must provide a 'begin' config of type datetime, but got: ${classOf(begin)}.`)
  try {
    return str(new PyDateTime(fromIso(begin).microseconds)).replace(' ', 'T')
  } catch (error) {
    if (!(error instanceof PythonError)) throw error
    return refuse(node, 'begin', `must provide a 'begin' config of valid datetime (ISO format), but got: ${begin}.`)
  }
}

function checkInputs(node: Node, { nodes, sources }: Manifest): void {
  for (const id of node.dependsOnNodes) {
    const input = nodes.get(id) ?? sources.get(id)
    const eventTime = input?.config['event_time']
    if (input === undefined || isNone(eventTime) || eventTime === false || typeof eventTime === 'string') continue
    refuse(
      node,
      'event_time',
      `depends on an input node '${input.name}' with an 'event_time' config of invalid (non-string) type: ${classOf(eventTime)}.`,
    )
  }
}

function classOf(value: unknown): string {
  return `<class '${typeName(fromHost(value))}'>`
}

function refuse({ name, originalFilePath }: Node, key: string, problem: string): never {
  const message = `Microbatch model '${name}' ${problem}`
  throw new MillraceError('TRANSFORM_MICROBATCH_CONFIG', { file: originalFilePath, model: name, key, message })
}

/** A model's `begin` as templates see it. */
export function beginValue(text: unknown): Value {
  return typeof text === 'string' ? new PyDateTime(fromIso(text).microseconds) : null
}

/** The microbatch models that read nothing by time: every batch of them holds every row. */
export function unfiltered({ nodes, sources }: Manifest): readonly string[] {
  const isTimed = (id: string): boolean => {
    const eventTime = (nodes.get(id) ?? sources.get(id))?.config['event_time']
    return typeof eventTime === 'string' && eventTime !== ''
  }
  const models = [...nodes.values()].filter((node) => asksForBatches(node) && !node.dependsOnNodes.some(isTimed))
  return models.map(({ name }) => name)
}
