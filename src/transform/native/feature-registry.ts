/** Where a construct stands in a project. */
export type FeatureKind =
  | 'file'
  | 'project key'
  | 'schema key'
  | 'config'
  | 'materialization'
  | 'block'
  | 'name'
  | 'adapter method'
  | 'module'
  | 'option'

/** A: as dbt does it. B: read and kept in the manifest, nothing is run for it. C: refused before anything runs. */
export type FeatureLevel = 'A' | 'B' | 'C'

export interface Feature {
  readonly area: string
  readonly name: string
  readonly level: FeatureLevel
  readonly note?: string
  /** What in a project asks for it. Of a C each of these is refused, wherever a project has it. */
  readonly constructs?: Readonly<Partial<Record<FeatureKind, readonly string[]>>>
}

/**
 * What dbt knows and what the native runner makes of it: the only such list. Refusals, `millrace dbt doctor` and the page
 * docs/compatibility.md are made from it.
 */
export const features: readonly Feature[] = [
  {
    area: 'Models',
    name: 'view, table, ephemeral',
    level: 'A',
    note: 'indexes, unlogged, sql_header, alias, schema, database, tags, meta, enabled, pre- and post-hooks',
  },
  {
    area: 'Models',
    name: 'incremental: append, delete+insert, merge, own strategies',
    level: 'A',
    note: 'unique_key as a list, incremental_predicates, the four on_schema_change, full_refresh',
  },
  {
    area: 'Models',
    name: 'microbatch models',
    level: 'A',
    note: 'event_time, begin, batch_size, lookback, --event-time-start and -end, retry of failed batches; one batch after another, as dbt-postgres runs them',
  },
  { area: 'Models', name: 'own materializations', level: 'A' },
  {
    area: 'Models',
    name: 'materialized views',
    level: 'A',
    note: 'created, refreshed, replaced; on_configuration_change apply, continue and fail over their indexes; step by step as dbt-core 1.11.16',
  },
  { area: 'Models', name: 'dynamic tables', level: 'C', constructs: { materialization: ['dynamic_table'] } },
  {
    area: 'Models',
    name: 'Python models',
    level: 'C',
    constructs: { file: ['.py'], name: ['submit_python_job'], 'adapter method': ['submit_python_job'] },
  },
  { area: 'Models', name: 'model versions', level: 'A', note: 'latest_version, defined_in, deprecation_date' },
  {
    area: 'Models',
    name: 'model contracts',
    level: 'A',
    note: 'every constraint that Postgres keeps, foreign keys by ref',
  },
  { area: 'Models', name: 'groups and access', level: 'A', note: 'private and restrict-access refused as by dbt' },
  { area: 'Models', name: 'grants, persist_docs, query comments', level: 'A' },
  {
    area: 'Models',
    name: 'user-defined functions',
    level: 'C',
    constructs: {
      'project key': ['functions'],
      'schema key': ['functions'],
      materialization: ['function'],
      name: ['function'],
    },
  },
  { area: 'Models', name: 'catalogs', level: 'C', constructs: { 'adapter method': ['build_catalog_relation'] } },
  { area: 'Seeds', name: 'CSV files by dbt’s types', level: 'A', note: 'column_types, delimiter, quote_columns' },
  {
    area: 'Snapshots',
    name: 'timestamp, check and own strategies, by block and YAML',
    level: 'A',
    note: 'hard_deletes, dbt_valid_to_current, own column names',
  },
  {
    area: 'Sources',
    name: 'sources',
    level: 'A',
    note: 'quoting, identifiers, tags and meta that reach their tables and tests',
  },
  { area: 'Sources', name: 'overridden sources', level: 'C', constructs: { 'schema key': ['overrides'] } },
  { area: 'Sources', name: 'external tables', level: 'C', constructs: { 'schema key': ['external'] } },
  {
    area: 'Tests',
    name: 'generic tests, built in and own; singular tests',
    level: 'A',
    note: 'severity, warn_if, error_if, where, limit, fail_calc, store_failures, store_failures_as',
  },
  {
    area: 'Tests',
    name: 'unit tests',
    level: 'A',
    note: 'dict, CSV and SQL, fixtures, overrides, this, versions',
  },
  {
    area: 'Templates',
    name: 'Jinja2 with Python’s values',
    level: 'A',
    note: 'macros, call, do, set blocks, namespaces, return, dispatch, run_query, statement, render, graph, selected_resources, context, builtins',
  },
  {
    area: 'Templates',
    name: 'modules.datetime, pytz, re and itertools',
    level: 'A',
    note: 'zones by the tz database; re without verbose groups, conditions and possessive repetition; local time is UTC',
  },
  {
    area: 'Templates',
    name: 'dbt’s cross-database macros',
    level: 'A',
    note: 'under the package name dbt, so that overrides and dispatch find them',
  },
  {
    area: 'Templates',
    name: 'metrics by name',
    level: 'A',
    note: 'metric() with the entry of the manifest and what it is made of',
  },
  {
    area: 'Templates',
    name: 'raw queries of the adapter',
    level: 'C',
    constructs: { 'adapter method': ['add_query'] },
  },
  {
    area: 'Project',
    name: 'dbt_project.yml, profiles, variables, env_var',
    level: 'A',
    note: 'configuration by dbt’s precedence; secrets never reach a template',
  },
  { area: 'Project', name: 'hooks of the project, run-operation', level: 'A' },
  {
    area: 'Project',
    name: 'packages: hub, git, tarball, local',
    level: 'A',
    note: 'version ranges, package-lock.yml, --upgrade, --lock, --add-package, dispatch search orders; private packages are refused, as by dbt-core',
  },
  { area: 'Project', name: 'docs blocks, exposures, analyses', level: 'A' },
  {
    area: 'Project',
    name: 'semantic models, metrics, saved queries',
    level: 'B',
    note: 'in the manifest and in selections, with their parents',
  },
  {
    area: 'Selection',
    name: 'all 22 methods, set operators, selectors.yml',
    level: 'A',
    note: 'state:, result: and source_status: with --state; four ways of taking tests along',
  },
  {
    area: 'Commands',
    name: 'build, run, test, seed, snapshot, compile, parse, ls, show, debug, clean, run-operation',
    level: 'A',
    note: 'with dbt’s flags, variables DBT_… and DBT_ENGINE_…, and the flags of dbt_project.yml; compile and show with --inline, --limit, --output',
  },
  {
    area: 'Commands',
    name: 'source freshness',
    level: 'A',
    note: 'loaded_at_field, loaded_at_query, filter, warn_after, error_after; hooks of the project',
  },
  {
    area: 'Commands',
    name: 'retry',
    level: 'A',
    note: 'the command, selection and flags of the earlier run; from run_results.json of either runner',
  },
  {
    area: 'Commands',
    name: 'clone, --defer, --favor-state, --defer-state',
    level: 'A',
    note: 'a clone is a view, as Postgres has it',
  },
  {
    area: 'Commands',
    name: 'docs generate: catalog.json',
    level: 'A',
    note: '--no-compile, --empty-catalog, --select; asset-paths',
  },
  {
    area: 'Commands',
    name: 'the website of the documentation',
    level: 'C',
    note: 'index.html and docs serve are dbt-core’s too',
    constructs: { option: ['--static'] },
  },
  { area: 'Commands', name: '--empty', level: 'A', note: 'references read no rows' },
  { area: 'Commands', name: 'samples of rows', level: 'C', constructs: { option: ['--sample'] } },
  {
    area: 'Commands',
    name: '--fail-fast, --warn-error, --warn-error-options, --quiet, --log-format, --log-path',
    level: 'A',
    note: 'dbt’s own events as text, JSON and in logs/dbt.log',
  },
  {
    area: 'Artifacts',
    name: 'manifest v12, run_results v6, catalog v1, sources v3, compiled and run SQL',
    level: 'A',
  },
]
