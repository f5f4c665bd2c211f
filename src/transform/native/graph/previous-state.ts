import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { MillraceError } from '../../../domain/errors.ts'

const entries = z.record(z.string(), z.looseObject({}))
const manifestFile = z.object({
  metadata: z.object({ dbt_schema_version: z.string() }),
  nodes: entries,
  sources: entries.default({}),
  macros: z.record(z.string(), z.looseObject({ package_name: z.string(), macro_sql: z.string() })).default({}),
  exposures: entries.default({}),
  metrics: entries.default({}),
  semantic_models: entries.default({}),
  saved_queries: entries.default({}),
  unit_tests: entries.default({}),
})
const runResultsFile = z.object({ results: z.array(z.object({ unique_id: z.string(), status: z.string() })) })
const sourcesFile = z.object({
  results: z.array(z.object({ unique_id: z.string(), max_loaded_at: z.string().optional() })),
})

export type PreviousManifest = z.output<typeof manifestFile>
export type PreviousEntry = Readonly<Record<string, unknown>>

/** The artifacts of an earlier invocation, read when a selection asks for them. */
export class PreviousState {
  readonly #folder: string | undefined
  readonly #targetFolder: string
  #manifest: PreviousManifest | undefined

  /** `folder` is `--state`; undefined when none was given. */
  constructor(folder: string | undefined, targetFolder: string) {
    this.#folder = folder
    this.#targetFolder = targetFolder
  }

  /** Throws TRANSFORM_STATE_MISSING without a manifest, TRANSFORM_STATE_UNREADABLE for one of another version. */
  manifest(): PreviousManifest {
    this.#manifest ??= this.#read('manifest.json', manifestFile)
    return this.#manifest
  }

  entry(uniqueId: string): PreviousEntry | undefined {
    const manifest = this.manifest()
    const { nodes, sources, exposures, metrics, semantic_models, saved_queries, unit_tests } = manifest
    const all = [nodes, sources, exposures, metrics, semantic_models, saved_queries, unit_tests]
    return all.find((kind) => Object.hasOwn(kind, uniqueId))?.[uniqueId]
  }

  /** Nodes that ended so in the earlier run. */
  withResult(status: string): ReadonlySet<string> {
    const { results } = this.#read('run_results.json', runResultsFile)
    return new Set(results.filter((result) => result.status === status).map((result) => result.unique_id))
  }

  /** Sources that hold newer rows now than then, or are new; one whose look-up failed is not known to. */
  fresher(): ReadonlySet<string> {
    const then = loadedAt(this.#read('sources.json', sourcesFile))
    const now = loadedAt(this.#readFrom(this.#targetFolder, 'sources.json', sourcesFile))
    const isFresher = ([id, loaded]: readonly [string, string]): boolean => {
      const before = then.get(id)
      return before === undefined || Date.parse(loaded) > Date.parse(before)
    }
    return new Set([...now].filter(isFresher).map(([id]) => id))
  }

  #read<Content>(file: string, schema: z.ZodType<Content>): Content {
    if (this.#folder === undefined) throw new MillraceError('TRANSFORM_STATE_MISSING', { file, folder: '--state' })
    return this.#readFrom(this.#folder, file, schema)
  }

  #readFrom<Content>(folder: string, file: string, schema: z.ZodType<Content>): Content {
    const path = join(folder, file)
    if (!existsSync(path)) throw new MillraceError('TRANSFORM_STATE_MISSING', { file, folder })
    try {
      return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
    } catch (cause) {
      throw new MillraceError('TRANSFORM_STATE_UNREADABLE', { path }, { cause })
    }
  }
}

function loadedAt({ results }: z.output<typeof sourcesFile>): ReadonlyMap<string, string> {
  return new Map(results.flatMap(({ unique_id: id, max_loaded_at: at }) => (at === undefined ? [] : [[id, at]])))
}
