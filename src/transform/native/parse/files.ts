import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import type { Project } from '../project/project-file.ts'
import { refuse } from '../features.ts'

export interface SourceFile {
  /** Below the project, with forward slashes. */
  readonly file: string
  /** Below the folder of its kind. */
  readonly path: string
  readonly text: string
}

/** Every file of the folders with one of the endings, in the order of their names. */
export function filesOf(project: Project, folders: readonly string[], endings: readonly string[]): SourceFile[] {
  return [...new Set(folders)].flatMap((folder) =>
    below(join(project.folder, folder))
      .filter((path) => endings.includes(extname(path)))
      .map((path) => ({
        file: slashes(relative(project.folder, path)),
        path: slashes(relative(join(project.folder, folder), path)),
        text: textOf(path, slashes(relative(project.folder, path))),
      })),
  )
}

/** A seed is held in memory whole and loaded in statements; what is larger belongs to COPY. */
const SEED_MB_MAX = 256

function textOf(path: string, file: string): string {
  const sizeMb = extname(path) === '.csv' ? statSync(path).size / 2 ** 20 : 0
  if (sizeMb > SEED_MB_MAX)
    throw new MillraceError('TRANSFORM_SEED_TOO_LARGE', { file, sizeMb: Math.round(sizeMb), limitMb: SEED_MB_MAX })
  return readFileSync(path, 'utf8')
}

function slashes(path: string): string {
  return path.split(sep).join('/')
}

function below(folder: string): string[] {
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

/** Refuses files whose kind the native runner does not do. */
export function checkFiles(project: Project): void {
  for (const file of filesOf(project, project.modelPaths, ['.py']))
    refuse('file', extname(file.path), { file: file.file })
}
