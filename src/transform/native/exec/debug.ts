import { arch, platform, release } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { isMillraceError } from '../../../domain/errors.ts'
import type { RunnerRequest, RunnerResult } from '../../runner.ts'
import { Database } from '../adapter/database.ts'
import { DBT_VERSION } from '../context/base-names.ts'
import { readTarget } from '../project/profile.ts'
import type { Target } from '../project/profile.ts'
import { readProject } from '../project/project-file.ts'
import type { Project } from '../project/project-file.ts'
import { Journal } from './journal.ts'
import { sayAdapter, sayBeginning } from './journal-ends.ts'
import type { Machine, OnEvent } from './prepare.ts'

/** One of the checks, with what was wrong or null. */
interface Check<Found> {
  readonly found: Found | null
  readonly problem: string | null
}

/** `debug`: whether the project, the profile and the database can be had. Every check is made; one that fails makes the exit code 1. */
export async function debug(request: RunnerRequest, machine: Machine, onEvent: OnEvent): Promise<RunnerResult> {
  const journal = new Journal(machine.clock, onEvent, machine.newId())
  const out = (message: string): void => journal.say('info', ['DebugCmdOut', 'Z047'], message, { msg: message })
  sayBeginning(journal)
  const { projectDir, profilesDir, targetPath, vars, env } = request
  const project = attempt(() => readProject({ projectDir, targetPath, vars, env }))
  const profile = request.profile ?? project.found?.profile ?? null
  const { target, threads } = request
  const wanted = attempt(() => readTarget({ profilesDir, profile, target, threads, vars, env }))
  for (const line of machineLines(request)) out(line)
  if (request.onlyConnection === true) out('Skipping steps before connection verification')
  else for (const line of configurationLines(project, wanted)) out(line)
  const connection = wanted.found === null ? skippedCheck : await connected(wanted.found, journal, out)
  const problems = [wanted.problem, project.problem, connection.problem].filter((problem) => problem !== null)
  const result = (message: string): void => journal.say('info', ['DebugCmdResult', 'Z048'], message, { msg: message })
  if (problems.length === 0) result('All checks passed!')
  else result(`${problems.length} ${problems.length === 1 ? 'check' : 'checks'} failed:`)
  for (const problem of problems) result(`${problem}\n`)
  return { exitCode: problems.length === 0 ? 0 : 1, nodes: [], manifestPath: null, runResultsPath: null }
}

const skippedCheck: Check<never> = { found: null, problem: null }

function attempt<Found>(read: () => Found): Check<Found> {
  try {
    return { found: read(), problem: null }
  } catch (error) {
    if (isMillraceError(error)) return { found: null, problem: error.message }
    throw error
  }
}

function machineLines({ profilesDir, projectDir }: RunnerRequest): string[] {
  return [
    `dbt version: ${DBT_VERSION}`,
    `node version: ${process.versions.node}`,
    `node path: ${process.execPath}`,
    `os info: ${platform()}-${release()}-${arch()}`,
    `Using profiles dir at ${profilesDir}`,
    `Using profiles.yml file at ${join(profilesDir, 'profiles.yml')}`,
    `Using dbt_project.yml file at ${join(projectDir, 'dbt_project.yml')}`,
    'adapter type: postgres',
  ]
}

function configurationLines(project: Check<Project>, target: Check<Target>): string[] {
  const word = ({ problem }: Check<unknown>): string => (problem === null ? 'OK found and valid' : 'ERROR invalid')
  return ['Configuration:', `  profiles.yml file [${word(target)}]`, `  dbt_project.yml file [${word(project)}]`]
}

async function connected(target: Target, journal: Journal, out: (line: string) => void): Promise<Check<true>> {
  out('Connection:')
  const shown = {
    host: target.host,
    port: target.port,
    user: target.user,
    database: target.database,
    schema: target.schema,
    connect_timeout: target.connectTimeoutSeconds,
    role: target.role ?? 'None',
    search_path: target.searchPath ?? 'None',
    sslmode: target.ssl ?? 'None',
  }
  for (const [key, value] of Object.entries(shown)) out(`  ${key}: ${value}`)
  sayAdapter(journal)
  const database = new Database(target, 1)
  try {
    const session = await database.connect('debug')
    await session.close()
    out('  Connection test: [OK connection ok]\n')
    return { found: true, problem: null }
  } catch (error) {
    if (!isMillraceError(error)) throw error
    out('  Connection test: [ERROR]\n')
    return { found: null, problem: error.message }
  } finally {
    await database.close()
  }
}
