import { existsSync, lstatSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { packagesWanted } from './packages.ts'
import { readProject } from './project-file.ts'
import type { Project, ProjectOptions } from './project-file.ts'
import { isMapping } from './shape.ts'

type Options = Omit<ProjectOptions, 'projectDir' | 'targetPath'>

/**
 * `deps` for packages that lie on this machine: each is linked into the packages folder under its own name, with the packages that it asks
 * for itself. The answer is their names. Throws TRANSFORM_FEATURE_UNSUPPORTED for one that would have to be fetched, before anything changes.
 */
export function installPackages(root: Project, options: Options): readonly string[] {
  const found = new Map<string, Project>()
  collect(root, options, found)
  for (const one of found.values()) link(root.packagesFolder, one)
  return [...found.keys()]
}

function collect(project: Project, options: Options, found: Map<string, Project>): void {
  for (const { file, entry } of packagesWanted(project)) {
    const local = isMapping(entry) ? entry['local'] : undefined
    if (typeof local !== 'string')
      throw new MillraceError('TRANSFORM_FEATURE_UNSUPPORTED', {
        file,
        feature: 'packages from a hub, git or an archive',
        construct: JSON.stringify(entry),
      })
    const one = readProject({ ...options, projectDir: resolve(project.folder, local) })
    if (found.has(one.name)) continue
    found.set(one.name, one)
    collect(one, options, found)
  }
}

/** A link, as dbt makes one: a package that is being worked on is always the current one. */
function link(folder: string, { name, folder: target }: Project): void {
  const path = join(folder, name)
  if (resolve(path) === target) return
  mkdirSync(folder, { recursive: true })
  if (existsSync(path) || isLink(path)) rmSync(path, { recursive: true, force: true })
  symlinkSync(relative(folder, target), path, 'dir')
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true
}
