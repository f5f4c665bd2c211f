import { join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { targetObject } from '../context/base-names.ts'
import type { Invocation } from '../context/base-names.ts'
import { configurationContext } from '../project/configuration-context.ts'
import type { Project } from '../project/project-file.ts'
import { refuse } from '../features.ts'
import { checkFiles } from './files.ts'
import { loadDocs, loadMacros } from './load-macros.ts'
import { runsBatches, withBatches } from './microbatch.ts'
import type { MacroRegistry } from './macro-registry.ts'
import { placeOf } from './config-types.ts'
import { checkTrees } from './node-config.ts'
import type { DocBlock, Manifest } from './nodes.ts'
import { PackageParser } from './package-parser.ts'
import { buildGenericTests } from './parse-tests.ts'
import { resolveReferences } from './resolve.ts'
import { unitTests } from './unit-tests.ts'

export interface ParseOptions {
  readonly project: Project
  readonly packages: readonly Project[]
  readonly invocation: Invocation
}

export interface ParsedProject {
  readonly manifest: Manifest
  readonly macros: MacroRegistry
}

/** Reads the project with its packages, without a database. Throws the coded error of the first thing that is wrong or not covered. */
export function parseProject({ project: root, packages, invocation }: ParseOptions): ParsedProject {
  const all = [root, ...packages]
  for (const one of all) checkFiles(one)
  const { env, givenVars, target } = invocation
  const context = configurationContext(env, givenVars, new Map([['target', targetObject(target)]]))
  for (const one of all) checkTrees(one, context)
  const macros = loadMacros(root, packages)
  const docs = new Map(all.map((one) => [one.name, loadDocs(one)]))
  const parsers = all.map(
    (project) => new PackageParser({ project, root, invocation, macros, docs: docsOf(docs, project) }),
  )
  const parts = parsers.map((parser) => parser.parse())
  const subjects = parts.flatMap(({ nodes }) => nodes)
  const tests = parsers.flatMap((parser) => buildGenericTests(parser, parser.schema, subjects))
  const sources = parts.flatMap((part) => part.sources)
  const resolved = resolveReferences({
    projectName: root.name,
    restricted: new Set(all.filter(({ restrictAccess }) => restrictAccess).map(({ name }) => name)),
    nodes: [...subjects, ...tests],
    sources: sources.filter((source) => source.config['enabled'] !== false),
    described: [
      ...parts.flatMap((part) => part.described),
      ...parsers.flatMap((parser) => unitTests(parser, parser.schema, subjects)),
    ],
    macros: macros.entries,
    docs: new Map([...docs.values()].flatMap((blocks) => [...blocks.values()].map((block) => [block.uniqueId, block]))),
  })
  const manifest = runsBatches(macros, root.flags.batchesOwnStrategy) ? withBatches(resolved) : resolved
  checkMaterializations(manifest, macros)
  return { manifest, macros }
}

/** A docs block by name: of the package that asks, then of any. */
function docsOf(docs: ReadonlyMap<string, ReadonlyMap<string, DocBlock>>, project: Project) {
  return (packageName: string | null, name: string): DocBlock | undefined => {
    if (packageName !== null) return docs.get(packageName)?.get(name)
    return docs.get(project.name)?.get(name) ?? [...docs.values()].flatMap((blocks) => blocks.get(name) ?? [])[0]
  }
}

function checkMaterializations({ nodes }: Manifest, macros: MacroRegistry): void {
  for (const node of nodes.values()) {
    const name = String(node.config['materialized'])
    if (node.resourceType !== 'model' || name === 'ephemeral' || macros.materialization(name) !== undefined) continue
    refuse('materialization', name, { file: node.originalFilePath })
    throw new MillraceError('TRANSFORM_MATERIALIZATION_UNKNOWN', {
      materialization: name,
      file: node.originalFilePath,
      ...placeOf(join(node.rootFolder, node.originalFilePath), node.name, 'materialized'),
    })
  }
}
