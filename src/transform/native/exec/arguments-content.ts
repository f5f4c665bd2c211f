import { join } from 'node:path'
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

/** Of dbt's flags those that this runner does not have, as dbt has them when nobody sets them: macros look for the key. */
const DEFAULTS = {
  cache_selected_only: false,
  introspect: true,
  log_file_max_bytes: 10_485_760,
  log_format: 'default',
  log_format_file: 'debug',
  log_level: 'info',
  log_level_file: 'debug',
  macro_debugging: false,
  partial_parse_file_diff: true,
  populate_cache: true,
  print: true,
  printer_width: 80,
  show_resource_report: false,
  static_parser: true,
  strict_mode: false,
  use_colors_file: true,
  use_fast_test_edges: false,
  version_check: true,
  inject_ephemeral_ctes: true,
  show_all_deprecations: false,
  upload_to_artifacts_ingest_api: false,
  validate_macro_args: false,
  require_all_warnings_handled_by_warn_error: false,
  require_batched_execution_for_custom_microbatch_strategy: false,
  require_explicit_package_overrides_for_builtin_materializations: true,
  require_generic_test_arguments_property: true,
  require_nested_cumulative_type_params: false,
  require_ref_searches_node_package_before_root: false,
  require_resource_names_without_spaces: true,
  require_unique_project_resource_names: false,
  require_yaml_configuration_for_mf_time_spines: false,
  skip_nodes_if_on_run_start_fails: false,
  source_freshness_run_project_hooks: true,
  state_modified_compare_more_unrendered_values: false,
  state_modified_compare_vars: false,
}

/** Of the flags that a project sets those of dbt's behaviour, which stand beside the arguments. */
export function behaviourOf(flags: Readonly<Record<string, unknown>>): Readonly<Record<string, boolean>> {
  return Object.fromEntries(
    Object.entries(flags).filter(
      (entry): entry is [string, boolean] =>
        typeof entry[1] === 'boolean' && /^(?:require_|state_modified_|skip_nodes_|source_freshness_)/.test(entry[0]),
    ),
  )
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
    ...DEFAULTS,
    which: commandWord(request.command),
    log_path: join(request.projectDir, 'logs'),
    quiet: request.quiet ?? false,
    use_colors: request.useColors ?? true,
    warn_error_options: request.warnErrors ?? { error: [], warn: [], silence: [] },
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
