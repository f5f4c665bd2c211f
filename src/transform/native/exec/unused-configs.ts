import type { Manifest } from '../parse/nodes.ts'
import type { Project } from '../project/project-file.ts'
import { isMapping } from '../project/shape.ts'
import type { Mapping } from '../project/shape.ts'

/** The configuration trees of dbt_project.yml by dbt's names for them. */
const trees = [
  ['models', 'models', 'model'],
  ['seeds', 'seeds', 'seed'],
  ['snapshots', 'snapshots', 'snapshot'],
  ['sources', 'sources', 'source'],
  ['data_tests', 'tests', 'test'],
  ['unit_tests', 'unitTests', 'unit_test'],
  ['exposures', 'exposures', 'exposure'],
] as const

/** Paths of a project's configuration that no resource lies below, as dbt warns of them: a misspelt folder says nothing otherwise. */
export function unusedConfigPaths(project: Project, manifest: Manifest): readonly string[] {
  const off = [...manifest.disabled.values(), ...manifest.disabledDescribed].map(({ fqn }) => fqn)
  const all = [...manifest.nodes.values(), ...manifest.sources.values(), ...manifest.described.values()]
  return trees.flatMap(([word, key, type]) => {
    const fqns = [...all.filter((one) => one.resourceType === type).map(({ fqn }) => fqn), ...off]
    return configPaths(project.configs[key], [])
      .filter((path) => !fqns.some((fqn) => path.every((part, at) => fqn[at] === part)))
      .map((path) => [word, ...path].join('.'))
  })
}

/** Where a tree says something, each place once. */
function configPaths(tree: Mapping, path: readonly string[]): (readonly string[])[] {
  const isBranch = ([key, value]: readonly [string, unknown]): boolean => isMapping(value) && !key.startsWith('+')
  const entries = Object.entries(tree)
  const below = entries
    .filter(isBranch)
    .flatMap(([key, value]) => configPaths(isMapping(value) ? value : {}, [...path, key]))
  return entries.some((entry) => !isBranch(entry)) ? [path, ...below] : below
}
