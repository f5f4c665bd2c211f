import { resolve } from 'node:path'
import { isMillraceError } from '../domain/errors.ts'
import type { Runner, RunnerEvent } from '../transform/runner.ts'
import type { CommandSpec, Invocation } from './command.ts'
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
  ],
  passThrough: true,
  run: dbt,
}

const cannotBeCarriedOut = 2

/** Takes `--runner NAME` out of dbt's own arguments; dbt has no such flag. */
function runnerOf(args: readonly string[]): { readonly name: string; readonly rest: readonly string[] } {
  const joined = args.find((word) => word.startsWith('--runner='))
  if (joined) return { name: joined.slice('--runner='.length), rest: args.filter((word) => word !== joined) }
  const at = args.indexOf('--runner')
  if (at < 0) return { name: 'native', rest: args }
  return { name: args[at + 1] ?? '', rest: args.toSpliced(at, 2) }
}

async function dbt(invocation: Invocation, args: readonly string[]): Promise<number> {
  const { output, language, env, signal, projectDir } = invocation
  try {
    const { name, rest } = runnerOf(args)
    const { parseDbtArguments } = await import('../transform/dbt-command.ts')
    const request = parseDbtArguments(rest, env, projectDir)
    const runner = await openRunner(name)
    const paths = {
      projectDir: resolve(projectDir, request.projectDir),
      profilesDir: resolve(projectDir, request.profilesDir),
    }
    const { exitCode } = await runner.invoke({ ...request, ...paths, signal }, (event) => tell(invocation, event))
    return exitCode
  } catch (error) {
    if (isMillraceError(error, 'CLI_INTERRUPTED')) throw error
    // dbt's own word for an invocation that was not understood or could not begin.
    reportError(output, asKnownError(error), language, Boolean(env['MILLRACE_DEBUG']))
    return cannotBeCarriedOut
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

function tell({ output }: Invocation, event: RunnerEvent): void {
  if (event.kind === 'output') return output.data(`${event.line}\n`)
  if (event.kind === 'node_finished') {
    const { status, uniqueId, executionSeconds, message } = event.result
    const bad = status === 'error' || status === 'fail'
    const text = `${event.index} of ${event.total}  ${status.toUpperCase().padEnd(7)}  ${uniqueId}  ${executionSeconds.toFixed(2)}s`
    return output.say(bad && message ? `${output.paint('red', text)}\n${message}` : text)
  }
  if (event.kind === 'log' && event.level !== 'debug')
    return event.level === 'info' ? output.say(event.message) : output.warn(event.message)
  return undefined
}
