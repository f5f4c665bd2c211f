import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { isMillraceError } from '../domain/errors.ts'
import type { LogSettings } from '../transform/dbt-log.ts'
import type { LoggedEvent, Runner, RunnerCommand, RunnerEvent } from '../transform/runner.ts'
import type { CommandSpec, Invocation } from './command.ts'
import { dbtDiff, dbtDoctor, ignoredOf, lookCommands } from './dbt-look.ts'
import { asKnownError, reportError } from './error-box.ts'

export const command: CommandSpec = {
  name: 'dbt',
  arguments: [{ name: '[arguments...]', text: { en: 'dbt’s own', ko: 'dbt의 인자 그대로' } }],
  options: [
    {
      flags: '--runner <name>',
      text: { en: 'native, or dbt-core for the real one', ko: 'native 또는 실제 dbt-core' },
      choices: ['native', 'dbt-core'],
    },
  ],
  description: {
    en: 'Runs dbt with dbt’s own arguments and exit codes: 0 all well, 1 a node failed, 2 could not be carried out. Needs a dbt project and its profiles.yml, no Millrace project.',
    ko: 'dbt의 인자와 종료 코드 그대로 실행합니다: 0 정상, 1 노드 실패, 2 실행 불가. dbt 프로젝트와 profiles.yml만 있으면 되고 Millrace 프로젝트는 필요 없습니다.',
  },
  examples: [
    { line: 'millrace dbt build --project-dir dbt', text: { en: 'models and tests', ko: '모델과 테스트' } },
    {
      line: 'millrace dbt run --select stg_campaign_metrics+ --runner dbt-core',
      text: { en: 'by the real dbt-core', ko: '실제 dbt-core로' },
    },
    {
      line: 'millrace dbt doctor --project-dir dbt',
      text: { en: 'what the native runner does not do', ko: '내장 러너가 하지 않는 것' },
    },
    { line: 'millrace dbt diff', text: { en: 'both runners side by side', ko: '두 러너 비교' } },
  ],
  passThrough: true,
  run: dbt,
}

const cannotBeCarriedOut = 2

const helpWords: ReadonlySet<string> = new Set(['--help', '-h'])
const versionWords: ReadonlySet<string> = new Set(['--version', '-V', '-v'])

/** Takes `--runner NAME` out of dbt's own arguments; dbt has no such flag. */
function runnerOf(args: readonly string[]): { readonly name: string; readonly rest: readonly string[] } {
  const joined = args.find((word) => word.startsWith('--runner='))
  if (joined) return { name: joined.slice('--runner='.length), rest: args.filter((word) => word !== joined) }
  const at = args.indexOf('--runner')
  if (at < 0) return { name: 'native', rest: args }
  return { name: args[at + 1] ?? '', rest: args.toSpliced(at, 2) }
}

/** The value of dbt's own `--project-dir`, in either of its spellings. */
function givenProject(args: readonly string[]): string | undefined {
  const joined = args.find((word) => word.startsWith('--project-dir='))
  if (joined !== undefined) return joined.slice('--project-dir='.length)
  const at = args.indexOf('--project-dir')
  return at < 0 ? undefined : args[at + 1]
}

async function dbt(invocation: Invocation, args: readonly string[]): Promise<number> {
  const { output, language, env, signal } = invocation
  try {
    const { name, rest } = runnerOf(args)
    if (rest.some((word) => helpWords.has(word)) || versionWords.has(rest[0] ?? '')) {
      const { dbtHelp, dbtVersion } = await import('../transform/dbt-help.ts')
      output.data(versionWords.has(rest[0] ?? '') ? dbtVersion(name) : dbtHelp(rest))
      return 0
    }
    await using around = await surroundings(invocation, givenProject(rest))
    const { parseDbtArguments, parseDbtInvocation } = await import('../transform/dbt-command.ts')
    const { ignored, rest: own } = ignoredOf(rest)
    const [word = '', ...flags] = own
    if (lookCommands.has(word)) {
      const request = { ...parseDbtArguments(['build', ...flags], around.env, around.projectDir), signal }
      if (word === 'doctor') return await dbtDoctor(invocation, request)
      const runners = { native: await openRunner('native'), dbtCore: await openRunner('dbt-core') }
      return await dbtDiff(invocation, request, { ...runners, ignoredColumns: ignored })
    }
    const runner = await openRunner(name)
    const { request, log } = parseDbtInvocation(rest, around.env, around.projectDir)
    const { exitCode } = await told(invocation, log, name, (onEvent) => runner.invoke({ ...request, signal }, onEvent))
    return exitCode
  } catch (error) {
    if (isMillraceError(error, 'CLI_INTERRUPTED')) throw error
    // dbt's own word for an invocation that was not understood or could not begin.
    const known = asKnownError(error)
    reportError(output, known, language, Boolean(env['MILLRACE_DEBUG']))
    const { errorPlace } = await import('../transform/code-frame.ts')
    for (const line of errorPlace(projectOf(invocation, args), known.facts)) output.warn(line)
    return cannotBeCarriedOut
  }
}

/** The dbt project that was worked on, as far as the arguments tell. */
function projectOf({ projectDir, env }: Invocation, args: readonly string[]): string {
  return resolve(givenProject(args) ?? env['DBT_PROJECT_DIR'] ?? projectDir)
}

interface Surroundings extends AsyncDisposable {
  readonly projectDir: string
  readonly env: Invocation['env']
}

/**
 * Where dbt works when nothing is said. Inside a Millrace project that is its dbt project and its warehouse, unless the folder
 * is a dbt project itself or the variables of the profile are set.
 */
async function surroundings(invocation: Invocation, given: string | undefined): Promise<Surroundings> {
  const { projectDir, env } = invocation
  const alone = { projectDir, env, async [Symbol.asyncDispose]() {} }
  const isElsewhere = given !== undefined && relative(projectDir, resolve(given)).startsWith('..')
  const isDbtProject = existsSync(join(projectDir, 'dbt_project.yml'))
  if (isElsewhere || isDbtProject) return alone
  const { findConfigFile } = await import('../config-read.ts')
  if (findConfigFile(projectDir) === undefined) return alone
  const { openWarehouse } = await import('../config.ts')
  const { openContext, projectSettings } = await import('./project.ts')
  const settings = await projectSettings(invocation)
  if (settings.transform === null) return alone
  const { project, profiles } = settings.transform
  // dbt looks for profiles.yml in the project that it is told of.
  const inside = given === undefined ? { ...env, DBT_PROFILES_DIR: env['DBT_PROFILES_DIR'] ?? profiles } : env
  if (env['MILLRACE_DBT_HOST'] !== undefined) return { ...alone, projectDir: project, env: inside }
  const warehouse = await openWarehouse(settings, openContext(invocation))
  const { host, port, user, password, database, schema } = warehouse.connection
  return {
    projectDir: project,
    env: {
      ...inside,
      MILLRACE_DBT_HOST: host,
      MILLRACE_DBT_PORT: String(port),
      MILLRACE_DBT_USER: user,
      MILLRACE_DBT_PASSWORD: password ?? '',
      MILLRACE_DBT_DBNAME: database,
      MILLRACE_DBT_RAW_SCHEMA: schema,
    },
    [Symbol.asyncDispose]: () => warehouse[Symbol.asyncDispose](),
  }
}

async function openRunner(name: string): Promise<Runner> {
  const { MillraceError } = await import('../domain/errors.ts')
  const { adapters, adapterNames } = await import('../adapters.ts')
  const known = adapterNames('runner').find((one) => one === name)
  if (!known)
    throw new MillraceError('CLI_USAGE', {
      command: 'dbt',
      detail: `--runner wants ${adapterNames('runner').join(' or ')}`,
    })
  const loaded: { readonly adapter: { open(options: object): Promise<Runner> } } = await adapters.runner[known]()
  return loaded.adapter.open(known === 'dbt-core' ? { install: true } : {})
}

/** Commands whose lines of data a reader pipes on: there the log stands beside them, on stderr. */
const piped: ReadonlySet<RunnerCommand> = new Set(['ls', 'show'])

/**
 * Runs the work and tells of it as dbt does: its lines go to stdout, of `ls` and `show` the data alone does. dbt-core keeps its own file of
 * the log; the native runner's is written here.
 */
async function told<Result>(
  { output }: Invocation,
  settings: LogSettings,
  runner: string,
  work: (onEvent: (event: RunnerEvent) => void) => Promise<Result>,
): Promise<Result> {
  const { LogFile, consoleLine, encountered } = await import('../transform/dbt-log.ts')
  const file = runner === 'native' ? new LogFile(settings) : null
  const styles = { error: 'red', warn: 'yellow' } as const
  let last: LoggedEvent | undefined
  try {
    return await work((event) => {
      if (event.kind !== 'log' && event.kind !== 'output') return
      last = event.event ?? last
      file?.add(event)
      const line = consoleLine(event, settings)
      if (line === null) return
      if (line.isData || !piped.has(settings.command)) return output.data(`${line.text}\n`)
      const style = line.level === 'error' || line.level === 'warn' ? styles[line.level] : undefined
      output.warn(style === undefined ? line.text : output.paint(style, line.text))
    })
  } catch (error) {
    // People read the error's own box; programs that read the log find it there too, as dbt has it.
    const said = last === undefined || file === null ? null : encountered(last, asKnownError(error).message)
    if (said !== null) file?.add(said)
    const line = said === null || settings.format !== 'json' ? null : consoleLine(said, settings)
    if (line !== null) output.data(`${line.text}\n`)
    throw error
  } finally {
    file?.close()
  }
}
