import { dbtOptions } from '../../dbt-options.ts'
import type { DbtOption, DbtOptionName } from '../../dbt-options.ts'
import type { RunnerRequest } from '../../runner.ts'

/** dbt's own words for commands that have a longer name here. */
const words: Readonly<Partial<Record<RunnerRequest['command'], string>>> = {
  'source-freshness': 'freshness',
  'docs-generate': 'generate',
  ls: 'list',
}

/** The command as dbt calls it in artifacts and to templates. */
export function commandWord(command: RunnerRequest['command']): string {
  return words[command] ?? command
}

/** `args` of run_results.json: what `retry` needs to do the same again. */
export function argumentsContent(request: RunnerRequest): Readonly<Record<string, unknown>> {
  const isSet = (value: unknown): boolean => value !== undefined
  const given = {
    target: request.target,
    profile: request.profile,
    threads: request.threads,
    selector: request.selector,
    state: request.statePath,
    defer_state: request.deferStatePath,
    macro: request.operation?.macro,
    args: request.operation?.args,
    store_failures: request.storeFailures,
    inline: request.inline,
    limit: request.limit,
    event_time_start: request.eventTime?.start,
    event_time_end: request.eventTime?.end,
  }
  const all = {
    which: commandWord(request.command),
    project_dir: request.projectDir,
    profiles_dir: request.profilesDir,
    select: request.select,
    exclude: request.exclude,
    resource_types: request.resourceTypes ?? [],
    exclude_resource_types: request.excludeResourceTypes ?? [],
    indirect_selection: request.indirectSelection ?? 'eager',
    vars: request.vars,
    fail_fast: request.failFast,
    full_refresh: request.fullRefresh,
    defer: request.defer ?? false,
    favor_state: request.favorState ?? false,
    empty: request.empty ?? false,
    partial_parse: request.partialParse ?? true,
    write_json: request.writeJson ?? true,
    send_anonymous_usage_stats: false,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => isSet(value))),
    ...(request.invocationCommand === undefined ? {} : { invocation_command: request.invocationCommand }),
  }
  return Object.fromEntries(Object.entries(all).filter(([key]) => takes(request.command, key)))
}

/** Whether the command has such an option; dbt-core's `retry` refuses the arguments of others. */
function takes(command: RunnerRequest['command'], key: string): boolean {
  const name = key.replaceAll('_', '-')
  if (!Object.hasOwn(dbtOptions, name)) return true
  const { commands }: DbtOption = dbtOptions[name as DbtOptionName]
  return commands === undefined || commands.includes(command)
}
