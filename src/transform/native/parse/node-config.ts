import type { Invocation } from '../context/base-names.ts'
import { refuse } from '../features.ts'
import { renderConfiguration } from '../project/configuration-context.ts'
import type { configurationContext } from '../project/configuration-context.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import type { NodeConfig } from './nodes.ts'

/** Refuses what a node asks for and the runner does not do; a contract that is not enforced asks for nothing. */
export function refuseConfig(config: NodeConfig, file: string): void {
  for (const [key, value] of Object.entries(config)) {
    const idle = value === null || value === undefined || (isMapping(value) && value['enforced'] === false)
    if (!idle) refuse('config', key, { file })
  }
}

const HOOKS = new Set(['pre-hook', 'post-hook', 'pre_hook', 'post_hook'])

/** A level of dbt_project.yml with its values rendered; hooks stay as they are written. */
export function renderedLevel(level: Mapping, context: ReturnType<typeof configurationContext>): Mapping {
  return Object.fromEntries(
    Object.entries(level).map(([key, value]) => [
      key,
      HOOKS.has(key) ? value : renderConfiguration(value, context, 'dbt_project.yml'),
    ]),
  )
}

/** Whether a test keeps the rows that it finds: its own word, else the invocation's. */
export function storesFailures(config: NodeConfig, { storeFailures }: Pick<Invocation, 'storeFailures'>): boolean {
  if (config['store_failures_as'] === 'ephemeral') return false
  if (config['store_failures_as'] === 'table' || config['store_failures_as'] === 'view') return true
  return typeof config['store_failures'] === 'boolean' ? config['store_failures'] : storeFailures
}
