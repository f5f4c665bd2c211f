import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import { readProject } from './project-file.ts'
import type { Project, ProjectOptions } from './project-file.ts'
import { Reader } from './shape.ts'
import { YamlFile } from './yaml-file.ts'

export interface PackageWanted {
  readonly file: string
  readonly entry: unknown
}

/** The packages that a project asks for: `packages.yml`, or the same list in `dependencies.yml`. */
function packagesWanted(root: Pick<Project, 'folder'>): readonly PackageWanted[] {
  for (const name of ['packages.yml', 'dependencies.yml']) {
    const path = join(root.folder, name)
    if (!existsSync(path)) continue
    const file = YamlFile.read(path, name)
    const reader = new Reader(file)
    const { packages } = reader.mapping(file.value, []) as { packages?: unknown }
    const entries = reader.list(packages, ['packages'])
    if (entries.length > 0) return entries.map((entry) => ({ file: name, entry }))
  }
  return []
}

/**
 * The packages that are installed beside a project, in the order of their folders. Throws TRANSFORM_PACKAGES_MISSING when the project asks
 * for more than are there, and TRANSFORM_NAME_DOUBLED when two have one name.
 */
export function readPackages(
  root: Project,
  options: Omit<ProjectOptions, 'projectDir' | 'targetPath'>,
): readonly Project[] {
  const folder = root.packagesFolder
  const names = existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .filter((name) => !name.startsWith('.') && isPackage(join(folder, name)))
    : []
  const wanted = packagesWanted(root).length
  if (names.length < wanted)
    throw new MillraceError('TRANSFORM_PACKAGES_MISSING', { wanted, found: names.length, folder })
  const packages = names.map((name) => readProject({ ...options, projectDir: join(folder, name) }))
  const held = new Map<string, Project>([[root.name, root]])
  for (const one of packages) {
    const other = held.get(one.name)
    if (other !== undefined)
      throw new MillraceError('TRANSFORM_NAME_DOUBLED', {
        name: one.name,
        kind: 'package',
        first: other.folder,
        second: one.folder,
      })
    held.set(one.name, one)
  }
  return packages
}

function isPackage(path: string): boolean {
  return statSync(path).isDirectory() && existsSync(join(path, 'dbt_project.yml'))
}
