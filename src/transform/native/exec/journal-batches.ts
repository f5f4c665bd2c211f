import type { Manifest, Node } from '../parse/nodes.ts'
import { asksForBatches, unfiltered } from '../parse/microbatch.ts'
import type { Batch } from './batches.ts'
import type { BatchSize } from '../parse/microbatch.ts'
import { batchLabel } from './batches.ts'
import { counted, statusLine } from './journal.ts'
import type { Journal } from './journal.ts'
import { nodeInfo } from './journal-nodes.ts'
import type { Place } from './journal-nodes.ts'

/** One batch of a model where it is run; `at` counts from nought. */
export interface BatchPlace {
  readonly node: Node
  readonly size: BatchSize
  readonly batches: readonly Batch[]
  readonly at: number
  readonly place: Pick<Place, 'thread' | 'startedAt' | 'group'>
}

/** What became of a batch, in the word that its line ends with. */
export interface BatchEnd {
  readonly status: 'success' | 'error' | 'skipped'
  readonly message: string
  readonly seconds: number
}

function described({ node, size, batches, at }: BatchPlace): string {
  const [first] = batches
  const batch = batches[at] ?? first
  return `batch ${batch === undefined ? '' : batchLabel(batch, size)} of ${node.schema}.${node.alias}`
}

export function sayBatchStarted(journal: Journal, batch: BatchPlace): void {
  const { node, batches, at, place } = batch
  const description = described(batch)
  const [index, total] = [at + 1, batches.length]
  const line = statusLine(`START ${description}`, 'RUN', { index, total })
  const info = nodeInfo(node, 'started', place.startedAt)
  const data = { batch_index: index, description, node_info: info, total_batches: total }
  journal.say('info', ['LogStartBatch', 'Q045'], `Batch ${line}`, data, place.thread)
}

const WORDS = { success: 'OK created', error: 'ERROR creating', skipped: 'SKIP' } as const

export function sayBatchFinished(journal: Journal, batch: BatchPlace, { status, message, seconds }: BatchEnd): void {
  const { node, batches, at, place } = batch
  const description = described(batch)
  const [index, total] = [at + 1, batches.length]
  const shown = status === 'success' ? message : status.toUpperCase()
  const line = statusLine(`${WORDS[status]} ${description}`, shown, { index, total, seconds })
  const data = {
    batch_index: index,
    description,
    execution_time: seconds,
    node_info: nodeInfo(node, status, place.startedAt, journal.instant()),
    status: status === 'success' ? message : status,
    total_batches: total,
    ...place.group,
  }
  journal.say(status === 'error' ? 'error' : 'info', ['LogBatchResult', 'Q046'], `Batch ${line}`, data, place.thread)
}

/** What the database or a template said while a batch was put into its table; the model's own message does not repeat it. */
export function sayBatchError(journal: Journal, { node, place }: BatchPlace, message: string): void {
  const exc = `Exception on worker thread. ${message}`
  const data = {
    build_path: '',
    exc,
    node_info: nodeInfo(node, 'executing', place.startedAt),
    unique_id: node.uniqueId,
  }
  journal.say(
    'error',
    ['GenericExceptionOnRun', 'W004'],
    `Unhandled error while executing \n${exc}`,
    data,
    place.thread,
  )
}

/** dbt's warnings about the microbatch models of a project, before anything is run. */
export function sayMicrobatch(journal: Journal, manifest: Manifest, isBatched: boolean): void {
  const models = [...manifest.nodes.values()].filter(asksForBatches)
  if (models.length === 0) return
  if (!isBatched) {
    const text =
      '[WARNING]: The use of a custom microbatch macro outside of batched execution is\ndeprecated. To use it with batched execution, set\n`flags.require_batched_execution_for_custom_microbatch_strategy` to `True` in\n`dbt_project.yml`. In the future this will be the default behavior.'
    return journal.warn(['MicrobatchMacroOutsideOfBatchesDeprecation', 'D020'], text)
  }
  const forced = [...manifest.nodes.values()].filter(({ config }) => config['concurrent_batches'] === true).length
  if (forced > 0) {
    const found = counted(forced, 'microbatch model')
    const text = `[WARNING]: Found ${found} with the \`concurrent_batches\` config set to\ntrue, but the postgres adapter does not support running batches concurrently.\nBatches will be run sequentially.`
    journal.warn(['InvalidConcurrentBatchesConfig', 'I075'], text, { adapter_type: 'postgres', num_models: forced })
  }
  for (const name of unfiltered(manifest)) {
    const text = `[WARNING]: The microbatch model '${name}' has no 'ref' or 'source' input with an 'event_time' configuration. \nThis means no filtering can be applied and can result in unexpected duplicate records in the resulting microbatch model.`
    journal.say('warn', ['MicrobatchModelNoEventTimeInputs', 'I074'], text, { model_name: name })
  }
}
