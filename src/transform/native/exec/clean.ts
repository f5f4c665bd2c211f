import { rmSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { MillraceError } from '../../../domain/errors.ts'
import type { RunnerRequest, RunnerResult } from '../../runner.ts'
import { readProject } from '../project/project-file.ts'
import { Journal } from './journal.ts'
import { sayBeginning } from './journal-ends.ts'
import type { Machine, OnEvent } from './prepare.ts'

/**
 * Removes the folders that the project lists as `clean-targets`; the target folder when it lists none. Never a folder of sources, and
 * nothing outside the project unless the request says so. Throws TRANSFORM_CLEAN_SOURCES, TRANSFORM_CLEAN_OUTSIDE before anything is removed.
 */
export function clean(request: RunnerRequest, machine: Machine, onEvent: OnEvent): RunnerResult {
  const { projectDir, targetPath, vars, env } = request
  const journal = new Journal(machine.clock, onEvent, machine.newId())
  sayBeginning(journal)
  const project = readProject({ projectDir, targetPath, vars, env })
  const paths = [...new Set(project.cleanTargets.map((path) => resolve(project.folder, path)))]
  const sources = [
    ...project.modelPaths,
    ...project.seedPaths,
    ...project.snapshotPaths,
    ...project.analysisPaths,
    ...project.macroPaths,
    ...project.testPaths,
  ].map((path) => resolve(project.folder, path))
  const guarded = paths.filter((path) => sources.includes(path))
  if (guarded.length > 0) throw new MillraceError('TRANSFORM_CLEAN_SOURCES', { path: guarded.join(', ') })
  const outside = paths.filter((path) => isOutside(project.folder, path))
  if (outside.length > 0 && request.cleanOutside !== true)
    throw new MillraceError('TRANSFORM_CLEAN_OUTSIDE', { path: outside.join(', ') })
  for (const path of paths) {
    journal.say('info', ['CheckCleanPath', 'Z012'], `Checking ${path}/*`, { path })
    rmSync(path, { recursive: true, force: true })
    journal.say('info', ['ConfirmCleanPath', 'Z013'], `Cleaned ${path}/*`, { path })
  }
  journal.say('info', ['FinishedCleanPaths', 'Z015'], 'Finished cleaning all paths.')
  return { exitCode: 0, nodes: [], manifestPath: null, runResultsPath: null }
}

/** The project itself counts as outside: it is not removed either. */
function isOutside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  return way === '' || way.startsWith('..')
}
