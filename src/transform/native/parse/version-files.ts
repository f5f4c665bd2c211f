import { basename } from 'node:path'
import type { Project } from '../project/project-file.ts'
import { filesOf } from './files.ts'
import type { Patch } from './schema-files.ts'

/** The file name of every version of a package's models; the latest one may lie in the file of the bare name. */
export function versionFiles(project: Project, patches: ReadonlyMap<string, Patch>): ReadonlyMap<string, Patch> {
  const versioned = [...patches.values()].filter(({ versioning }) => versioning !== null)
  if (versioned.length === 0) return new Map()
  const files = new Set(filesOf(project, project.modelPaths, ['.sql']).map(({ path }) => basename(path, '.sql')))
  return new Map(
    versioned.flatMap((patch): [string, Patch][] => {
      if (patch.versioning === null) return []
      const { definedIn, version, latest } = patch.versioning
      return [[!files.has(definedIn) && version === latest ? patch.name : definedIn, patch]]
    }),
  )
}
