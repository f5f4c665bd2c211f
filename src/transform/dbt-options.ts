import type { RunnerCommand } from './runner.ts'

/** One of dbt's options: how it is written, where else it is read from, and which commands take it. */
export interface DbtOption {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: true
  /** Whether every word up to the next flag belongs to it. */
  readonly list?: true
  /** dbt's variable of the environment, without the prefix `DBT_`. */
  readonly env?: string
  /** The commands that take it; every one when absent. */
  readonly commands?: readonly RunnerCommand[]
}

const selecting = [
  'build',
  'run',
  'test',
  'seed',
  'snapshot',
  'compile',
  'ls',
  'show',
  'clone',
  'source-freshness',
  'docs-generate',
] as const satisfies readonly RunnerCommand[]
const typed = ['build', 'test', 'ls', 'clone'] as const satisfies readonly RunnerCommand[]
const threaded = [...selecting.filter((one) => one !== 'ls'), 'parse', 'retry', 'run-operation'] as const
const refreshing = ['build', 'run', 'seed', 'compile', 'show', 'clone', 'retry'] as const
const targeted = [...selecting, 'clean', 'parse', 'retry', 'run-operation'] as const

/** Every option that is understood, by its long name. `--no-NAME` turns a boolean one off. */
export const dbtOptions = {
  'project-dir': { type: 'string', env: 'PROJECT_DIR' },
  'profiles-dir': { type: 'string', env: 'PROFILES_DIR' },
  profile: { type: 'string', env: 'PROFILE' },
  target: { type: 'string', short: 't', env: 'TARGET' },
  'target-path': { type: 'string', env: 'TARGET_PATH', commands: targeted },
  select: { type: 'string', short: 's', multiple: true, list: true, commands: selecting },
  models: { type: 'string', short: 'm', multiple: true, list: true, commands: selecting },
  model: { type: 'string', multiple: true, list: true, commands: selecting },
  exclude: { type: 'string', multiple: true, list: true, commands: selecting },
  'resource-type': { type: 'string', multiple: true, list: true, commands: typed, env: 'RESOURCE_TYPES' },
  'resource-types': { type: 'string', multiple: true, list: true, commands: typed },
  'exclude-resource-type': {
    type: 'string',
    multiple: true,
    list: true,
    commands: typed,
    env: 'EXCLUDE_RESOURCE_TYPES',
  },
  'exclude-resource-types': { type: 'string', multiple: true, list: true, commands: typed },
  selector: { type: 'string', commands: selecting },
  'indirect-selection': { type: 'string', env: 'INDIRECT_SELECTION' },
  state: { type: 'string', env: 'STATE' },
  'defer-state': { type: 'string', env: 'DEFER_STATE' },
  defer: { type: 'boolean', env: 'DEFER' },
  'favor-state': { type: 'boolean', env: 'FAVOR_STATE' },
  output: { type: 'string', short: 'o', commands: ['ls', 'show', 'compile', 'source-freshness'] },
  'output-keys': { type: 'string', multiple: true, list: true, commands: ['ls'] },
  inline: { type: 'string', commands: ['show', 'compile'] },
  limit: { type: 'string', commands: ['show'] },
  introspect: { type: 'boolean', env: 'INTROSPECT', commands: ['show', 'compile'] },
  vars: { type: 'string' },
  args: { type: 'string', commands: ['run-operation'] },
  'store-failures': { type: 'boolean', env: 'STORE_FAILURES', commands: ['build', 'test'] },
  threads: { type: 'string', commands: threaded },
  'full-refresh': { type: 'boolean', short: 'f', env: 'FULL_REFRESH', commands: refreshing },
  'fail-fast': { type: 'boolean', short: 'x', env: 'FAIL_FAST' },
  empty: { type: 'boolean', env: 'EMPTY', commands: ['build', 'run', 'snapshot', 'compile'] },
  'event-time-start': { type: 'string', env: 'EVENT_TIME_START', commands: ['build', 'run'] },
  'event-time-end': { type: 'string', env: 'EVENT_TIME_END', commands: ['build', 'run'] },
  sample: { type: 'string', env: 'SAMPLE', commands: ['build', 'run'] },
  show: { type: 'boolean', commands: ['build', 'seed'] },
  compile: { type: 'boolean', commands: ['docs-generate'] },
  'empty-catalog': { type: 'boolean', commands: ['docs-generate'] },
  static: { type: 'boolean', commands: ['docs-generate'] },
  upgrade: { type: 'boolean', commands: ['deps'] },
  lock: { type: 'boolean', commands: ['deps'] },
  'add-package': { type: 'string', commands: ['deps'] },
  source: { type: 'string', commands: ['deps'] },
  connection: { type: 'boolean', commands: ['debug'] },
  'config-dir': { type: 'boolean', commands: ['debug'] },
  'clean-project-files-only': { type: 'boolean', env: 'CLEAN_PROJECT_FILES_ONLY', commands: ['clean'] },
  'warn-error': { type: 'boolean', env: 'WARN_ERROR' },
  'warn-error-options': { type: 'string', env: 'WARN_ERROR_OPTIONS' },
  'partial-parse': { type: 'boolean', env: 'PARTIAL_PARSE' },
  'write-json': { type: 'boolean', env: 'WRITE_JSON' },
  'use-colors': { type: 'boolean', env: 'USE_COLORS' },
  'use-colors-file': { type: 'boolean', env: 'USE_COLORS_FILE' },
  print: { type: 'boolean', env: 'PRINT' },
  'printer-width': { type: 'string', env: 'PRINTER_WIDTH' },
  quiet: { type: 'boolean', short: 'q', env: 'QUIET' },
  debug: { type: 'boolean', short: 'd', env: 'DEBUG' },
  'log-format': { type: 'string', env: 'LOG_FORMAT' },
  'log-format-file': { type: 'string', env: 'LOG_FORMAT_FILE' },
  'log-level': { type: 'string', env: 'LOG_LEVEL' },
  'log-level-file': { type: 'string', env: 'LOG_LEVEL_FILE' },
  'log-path': { type: 'string', env: 'LOG_PATH' },
  'version-check': { type: 'boolean', env: 'VERSION_CHECK' },
  'cache-selected-only': { type: 'boolean' },
  'populate-cache': { type: 'boolean' },
  'log-cache-events': { type: 'boolean' },
  'static-parser': { type: 'boolean' },
  'use-experimental-parser': { type: 'boolean' },
  'send-anonymous-usage-stats': { type: 'boolean' },
  'show-all-deprecations': { type: 'boolean' },
  'upload-to-artifacts-ingest-api': { type: 'boolean' },
  'record-timing-info': { type: 'string', short: 'r' },
} as const satisfies Readonly<Record<string, DbtOption>>

export type DbtOptionName = keyof typeof dbtOptions
