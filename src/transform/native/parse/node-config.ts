import { join } from 'node:path'
import type { Invocation } from '../context/base-names.ts'
import { refuse } from '../features.ts'
import { renderConfiguration } from '../project/configuration-context.ts'
import type { configurationContext } from '../project/configuration-context.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'
import type { Project } from '../project/project-file.ts'
import { YamlFile } from '../project/yaml-file.ts'
import type { NodeConfig } from './nodes.ts'
import { placing } from './template-place.ts'

/** Refuses what a node asks for and the runner does not do; a contract that is not enforced asks for nothing. */
export function refuseConfig(config: NodeConfig, file: string): void {
  for (const [key, value] of Object.entries(config)) {
    const idle = value === null || value === undefined || (isMapping(value) && value['enforced'] === false)
    if (!idle) refuse('config', key, { file })
  }
}

const HOOKS = new Set(['pre-hook', 'post-hook', 'pre_hook', 'post_hook'])

/** A level of dbt_project.yml of a folder with its values rendered; hooks stay as they are written. An error stands at its text there. */
export function renderedLevel(
  level: Mapping,
  context: ReturnType<typeof configurationContext>,
  folder: string,
): Mapping {
  const name = 'dbt_project.yml'
  const rendered = (value: unknown): unknown => renderConfiguration(value, context, name)
  const late = Object.entries(level).filter(([key]) => HOOKS.has(key))
  const early = Object.fromEntries(Object.entries(level).filter(([key]) => !HOOKS.has(key)))
  try {
    return { ...(rendered(early) as Mapping), ...Object.fromEntries(late) }
  } catch {
    return placing(YamlFile.read(join(folder, name), name), early, rendered) as Mapping
  }
}

/** dbt renders all of dbt_project.yml before it looks at a node: what is wrong in a folder of no model is wrong, too. */
export function checkTrees({ folder, configs }: Project, context: ReturnType<typeof configurationContext>): void {
  for (const tree of Object.values(configs) as Mapping[]) renderedLevel(withoutHooks(tree), context, folder)
}

function withoutHooks(tree: Mapping): Mapping {
  const kept = Object.entries(tree).filter(([key]) => !HOOKS.has(key.replace(/^\+/, '')))
  return Object.fromEntries(kept.map(([key, value]) => [key, isMapping(value) ? withoutHooks(value) : value]))
}

/** Whether a test keeps the rows that it finds: its own word, else the invocation's. */
export function storesFailures(config: NodeConfig, { storeFailures }: Pick<Invocation, 'storeFailures'>): boolean {
  if (config['store_failures_as'] === 'ephemeral') return false
  if (config['store_failures_as'] === 'table' || config['store_failures_as'] === 'view') return true
  return typeof config['store_failures'] === 'boolean' ? config['store_failures'] : storeFailures
}
